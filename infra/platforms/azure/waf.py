"""WAF before the service: Microsoft's rules against known attacks, and a limit on requests of one address."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
from pulumi_azure_native import frontdoor

from infra import naming
from infra.place import Place
from infra.platforms.azure.group import Group

PER_ADDRESS = 2000
"""Requests of one address in five minutes; the service's own limits are far below."""

MANAGED: Mapping[str, str] = {
    "Microsoft_DefaultRuleSet": "2.1",
    "Microsoft_BotManagerRuleSet": "1.1",
}
"""Rule sets and their versions."""

PROBLEM = "problem_config"
"""Part of a request whose expressions (`exp(-x) * (1 - u)`) look like an attack; the service reads them with a
parser of its own that knows nothing but mathematics."""


def waf(name: str, *, place: Place, group: Group, managed: bool, parent: pulumi.Resource) -> frontdoor.Policy:
    """A policy that blocks; `managed` rules are for Front Door Premium only."""
    kinds = frontdoor.SkuName
    return frontdoor.Policy(
        naming.named("azure:waf-policy", name, suffix=naming.AUTO_SUFFIX),
        resource_group_name=group.name,
        location="Global",
        sku=frontdoor.SkuArgs(
            name=kinds.PREMIUM_AZURE_FRONT_DOOR if managed else kinds.STANDARD_AZURE_FRONT_DOOR
        ),
        policy_settings=frontdoor.PolicySettingsArgs(
            enabled_state=frontdoor.PolicyEnabledState.ENABLED,
            mode=frontdoor.PolicyMode.PREVENTION,
            request_body_check=frontdoor.PolicyRequestBodyCheck.ENABLED,
        ),
        custom_rules=frontdoor.CustomRuleListArgs(rules=[_rate()]),
        managed_rules=(
            frontdoor.ManagedRuleSetListArgs(
                managed_rule_sets=[_managed(kind, version) for kind, version in MANAGED.items()]
            )
            if managed
            else None
        ),
        tags=place.tags,
        opts=pulumi.ResourceOptions(parent=parent),
    )


def _rate() -> frontdoor.CustomRuleArgs:
    return frontdoor.CustomRuleArgs(
        name="PerAddress",
        priority=100,
        enabled_state=frontdoor.CustomRuleEnabledState.ENABLED,
        rule_type=frontdoor.RuleType.RATE_LIMIT_RULE,
        rate_limit_duration_in_minutes=5,
        rate_limit_threshold=PER_ADDRESS,
        match_conditions=[
            frontdoor.MatchConditionArgs(
                match_variable=frontdoor.MatchVariable.SOCKET_ADDR,
                operator=frontdoor.Operator.IP_MATCH,
                match_value=["0.0.0.0/0", "::/0"],
            )
        ],
        action=frontdoor.ActionType.BLOCK,
    )


def _managed(kind: str, version: str) -> frontdoor.ManagedRuleSetArgs:
    bots = "Bot" in kind
    exclusion = frontdoor.ManagedRuleExclusionArgs(
        match_variable=frontdoor.ManagedRuleExclusionMatchVariable.REQUEST_BODY_JSON_ARG_NAMES,
        selector_match_operator=frontdoor.ManagedRuleExclusionSelectorMatchOperator.STARTS_WITH,
        selector=PROBLEM,
    )
    return frontdoor.ManagedRuleSetArgs(
        rule_set_type=kind,
        rule_set_version=version,
        # Each rule of the other set says itself what becomes of a bot.
        rule_set_action=None if bots else frontdoor.ManagedRuleSetActionType.BLOCK,
        exclusions=None if bots else [exclusion],
    )
