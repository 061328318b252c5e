"""Access policies of AWS, looked into: wildcards, and trust in everybody."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from infra.policy.rule import Properties

ANY_RESOURCE = (
    "Describe",
    "List",
    "GetAuthorizationToken",
    "GetCallerIdentity",
    "GetMetricData",
    "GetMetricStatistics",
    "PutMetricData",
    "CreateLogDelivery",
)
"""Beginnings of actions that AWS grants for no single resource (Service Authorization Reference)."""


def statements(text: Any) -> Iterator[Mapping[str, Any]]:
    """The statements of a policy document; none where it is not known yet."""
    if not isinstance(text, str):
        return
    try:
        document = json.loads(text)
    except json.JSONDecodeError:
        return
    found = document.get("Statement", []) if isinstance(document, Mapping) else []
    yield from [found] if isinstance(found, Mapping) else found


def _listed(value: Any) -> list[str]:
    return [str(value)] if isinstance(value, str) else [str(entry) for entry in value or []]


def wildcard_actions(token: str, properties: Properties) -> list[str]:
    """Statements that allow every action, or every action of a service."""
    del token
    return [
        f"statement {statement.get('Sid', number)} allows {action}"
        for number, statement in enumerate(statements(properties.get("policy")))
        if statement.get("Effect") == "Allow"
        for action in _listed(statement.get("Action"))
        if action == "*" or action.endswith(":*")
    ]


def wildcard_resources(token: str, properties: Properties) -> list[str]:
    """Statements that allow something on every resource without a condition, though one could be named."""
    del token
    found = []
    for number, statement in enumerate(statements(properties.get("policy"))):
        if statement.get("Effect") != "Allow" or statement.get("Condition"):
            continue
        wide = [
            action
            for action in _listed(statement.get("Action"))
            if not action.partition(":")[2].startswith(ANY_RESOURCE)
        ]
        if "*" in _listed(statement.get("Resource")) and wide:
            found.append(
                f"statement {statement.get('Sid', number)} allows {', '.join(wide)} on every resource"
            )
    return found


def trusts_everybody(token: str, properties: Properties) -> list[str]:
    """A role or resource that anybody may use, without a condition."""
    del token
    text = properties.get("assumeRolePolicy", properties.get("policy"))
    return [
        f"statement {statement.get('Sid', number)} trusts everybody"
        for number, statement in enumerate(statements(text))
        if statement.get("Effect") == "Allow"
        and not statement.get("Condition")
        and (statement.get("Principal") == "*" or "*" in _principals(statement.get("Principal")))
    ]


def _principals(principal: Any) -> list[str]:
    if not isinstance(principal, Mapping):
        return []
    return [entry for value in principal.values() for entry in _listed(value)]
