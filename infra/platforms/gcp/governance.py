"""Budget, audit trail, and the schedule of a cell that sleeps at night."""

from __future__ import annotations

import pulumi

from infra.config import nodes, stack
from infra.place import Place
from infra.platforms.gcp.agents import Agents
from infra.platforms.gcp.audit import Audit
from infra.platforms.gcp.budget import Budget
from infra.platforms.gcp.cluster import Cluster
from infra.platforms.gcp.database import Database
from infra.platforms.gcp.keys import Keys
from infra.platforms.gcp.shutdown import Shutdown


class Governance(pulumi.ComponentResource):
    """`follows` says that the cell has a primary: the trail is of the project, so it is the primary's."""

    def __init__(
        self,
        name: str,
        *,
        place: Place,
        follows: bool,
        budget: stack.Budget,
        billing_account: str,
        shutdown: nodes.Shutdown | None,
        log_days: int,
        agents: Agents,
        keys: Keys,
        cluster: Cluster,
        database: Database,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("costate:gcp:Governance", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        if not follows:
            Audit(f"{name}-audit", place=place, log_days=log_days, keys=keys, opts=child)
        if billing_account:
            Budget(
                f"{name}-budget",
                place=place,
                budget=budget,
                billing_account=billing_account,
                agents=agents,
                opts=child,
            )
        else:
            pulumi.log.warn(
                f"{place.name} has no budget: set `billing_account` of the cell in costate:cells", self
            )
        if shutdown is not None:
            Shutdown(
                f"{name}-shutdown",
                place=place,
                shutdown=shutdown,
                cluster=cluster,
                database=database,
                opts=child,
            )
        self.register_outputs({})
