"""Budget with alerts, audit trail, and the sleep of a development cell."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from infra.config import nodes
from infra.config.stack import Budget
from infra.place import Place
from infra.platforms.aws.audit import Audit
from infra.platforms.aws.database import Database
from infra.platforms.aws.keys import Keys
from infra.platforms.aws.node_pools import NodePools
from infra.platforms.aws.shutdown import Shutdown

ALERTS = ((50, "ACTUAL"), (80, "ACTUAL"), (100, "ACTUAL"), (100, "FORECASTED"))
"""Percent of the budget, and of what."""


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
        keys: Keys,
        results: pulumi.Output[str],
        pools: NodePools,
        database: Database,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("costate:aws:Governance", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        emails = list(budget.alert_emails)
        aws.budgets.Budget(
            name,
            budget_type="COST",
            time_unit="MONTHLY",
            limit_amount=str(budget.monthly_usd),
            limit_unit="USD",
            # By the tag `cell`, which the account has to have activated for costs (docs/aws.md).
            cost_filters=[
                aws.budgets.BudgetCostFilterArgs(name="TagKeyValue", values=[f"user:cell${place.name}"])
            ],
            # Without anybody to tell the budget is still there to be looked at.
            notifications=[
                aws.budgets.BudgetNotificationArgs(
                    comparison_operator="GREATER_THAN",
                    threshold=percent,
                    threshold_type="PERCENTAGE",
                    notification_type=kind,
                    subscriber_email_addresses=emails,
                )
                for percent, kind in ALERTS
                if emails
            ],
            opts=child,
        )
        Audit(f"{name}-audit", place=place, keys=keys, results=results, days=log_days, opts=child)
        if shutdown is not None:
            Shutdown(
                f"{place.name}-sleep",
                place=place,
                shutdown=shutdown,
                pools=pools,
                database=database,
                keys=keys,
                opts=child,
            )
        self.register_outputs({})
