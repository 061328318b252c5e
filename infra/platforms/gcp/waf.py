"""What the load balancer turns away before it reaches the cluster."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
from pulumi_gcp import compute

from infra.place import Place

EVERYBODY = ["*"]
REQUESTS_A_MINUTE = 600
"""Of one address. The service's own limits, by client, are below it."""

RULE_SETS: Mapping[str, int] = {
    "sqli-v33-stable": 1,
    "xss-v33-stable": 1,
    "lfi-v33-stable": 1,
    "rfi-v33-stable": 1,
    "rce-v33-stable": 1,
    "protocolattack-v33-stable": 1,
    "sessionfixation-v33-stable": 1,
    "scannerdetection-v33-stable": 1,
    "cve-canary": 1,
}
"""Google's rule sets (OWASP Core Rule Set 3.3) and how eager each is: 1 has the fewest false alarms."""

BODY_RULE_SETS = ("sqli-v33-stable", "xss-v33-stable", "lfi-v33-stable", "rfi-v33-stable", "rce-v33-stable")
"""Sets that look for code in bodies. A problem is stated in expressions, which look like code: the service
reads them by its own grammar and evaluates nothing."""


def waf(place: Place, *, fronted: bool, parent: pulumi.Resource) -> compute.SecurityPolicy:
    """Attacks are denied, then each address is held to a rate; nothing passes that no rule lets through.

    Behind the front of another cloud (`fronted`), which has a firewall of its own, the address is the first that
    the front tells: its own are few, and stand for everybody.
    """
    return compute.SecurityPolicy(
        f"{place.name}-waf",
        type="CLOUD_ARMOR",
        description=f"Web application firewall of {place.name}",
        labels=dict(place.tags),
        advanced_options_config=compute.SecurityPolicyAdvancedOptionsConfigArgs(
            json_parsing="STANDARD", log_level="VERBOSE"
        ),
        adaptive_protection_config=compute.SecurityPolicyAdaptiveProtectionConfigArgs(
            layer7_ddos_defense_config=(
                compute.SecurityPolicyAdaptiveProtectionConfigLayer7DdosDefenseConfigArgs(
                    enable=True, rule_visibility="STANDARD"
                )
            )
        ),
        rules=[
            *(
                _attack(1000 + index, rules, sensitivity)
                for index, (rules, sensitivity) in enumerate(RULE_SETS.items())
            ),
            _rate(2000, "XFF_IP" if fronted else "IP"),
            _everybody(2147483647, "deny(403)", "What no rule lets through"),
        ],
        opts=pulumi.ResourceOptions(parent=parent),
    )


def _attack(priority: int, rules: str, sensitivity: int) -> compute.SecurityPolicyRuleArgs:
    exclusion = compute.SecurityPolicyRulePreconfiguredWafConfigExclusionArgs(
        target_rule_set=rules,
        request_bodies=[
            compute.SecurityPolicyRulePreconfiguredWafConfigExclusionRequestBodyArgs(operator="EQUALS_ANY")
        ],
    )
    return compute.SecurityPolicyRuleArgs(
        priority=priority,
        action="deny(403)",
        description=rules,
        match=compute.SecurityPolicyRuleMatchArgs(
            expr=compute.SecurityPolicyRuleMatchExprArgs(
                expression=f"evaluatePreconfiguredWaf('{rules}', {{'sensitivity': {sensitivity}}})"
            )
        ),
        preconfigured_waf_config=compute.SecurityPolicyRulePreconfiguredWafConfigArgs(exclusions=[exclusion])
        if rules in BODY_RULE_SETS
        else None,
    )


def _rate(priority: int, key: str) -> compute.SecurityPolicyRuleArgs:
    rule = _everybody(priority, "throttle", f"{REQUESTS_A_MINUTE} requests a minute from one address")
    rule.rate_limit_options = compute.SecurityPolicyRuleRateLimitOptionsArgs(
        enforce_on_key=key,
        conform_action="allow",
        exceed_action="deny(429)",
        rate_limit_threshold=compute.SecurityPolicyRuleRateLimitOptionsRateLimitThresholdArgs(
            count=REQUESTS_A_MINUTE, interval_sec=60
        ),
    )
    return rule


def _everybody(priority: int, action: str, description: str) -> compute.SecurityPolicyRuleArgs:
    return compute.SecurityPolicyRuleArgs(
        priority=priority,
        action=action,
        description=description,
        match=compute.SecurityPolicyRuleMatchArgs(
            versioned_expr="SRC_IPS_V1",
            config=compute.SecurityPolicyRuleMatchConfigArgs(src_ip_ranges=EVERYBODY),
        ),
    )
