"""Services beside the product."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from infra.config.model import PATH_OR_NONE, Model, Name, Range, UrlPath, Variable
from infra.config.workload import Replicas


class Service(Model):
    """A further containerised service on the same platform, treated as the product's own processes are."""

    image: str = Field(min_length=1, description="Image with tag or digest; it runs as user 1000.")
    command: tuple[str, ...] = Field((), description="Instead of the image's own.")
    port: Annotated[int, Field(ge=1024, le=65535)] = Field(8080, description="Where it listens, over HTTP.")
    health: UrlPath = Field("/health", description="Path that answers 200 while it lives.")
    ready: str = Field(
        "",
        pattern=PATH_OR_NONE,
        description="Path that answers 200 when it may be asked; unless said, `health`.",
    )
    metrics: str = Field(
        "", pattern=PATH_OR_NONE, description="Path of its metrics in Prometheus' format; none unless said."
    )
    startup_s: int = Field(60, ge=1, le=3600, description="How long it may take until it first answers.")
    grace_s: int = Field(30, ge=1, le=3600, description="How long it may take to end what it has begun.")
    replicas: Replicas = Replicas()
    cpu_target: int = Field(70, ge=10, le=95, description="CPU utilisation the autoscaler aims at, percent.")
    cpu: Range = Field((100, 500), description="CPU requested and limit, thousandths of a core.")
    memory: Range = Field((128, 512), description="Memory requested and limit, MiB.")
    bindings: tuple[Literal["database", "cache", "bucket"], ...] = Field(
        (), description="Data stores of the cell that it is given, as variables."
    )
    environment: dict[Variable, str] = Field({}, description="Variables of its own; no secret belongs here.")
    scratch: tuple[UrlPath, ...] = Field(
        (), description="Folders it may write to beside /tmp; all else is read-only."
    )
    path: str = Field(
        "",
        pattern=PATH_OR_NONE,
        description="Paths of the stack's domain that begin so are its; without, it is asked from inside only.",
    )
    reaches: tuple[Name, ...] = Field((), description="Other services, or `api`, that it may ask.")
    internet: bool = Field(False, description="Whether it may ask anybody over HTTPS.")
