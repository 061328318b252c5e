"""WAF before the service: AWS's rules against known attacks, and a limit on requests of one address."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

MANAGED = (
    "AWSManagedRulesAmazonIpReputationList",
    "AWSManagedRulesKnownBadInputsRuleSet",
    "AWSManagedRulesCommonRuleSet",
)
PER_ADDRESS = 2000
"""Requests of one address in five minutes; the service's own limits are far below."""

COUNTED = {"AWSManagedRulesCommonRuleSet": ("SizeRestrictions_BODY",)}
"""Rules that only count: problems are sent as bodies above 8 KiB, and the service has a limit of its own."""


def firewall(name: str, *, parent: pulumi.Resource) -> aws.wafv2.WebAcl:
    """A web ACL for CloudFront, which takes it from us-east-1 wherever the cell is."""
    rules = [_managed(priority, group) for priority, group in enumerate(MANAGED)]
    return aws.wafv2.WebAcl(
        name,
        region="us-east-1",
        scope="CLOUDFRONT",
        default_action=aws.wafv2.WebAclDefaultActionArgs(allow=aws.wafv2.WebAclDefaultActionAllowArgs()),
        rules=[*rules, _rate(len(rules))],
        visibility_config=aws.wafv2.WebAclVisibilityConfigArgs(
            cloudwatch_metrics_enabled=True, metric_name=name, sampled_requests_enabled=True
        ),
        opts=pulumi.ResourceOptions(parent=parent),
    )


def _managed(priority: int, group: str) -> aws.wafv2.WebAclRuleArgs:
    count = aws.wafv2.WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideActionToUseArgs(
        count=aws.wafv2.WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideActionToUseCountArgs()
    )
    overrides = [
        aws.wafv2.WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideArgs(
            name=rule, action_to_use=count
        )
        for rule in COUNTED.get(group, ())
    ]
    return aws.wafv2.WebAclRuleArgs(
        name=group,
        priority=priority,
        override_action=aws.wafv2.WebAclRuleOverrideActionArgs(
            # The SDK left this empty class without types.
            none=aws.wafv2.WebAclRuleOverrideActionNoneArgs()  # type: ignore[no-untyped-call]
        ),
        statement=aws.wafv2.WebAclRuleStatementArgs(
            managed_rule_group_statement=aws.wafv2.WebAclRuleStatementManagedRuleGroupStatementArgs(
                vendor_name="AWS", name=group, rule_action_overrides=overrides or None
            )
        ),
        visibility_config=_visible(group),
    )


def _rate(priority: int) -> aws.wafv2.WebAclRuleArgs:
    return aws.wafv2.WebAclRuleArgs(
        name="per-address",
        priority=priority,
        action=aws.wafv2.WebAclRuleActionArgs(block=aws.wafv2.WebAclRuleActionBlockArgs()),
        statement=aws.wafv2.WebAclRuleStatementArgs(
            rate_based_statement=aws.wafv2.WebAclRuleStatementRateBasedStatementArgs(
                limit=PER_ADDRESS, aggregate_key_type="IP", evaluation_window_sec=300
            )
        ),
        visibility_config=_visible("per-address"),
    )


def _visible(metric: str) -> aws.wafv2.WebAclRuleVisibilityConfigArgs:
    return aws.wafv2.WebAclRuleVisibilityConfigArgs(
        cloudwatch_metrics_enabled=True, metric_name=metric, sampled_requests_enabled=True
    )
