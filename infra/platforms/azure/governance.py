"""Budget with alerts, audit trail, flow logs, and the sleep of a development cell."""

from __future__ import annotations

from datetime import date

import pulumi
from pulumi_azure_native import consumption

from infra.config import nodes
from infra.config.stack import Budget
from infra.place import Place
from infra.platforms.azure.cluster import Cluster
from infra.platforms.azure.database import Database
from infra.platforms.azure.flow_logs import FlowLogs
from infra.platforms.azure.group import Group
from infra.platforms.azure.logs import Logs
from infra.platforms.azure.network import Network
from infra.platforms.azure.shutdown import Shutdown

ALERTS = {
    "actual50": (50, consumption.ThresholdType.ACTUAL),
    "actual80": (80, consumption.ThresholdType.ACTUAL),
    "actual100": (100, consumption.ThresholdType.ACTUAL),
    "forecast100": (100, consumption.ThresholdType.FORECASTED),
}
"""Percent of the budget, and of what."""

ACTIVITY = ("Administrative", "Security", "Policy", "Alert", "ServiceHealth")
"""Categories of the subscription's activity log: who changed which resource."""


class Governance(pulumi.ComponentResource):
    """What an owner wants to know and to limit."""

    def __init__(
        self,
        name: str,
        *,
        place: Place,
        budget: Budget,
        shutdown: nodes.Shutdown | None,
        log_days: int,
        group: Group,
        network: Network,
        logs: Logs,
        cluster: Cluster,
        database: Database,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("costate:azure:Governance", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self._budget(name, budget, group)
        # Azure keeps the log of a subscription, not of a group: two cells in one subscription both have it.
        logs.collect(
            name,
            target=pulumi.Output.concat("/subscriptions/", group.subscription),
            searched=ACTIVITY,
            archived=ACTIVITY,
            parent=self,
        )
        FlowLogs(
            f"{place.name}-flow-logs",
            place=place,
            group=group,
            network=network,
            logs=logs,
            days=log_days,
            opts=child,
        )
        if shutdown is not None:
            Shutdown(
                f"{place.name}-shutdown",
                place=place,
                shutdown=shutdown,
                group=group,
                targets={"cluster": cluster.cluster.id, "database": database.server.id},
                opts=child,
            )
        self.register_outputs({})

    def _budget(self, name: str, budget: Budget, group: Group) -> None:
        """The owners of the group are told, and whoever the configuration names."""
        consumption.Budget(
            name,
            scope=group.id,
            amount=budget.monthly_usd,
            category=consumption.CategoryType.COST,
            time_grain=consumption.TimeGrainType.MONTHLY,
            # Azure takes a first day of this month or later; afterwards it does not matter, so it stays as it was.
            time_period=consumption.BudgetTimePeriodArgs(start_date=f"{date.today():%Y-%m}-01T00:00:00Z"),
            notifications={
                alert: consumption.NotificationArgs(
                    enabled=True,
                    operator=consumption.OperatorType.GREATER_THAN,
                    threshold=percent,
                    threshold_type=kind,
                    contact_emails=list(budget.alert_emails),
                    contact_roles=["Owner"],
                )
                for alert, (percent, kind) in ALERTS.items()
            },
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=["timePeriod"]),
        )
