"""Who may do what is said by name: no wildcard, no role of everything, no long-lived key."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from estates import Estate

from infra.recorder import Recording, Resource
from promises.exposure import policies
from promises.looking import say

IDENTITY = ("aws:iam/rolePolicy:RolePolicy", "aws:iam/policy:Policy", "aws:iam/role:Role")
"""Carry policies of identities; in the policy of a key, bucket or queue the resource is itself."""

NOT_BY_RESOURCE = re.compile(
    r"^(ec2:(Describe\w*|GetSpotPlacementScores)|autoscaling:Describe\w*|eks:Describe\w*"
    r"|iam:ListInstanceProfiles|pricing:GetProducts|ssm:GetParameter|logs:Describe\w*|tag:GetResources"
    r"|cloudwatch:GetMetricData|events:ListRules|rds:Describe\w*|s3:ListAllMyBuckets"  # asked by AWS Backup
    r"|route53:List\w*|elasticloadbalancing:Describe\w*|budgets:\w+|ecr:GetAuthorizationToken)$"
)
"""Actions that AWS grants on `*` only, all of them reading."""

TOO_MUCH = (
    "AdministratorAccess", "PowerUserAccess", "IAMFullAccess",
    "roles/owner", "roles/editor", "roles/viewer",
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",  # Azure: Owner
    "b24988ac-6180-42a0-ab88-20f7382dd24c",  # Azure: Contributor
)  # fmt: skip

LONG_LIVED = (
    "aws:iam/accessKey:AccessKey", "aws:iam/user:User", "aws:iam/userLoginProfile:UserLoginProfile",
    "gcp:serviceaccount/key:Key", "gcp:storage/hmacKey:HmacKey",
)  # fmt: skip


def breaches(estate: Estate, recording: Recording) -> Iterator[str]:
    for resource in recording.managed:
        if resource.type in LONG_LIVED:
            yield say(resource, "", "is a credential without end")
        for name, value in resource.plain.items():
            if isinstance(value, str) and value.endswith(TOO_MUCH):
                yield say(resource, name, f"gives everything: {value}")
        for name, statement in policies(resource):
            yield from _statement(resource, name, statement)


def _statement(resource: Resource, name: str, statement: dict[str, Any]) -> Iterator[str]:
    if statement["Effect"] != "Allow":
        return
    actions, resources = _listed(statement.get("Action")), _listed(statement.get("Resource"))
    conditioned = bool(statement.get("Condition"))
    if statement.get("NotAction") or statement.get("NotResource"):
        yield say(resource, name, "allows all but a few")
    # The policy of an endpoint gives no rights: it limits what passes through to the resources it names.
    limits = resource.type == "aws:ec2/vpcEndpoint:VpcEndpoint" and "*" not in resources
    if _anyone(statement.get("Principal")) and not conditioned and not limits:
        yield say(resource, name, "trusts anyone")
    if resource.type not in IDENTITY:
        return
    for action in actions:
        if action == "*" or action.endswith(":*"):
            yield say(resource, name, f"allows {action}")
        if "*" in resources and not conditioned and not NOT_BY_RESOURCE.match(action):
            yield say(resource, name, f"allows {action} on everything")


def _anyone(principal: Any) -> bool:
    return principal == "*" or (isinstance(principal, dict) and "*" in _listed(principal.get("AWS")))


def _listed(given: Any) -> list[str]:
    return [] if given is None else [given] if isinstance(given, str) else list(given)
