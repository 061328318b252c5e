"""The product's own processes, and how they are replaced."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from infra.config.model import Model, Range


class Replicas(Model):
    """How many at least and at most; equal numbers mean no autoscaler."""

    min: int = Field(1, ge=0, le=1000)
    max: int = Field(1, ge=1, le=1000)


class Api(Model):
    """The HTTP API."""

    replicas: Replicas = Replicas()
    initial: int = Field(1, ge=1, le=1000, description="Replicas before the autoscaler's first decision.")
    cpu_target: int = Field(70, ge=10, le=95, description="CPU utilisation the autoscaler aims at, percent.")
    cpu: Range = Field((250, 500), description="CPU requested and limit, thousandths of a core.")
    memory: Range = Field((512, 1024), description="Memory requested and limit, MiB.")


class CompileCache(Model):
    """A volume that all workers share for compiled programs, so that a new one compiles nothing anew."""

    storage_class: str = Field(description="One that can `ReadWriteMany`.")
    size_gib: int = Field(10, ge=1, le=1024)


class Workers(Model):
    """The solver processes."""

    replicas: Replicas = Replicas()
    slots: int = Field(1, ge=1, le=64, description="Solver processes in one worker.")
    cpu: Range = Field((1000, 2000), description="CPU requested and limit, thousandths of a core.")
    memory: Range = Field((2048, 4096), description="Memory requested and limit, MiB.")
    compile_cache: CompileCache | None = None


class Release(Model):
    """How a new build of the API takes over; workers are always replaced one by one, and after it."""

    strategy: Literal["rolling", "blue-green", "canary"] = Field(
        "rolling",
        description="The last two need the add-on argo-rollouts, and compare the builds' answers first.",
    )
    pause_s: int = Field(
        300,
        ge=0,
        le=86_400,
        description="How long a canary stays at 10, 25 and 50 percent, before it is judged.",
    )
    prometheus: str = Field(
        "http://prometheus-operated.monitoring:9090",
        pattern=r"^https?://.+$",
        description="Where errors and speed of the new pods are asked for.",
    )
