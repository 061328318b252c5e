"""Logs of the front, in us-east-1 as it is: requests that CloudFront took and those that WAF refused."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from infra.place import Place
from infra.platforms.aws import iam
from infra.platforms.aws.keys import for_logs, owned
from infra.platforms.aws.logs import retention
from infra.platforms.aws.ordering import after

REGION = "us-east-1"


class FrontLogs(pulumi.ComponentResource):
    """Two log groups under a key of their own, because keys do not leave their region."""

    def __init__(
        self,
        name: str,
        *,
        place: Place,
        account: pulumi.Output[str],
        distribution: aws.cloudfront.Distribution,
        firewall: aws.wafv2.WebAcl,
        days: int,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("costate:aws:FrontLogs", name, None, opts)
        self._name, self._days, self._child = name, days, pulumi.ResourceOptions(parent=self)
        key = self._key(place, account)
        # WAF writes only to groups whose names begin so.
        refused = self._group("refused", f"aws-waf-logs-{place.stack}", key)
        aws.wafv2.WebAclLoggingConfiguration(
            name,
            region=REGION,
            resource_arn=firewall.arn,
            log_destination_configs=[refused.arn],
            logging_filter=_refusals(),
            opts=self._child,
        )
        self._deliver(distribution, self._group("requests", f"/costate/{place.stack}/front", key))
        self.register_outputs({})

    def _key(self, place: Place, account: pulumi.Output[str]) -> pulumi.Output[str]:
        key = aws.kms.Key(
            self._name,
            region=REGION,
            description=f"Logs of the front of {place.stack}",
            enable_key_rotation=True,
            rotation_period_in_days=365,
            deletion_window_in_days=30,
            opts=pulumi.ResourceOptions(parent=self, protect=place.protect),
        )
        policy = aws.kms.KeyPolicy(
            self._name,
            region=REGION,
            key_id=key.key_id,
            policy=iam.document(owned(account), for_logs(REGION, account)),
            opts=self._child,
        )
        return after(key.arn, [policy])

    def _group(self, use: str, path: str, key: pulumi.Output[str]) -> aws.cloudwatch.LogGroup:
        return aws.cloudwatch.LogGroup(
            f"{self._name}-{use}",
            region=REGION,
            name=path,
            retention_in_days=retention(self._days),
            kms_key_id=key,
            opts=self._child,
        )

    def _deliver(self, distribution: aws.cloudfront.Distribution, group: aws.cloudwatch.LogGroup) -> None:
        source = aws.cloudwatch.LogDeliverySource(
            self._name,
            region=REGION,
            log_type="ACCESS_LOGS",
            resource_arn=distribution.arn,
            opts=self._child,
        )
        destination = aws.cloudwatch.LogDeliveryDestination(
            self._name,
            region=REGION,
            delivery_destination_configuration=(
                aws.cloudwatch.LogDeliveryDestinationDeliveryDestinationConfigurationArgs(
                    destination_resource_arn=group.arn
                )
            ),
            opts=self._child,
        )
        aws.cloudwatch.LogDelivery(
            self._name,
            region=REGION,
            delivery_source_name=source.name,
            delivery_destination_arn=destination.arn,
            opts=self._child,
        )


def _refusals() -> aws.wafv2.WebAclLoggingConfigurationLoggingFilterArgs:
    """What was let through stands in the other log."""
    condition = aws.wafv2.WebAclLoggingConfigurationLoggingFilterFilterConditionArgs
    kept = [
        condition(
            action_condition=(
                aws.wafv2.WebAclLoggingConfigurationLoggingFilterFilterConditionActionConditionArgs(
                    action=action
                )
            )
        )
        for action in ("BLOCK", "COUNT")
    ]
    return aws.wafv2.WebAclLoggingConfigurationLoggingFilterArgs(
        default_behavior="DROP",
        filters=[
            aws.wafv2.WebAclLoggingConfigurationLoggingFilterFilterArgs(
                behavior="KEEP", requirement="MEETS_ANY", conditions=kept
            )
        ],
    )
