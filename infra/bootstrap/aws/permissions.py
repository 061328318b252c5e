"""The policies that whoever runs `pulumi up` for a stack needs: the least that makes all its resources.

They name what can be named before it is there (roles, buckets, clusters, ... begin with the cell's name); where
AWS gives ids of its own choosing, the region limits instead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from infra.bootstrap.aws.actions import ACTIONS
from infra.bootstrap.aws.state import ALIAS, NAME
from infra.catalog.aws import COPIES
from infra.config.stack import StackConfig
from infra.errors import ConfigError, ConfigFault
from infra.place import Place, places

LIMIT = 6144
"""Characters of a managed policy, white space not counted."""

DOCUMENTS: Mapping[str, tuple[str, ...]] = {
    "network": ("ec2",),
    "compute": ("eks", "autoscaling", "elasticloadbalancing", "iam"),
    "data": ("rds", "elasticache", "s3", "ecr", "kms", "secretsmanager"),
    "governance": ("backup", "backup-storage", "budgets", "cloudtrail", "events", "logs", "scheduler", "sqs"),
    "edge": ("acm", "cloudfront", "route53", "wafv2"),
}
"""Services by document."""

NAMED: Mapping[str, tuple[str, ...]] = {
    "iam": ("arn:aws:iam::*:role/{cell}-*", "arn:aws:iam::*:instance-profile/{cell}-*"),
    "eks": (
        "arn:aws:eks:*:*:cluster/{cell}",
        "arn:aws:eks:*:*:nodegroup/{cell}/*",
        "arn:aws:eks:*:*:addon/{cell}/*",
        "arn:aws:eks:*:*:access-entry/{cell}/*",
        "arn:aws:eks:*:*:podidentityassociation/{cell}/*",
    ),
    "rds": (
        "arn:aws:rds:*:*:db:{cell}",
        "arn:aws:rds:*:*:snapshot:{cell}-final",
        "arn:aws:rds:*:*:pg:{cell}-*",
        "arn:aws:rds:*:*:subgrp:{cell}-*",
    ),
    "elasticache": (
        "arn:aws:elasticache:*:*:replicationgroup:{cell}",
        "arn:aws:elasticache:*:*:cluster:{cell}-*",
        "arn:aws:elasticache:*:*:snapshot:{cell}-final",
        "arn:aws:elasticache:*:*:parametergroup:{cell}-*",
        "arn:aws:elasticache:*:*:subnetgroup:{cell}-*",
        "arn:aws:elasticache:*:*:user:{cell}",
        "arn:aws:elasticache:*:*:usergroup:{cell}",
    ),
    "s3": ("arn:aws:s3:::{cell}-*",),
    "ecr": ("arn:aws:ecr:*:*:repository/costate/{stack}",),
    "secretsmanager": ("arn:aws:secretsmanager:*:*:secret:rds!db-*",),
    "budgets": ("arn:aws:budgets::*:budget/{cell}-*",),
    "cloudtrail": ("arn:aws:cloudtrail:*:*:trail/{cell}",),
    "events": ("arn:aws:events:*:*:rule/{cell}-*",),
    "scheduler": (
        "arn:aws:scheduler:*:*:schedule-group/{cell}-*",
        "arn:aws:scheduler:*:*:schedule/{cell}-*/*",
    ),
    "sqs": ("arn:aws:sqs:*:*:{cell}",),
    "logs": (
        "arn:aws:logs:*:*:log-group:/costate/{cell}/*",
        "arn:aws:logs:*:*:log-group:/aws/eks/{cell}/*",
        "arn:aws:logs:*:*:log-group:/aws/rds/instance/{cell}/*",
        "arn:aws:logs:*:*:log-group:/costate/{stack}/front",
        "arn:aws:logs:*:*:log-group:aws-waf-logs-{stack}",
        "arn:aws:logs:*:*:delivery:*",
        "arn:aws:logs:*:*:delivery-source:{cell}-*",
        "arn:aws:logs:*:*:delivery-destination:{cell}-*",
    ),
}
"""ARNs of what is named after its cell; other services have ids, and "*" with a region."""

UNNAMED = (
    "cloudtrail:DescribeTrails",
    "ecr:DescribeRegistry",
    "ecr:PutReplicationConfiguration",
    "eks:DescribeAddonVersions",
    "elasticache:DescribeCacheParameters",
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
)
"""Actions of those services that AWS takes on "*" only."""

PASSED = (
    "backup.amazonaws.com",
    "ec2.amazonaws.com",
    "eks.amazonaws.com",
    "monitoring.rds.amazonaws.com",
    "pods.eks.amazonaws.com",
    "s3.amazonaws.com",
    "scheduler.amazonaws.com",
    "vpc-flow-logs.amazonaws.com",
)
"""Services that are given a role of ours."""

LINKED = (
    "autoscaling",
    "backup",
    "delivery.logs",
    "eks",
    "eks-nodegroup",
    "elasticache",
    "elasticloadbalancing",
    "rds",
    "replication.ecr",
    "spot",
    "wafv2",
)
"""Services that make a role of their own in an account when they are first used."""

GLOBAL = "us-east-1"
"""Where CloudFront, Route 53 and IAM are asked."""


def documents(stack: StackConfig, stack_name: str) -> dict[str, dict[str, Any]]:
    """Policy documents by name, for all cells of the stack on AWS."""
    if not any(cell.platform == "aws" for cell in stack.cells):
        raise ConfigError([ConfigFault("costate:cells", "no cell is on aws", None, "platform: aws")])
    cells = [place for place in places(stack, stack_name) if place.platform == "aws"]
    actions = sorted({action for needed in ACTIONS.values() for action in needed})
    found = {
        name: _document([_statements(service, actions, cells) for service in services])
        for name, services in DOCUMENTS.items()
    }
    return {**found, "state": _document([_state()])}


def _document(statements: Sequence[Sequence[Mapping[str, Any]]]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [one for some in statements for one in some]}


def _statements(service: str, actions: Sequence[str], cells: Sequence[Place]) -> list[Mapping[str, Any]]:
    own = [action for action in actions if action.split(":")[0] == service and action != "iam:PassRole"]
    named = [action for action in own if service in NAMED and action not in UNNAMED]
    unnamed = [action for action in own if action not in named]
    found: list[Mapping[str, Any]] = []
    if named:
        arns = [
            pattern.format(cell=cell.name, stack=cell.stack) for cell in cells for pattern in NAMED[service]
        ]
        found.append({"Effect": "Allow", "Action": named, "Resource": list(dict.fromkeys(arns))})
    if unnamed:
        regions = {GLOBAL} | {region for cell in cells for region in (cell.region, COPIES[cell.region])}
        within = {"StringEquals": {"aws:RequestedRegion": sorted(regions)}}
        found.append({"Effect": "Allow", "Action": unnamed, "Resource": "*", "Condition": within})
    return [*found, *(_roles(cells) if service == "iam" else [])]


def _roles(cells: Sequence[Place]) -> list[Mapping[str, Any]]:
    """To hand roles over to the services they are for, and to let services make their own."""
    return [
        {
            "Effect": "Allow",
            "Action": ["iam:PassRole"],
            "Resource": [f"arn:aws:iam::*:role/{cell.name}-*" for cell in cells],
            "Condition": {"StringEquals": {"iam:PassedToService": list(PASSED)}},
        },
        {
            "Effect": "Allow",
            "Action": ["iam:CreateServiceLinkedRole"],
            "Resource": "arn:aws:iam::*:role/aws-service-role/*",
            "Condition": {
                "StringEquals": {"iam:AWSServiceName": [f"{name}.amazonaws.com" for name in LINKED]}
            },
        },
        # Whoever deploys is administrator of Kubernetes too: the workload is deployed in this role.
        {
            "Effect": "Allow",
            "Action": ["sts:AssumeRole"],
            "Resource": [f"arn:aws:iam::*:role/{cell.name}-cluster-admin-*" for cell in cells],
        },
    ]


def _state() -> list[Mapping[str, Any]]:
    """To read and write the state (`state.py`)."""
    bucket = f"arn:aws:s3:::{NAME}-*"
    return [
        {"Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": bucket},
        {
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
            "Resource": f"{bucket}/*",
        },
        {
            "Effect": "Allow",
            "Action": ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:DescribeKey"],
            "Resource": "arn:aws:kms:*:*:key/*",
            "Condition": {"ForAnyValue:StringEquals": {"kms:ResourceAliases": [ALIAS]}},
        },
        {"Effect": "Allow", "Action": ["sts:GetCallerIdentity"], "Resource": "*"},
    ]
