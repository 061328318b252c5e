"""The policies for whoever deploys to AWS: complete, correctly spelt, and no more than is needed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from functools import cache
from typing import Any

import boto3
import pytest

from infra.bootstrap.aws.actions import ACTIONS
from infra.bootstrap.aws.permissions import DOCUMENTS, LIMIT, documents
from infra.config.reading import load
from infra.errors import ConfigError
from infra.recorder import record

TODAY = date(2026, 12, 1)
PAIR = [
    {"platform": "aws", "region": "us-east-1"},
    {"platform": "aws", "region": "us-west-2", "role": "standby"},
]
# Of the managed platform alone: objects in the cluster need no right in AWS.
PRODUCTION = {
    "layer": "platform",
    "environment": "production",
    "domain": "api.example.org",
    "cells": PAIR,
    "gpu": {"accelerator": "l4", "fallbacks": ["t4"], "max": 10, "spot": True},
}
DEVELOPMENT = {
    "layer": "platform",
    "environment": "development",
    "cells": PAIR[:1],
    "shutdown": {"stop": "19:00", "start": "07:00"},
}
KARPENTER = {
    "layer": "platform",
    "environment": "development",
    "cells": PAIR[:1],
    "cluster": {"node_autoscaler": "karpenter"},
}
STACKS = {"production": PRODUCTION, "development": DEVELOPMENT, "karpenter": KARPENTER}

OTHERWISE = {"elasticloadbalancing": "elbv2", "backup-storage": None, "budgets": None, "s3": None}
"""Services whose client has another name, or whose actions are not called as the operations are."""

NOT_OPERATIONS = {
    "iam:PassRole",
    "cloudfront:AllowVendedLogDeliveryForResource",
    "logs:CreateLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:GetLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries",
}
"""Rights that no operation of boto3 is called by."""


def values(given: dict[str, Any]) -> dict[str, Any]:
    return {f"costate:{key}": value for key, value in given.items()}


@cache
def declared(stack: str) -> frozenset[str]:
    """Types of all resources of a stack; kept, because a recording takes seconds."""
    return frozenset(resource.type for resource in record(values(STACKS[stack]), "prod", today=TODAY).managed)


def statements(given: dict[str, Any] = PRODUCTION) -> Iterator[dict[str, Any]]:
    for document in documents(load(values(given)), "prod").values():
        yield from document["Statement"]


@pytest.mark.parametrize("stack", STACKS)
def test_every_type_that_a_stack_declares_has_its_actions(stack: str) -> None:
    assert not declared(stack) - ACTIONS.keys()


def test_no_type_is_listed_that_no_stack_declares() -> None:
    assert not ACTIONS.keys() - {token for stack in STACKS for token in declared(stack)}


def test_every_action_is_granted() -> None:
    granted = {action for statement in statements() for action in statement["Action"]}
    assert {action for needed in ACTIONS.values() for action in needed} <= granted


def test_actions_are_spelt_as_the_operations_are() -> None:
    session = boto3.Session(region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    operations: dict[str, set[str]] = {}
    unknown = []
    for action in sorted({action for needed in ACTIONS.values() for action in needed} - NOT_OPERATIONS):
        service, name = action.split(":")
        client = OTHERWISE.get(service, service)
        if client is None:
            continue
        if client not in operations:
            operations[client] = set(session.client(client).meta.service_model.operation_names)
        if name not in operations[client]:
            unknown.append(action)
    assert not unknown


def test_no_action_is_a_wildcard_and_everything_unnamed_is_limited() -> None:
    for statement in statements():
        assert not [action for action in statement["Action"] if "*" in action]
        if statement["Resource"] == "*" and statement["Action"] != ["sts:GetCallerIdentity"]:
            assert statement["Condition"]["StringEquals"]["aws:RequestedRegion"]


def test_roles_are_handed_to_named_services_only() -> None:
    (statement,) = [s for s in statements() if "iam:PassRole" in s["Action"]]
    assert statement["Action"] == ["iam:PassRole"]
    assert statement["Condition"]["StringEquals"]["iam:PassedToService"]
    assert all(arn.endswith("-*") and "role/prod-aws-" in arn for arn in statement["Resource"])


def test_rights_end_at_the_cells_of_the_stack() -> None:
    regions = {
        region
        for statement in statements(DEVELOPMENT)
        for region in statement.get("Condition", {}).get("StringEquals", {}).get("aws:RequestedRegion", [])
    }
    assert regions == {"us-east-1", "us-west-2"}  # the second has the copies of backups
    assert not [s for s in statements(DEVELOPMENT) if "prod-aws-us-west-2" in json.dumps(s)]


def test_each_document_fits_into_one_managed_policy() -> None:
    made = documents(load(values(PRODUCTION)), "prod")
    assert made.keys() == DOCUMENTS.keys() | {"state"}
    for name, document in made.items():
        assert len(json.dumps(document, separators=(",", ":"))) <= LIMIT, name


def test_a_stack_without_a_cell_on_aws_is_told() -> None:
    gcp = {"platform": "gcp", "region": "us-central1", "project": "a-project"}
    with pytest.raises(ConfigError, match="costate:cells"):
        documents(load(values({"environment": "staging", "cells": [gcp]})), "staging")
