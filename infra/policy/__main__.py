"""The rules as a PolicyPack, after `make .tools/policy`: `pulumi up --policy-pack infra/policy`.

An engine whose language host starts no packs (the one that `infra.engine` builds) takes `infra/policy/pack`.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pulumi.runtime.rpc import UNKNOWN
from pulumi_policy import (
    EnforcementLevel,
    PolicyPack,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
)
from pulumi_policy.proxy import UnknownValueError

# The engine starts the pack in its own folder, with an environment that does not have the project.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from infra.config.stack import PolicyException
from infra.policy.judgement import excuse
from infra.policy.rule import Rule
from infra.policy.rules import ALL

LEVELS = {"mandatory": EnforcementLevel.MANDATORY, "advisory": EnforcementLevel.ADVISORY}
EXCEPTIONS = "COSTATE_POLICY_EXCEPTIONS"
"""Variable with the value of costate:policy_exceptions as JSON: a pack is not told the stack's configuration."""


def policy(rule: Rule, exceptions: list[PolicyException]) -> ResourceValidationPolicy:
    """One rule as the engine knows it."""

    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        if excuse(rule, args.urn, exceptions, datetime.now(UTC).date()) is None:
            for fault in rule.faults(args.resource_type, plain(args.props)):
                report(f"{fault}. {rule.remedy}")

    return ResourceValidationPolicy(
        name=rule.id, description=rule.promise, validate=validate, enforcement_level=LEVELS[rule.severity]
    )


def plain(value: Any) -> Any:
    """Inputs as the rules know them: the SDK wraps objects and lists, and raises where a value is not known yet."""
    if isinstance(value, Mapping):
        return {key: _at(value, key) for key in value}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_at(value, index) for index in range(len(value))]
    return value


def _at(values: Any, key: str | int) -> Any:
    try:
        return plain(values[key])
    except UnknownValueError:
        return UNKNOWN


if __name__ == "__main__":
    stated = [PolicyException.model_validate(one) for one in json.loads(os.environ.get(EXCEPTIONS, "[]"))]
    PolicyPack("costate", policies=[policy(rule, stated) for rule in ALL])
