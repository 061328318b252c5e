"""What the cell may cost before somebody is told."""

from __future__ import annotations

import pulumi
from pulumi_gcp import billing, monitoring

from infra.config import stack
from infra.place import Place
from infra.platforms.gcp.agents import Agents

SPENT = (0.5, 0.8, 1.0)
FORECAST = 1.0


class Budget(pulumi.ComponentResource):
    """A monthly budget of what carries the cell's label, so that cells of one project are told apart."""

    def __init__(
        self,
        name: str,
        *,
        place: Place,
        budget: stack.Budget,
        billing_account: str,
        agents: Agents,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("costate:gcp:Budget", name, None, opts)
        channels = [
            monitoring.NotificationChannel(
                f"{place.name}-budget-{index}",
                type="email",
                display_name=f"Budget of {place.name}",
                labels={"email_address": address},
                user_labels=dict(place.tags),
                opts=pulumi.ResourceOptions(parent=self),
            )
            for index, address in enumerate(budget.alert_emails)
        ]
        billing.Budget(
            f"{place.name}-budget",
            billing_account=billing_account,
            display_name=f"Costate {place.name}",
            amount=billing.BudgetAmountArgs(
                specified_amount=billing.BudgetAmountSpecifiedAmountArgs(
                    currency_code="USD", units=str(budget.monthly_usd)
                )
            ),
            budget_filter=billing.BudgetBudgetFilterArgs(
                projects=[pulumi.Output.concat("projects/", agents.number)],
                labels={"cell": place.name},
                calendar_period="MONTH",
                credit_types_treatment="INCLUDE_ALL_CREDITS",
            ),
            threshold_rules=[
                *(
                    billing.BudgetThresholdRuleArgs(threshold_percent=part, spend_basis="CURRENT_SPEND")
                    for part in SPENT
                ),
                billing.BudgetThresholdRuleArgs(threshold_percent=FORECAST, spend_basis="FORECASTED_SPEND"),
            ],
            all_updates_rule=billing.BudgetAllUpdatesRuleArgs(
                monitoring_notification_channels=[channel.id for channel in channels],
                # Who administers the billing account is told in any case.
                disable_default_iam_recipients=False,
            )
            if channels
            else None,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})
