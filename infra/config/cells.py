"""Where the stack stands."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from infra.config.model import Model, Port

Role = Literal["primary", "standby"]
PlatformName = Literal["local", "aws", "gcp", "azure", "existing"]


class Cell(Model):
    """One platform in one region, with the workload on it."""

    platform: PlatformName = Field(description="Where the cell runs.")
    region: str = Field(
        "", description="The platform's own region name; none for `local`, a name of yours for `existing`."
    )
    role: Role = Field("primary", description="A standby follows its primary.")
    account: str = Field("", pattern=r"^(\d{12})?$", description="AWS account that must be the one used.")
    project: str = Field("", description="GCP project.")
    billing_account: str = Field(
        "",
        pattern=r"^([0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6})?$",
        description="GCP billing account of the project, which the budget is kept in; without it there is none.",
    )
    subscription: str = Field("", description="Azure subscription.")
    cidr: str = Field("", description="Address range of the cell's network; planned where not given.")
    context: str = Field("", description="`existing`: the context of the kubeconfig, always said.")
    kubeconfig: str = Field(
        "",
        pattern=r"^([~/].*)?$",
        description="`existing`: path of the kubeconfig, absolute or from `~`; as kubectl finds it unless said.",
    )
    address: str = Field(
        "", pattern=r"^[A-Za-z0-9.:-]*$", description="`existing`: name or address that reaches the nodes."
    )
    node_port: int | None = Field(
        None,
        ge=30000,
        le=32767,
        description="`existing`: port of every node that leads in; without it a load balancer, or none.",
    )


class Local(Model):
    """The stack on this machine: ports of its processes, on loopback."""

    api_port: Port = 8000
    worker_port: Port = 8001
    # Below 32768, from where on outgoing connections get theirs: one of those would hold it for a while.
    postgres_port: Port = 15432
    redis_port: Port = 16379
