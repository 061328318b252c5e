"""The whole configuration of a stack."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import Field

from infra.config.cells import Cell, Local
from infra.config.environments import Environment
from infra.config.existing import Existing
from infra.config.model import Email, Model, Name
from infra.config.monitoring import Logs, Monitoring, Traces
from infra.config.nodes import Cluster, Gpu, Nodes, Shutdown
from infra.config.service import Service
from infra.config.stores import Cache, Database
from infra.config.workload import Api, Release, Workers
from infra.versions import AddonName


class Budget(Model):
    """What a cell may cost before somebody is told."""

    monthly_usd: int = Field(1000, ge=1, le=10_000_000)
    alert_emails: tuple[Email, ...] = Field(
        (), description="Who is told at 50, 80 and 100 percent, and of a forecast above."
    )


class PolicyException(Model):
    """A rule of `infra/policy` that a resource may break, for a reason and for a time."""

    rule: str = Field(description="Id of the rule.")
    resource: str = Field(description="Name or URN suffix of the resource.")
    reason: str = Field(min_length=10)
    until: date = Field(description="Last day; from the next on the rule holds again.")


AddonState = Literal["install", "present", "absent"]


class StackConfig(Model):
    """Everything that can be configured, by key below `costate:`."""

    environment: Environment = Field(description="Chooses the defaults of all that follows.")
    cells: tuple[Cell, ...] = Field((Cell(platform="local"),), min_length=1)
    domain: str = Field("", description="Public name of the service; none on `local`.")
    layer: Literal["all", "platform", "workload"] = Field("all", description="Half of a stack split in two.")
    platform_stack: str = Field(
        "",
        description="Stack of layer `platform` below one of layer `workload` (`organisation/costate/name`).",
    )
    owner: str = Field(
        "costate",
        pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$",
        description="Team that answers for the stack.",
    )
    protect: bool | None = Field(
        None, description="Whether data stores, keys and clusters refuse deletion; in production unless said."
    )
    image: str = Field(
        "", description="Image with tag or digest; unless said, this version's in the cell's registry."
    )
    image_pull: Literal["IfNotPresent", "Always", "Never"] = Field(
        "IfNotPresent", description="`Never` takes only images that were loaded into the nodes."
    )
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_days: int = Field(30, ge=7, le=400, description="Days that logs of the cloud are kept.")
    api: Api = Api()
    workers: Workers = Workers()
    release: Release = Release()
    gpu: Gpu | None = None
    nodes: Nodes = Nodes()
    cluster: Cluster = Cluster()
    database: Database = Database()
    cache: Cache = Cache()
    services: dict[Name, Service] = Field({}, description="Further services, by name.")
    budget: Budget = Budget()
    shutdown: Shutdown | None = None
    addons: dict[AddonName | Literal["default"], AddonState] = Field(
        {},
        description="By name what is done about an add-on: made by the stack, there already, or done without; "
        "`default` is for those not named.",
    )
    monitoring: Monitoring = Monitoring()
    addon_values: dict[AddonName, dict[str, Any]] = Field(
        {}, description="Values of charts, laid over ours, by add-on."
    )
    logs: Logs = Logs()
    traces: Traces = Traces()
    policy_exceptions: tuple[PolicyException, ...] = Field((), description="Each with a reason and an end.")
    local: Local = Local()
    existing: Existing = Existing()

    @property
    def production(self) -> bool:
        """Whether people depend on the stack."""
        return self.environment.startswith("production")

    @property
    def protected(self) -> bool:
        """Whether data stores, keys and clusters refuse deletion."""
        return self.production if self.protect is None else self.protect
