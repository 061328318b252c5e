"""Resources judged by the rules, exceptions of the configuration left out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from infra.config.stack import PolicyException
from infra.policy.rule import Properties, Rule
from infra.policy.rules import ALL


class Judged(Protocol):
    """What is asked of a resource; `infra.recorder.Resource` is one."""

    @property
    def urn(self) -> str: ...  # noqa: D102
    @property
    def type(self) -> str: ...  # noqa: D102
    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def custom(self) -> bool: ...  # noqa: D102
    @property
    def plain(self) -> Properties: ...  # noqa: D102


@dataclass(frozen=True)
class Finding:
    """A rule that a resource breaks; `excused` by the exception that allows it, if there is one."""

    rule: Rule
    urn: str
    name: str
    message: str
    excused: PolicyException | None

    def __str__(self) -> str:
        excuse = f" (allowed until {self.excused.until}: {self.excused.reason})" if self.excused else ""
        return f"{self.rule.id}: {self.name}: {self.message}. {self.rule.remedy}{excuse}"


def judge(
    resources: Iterable[Judged],
    exceptions: Sequence[PolicyException] = (),
    *,
    today: date,
    rules: Sequence[Rule] = ALL,
) -> list[Finding]:
    """Every finding, those that are excused included."""
    return [
        Finding(rule, resource.urn, resource.name, message, excuse(rule, resource.urn, exceptions, today))
        for resource in resources
        if resource.custom
        for rule in rules
        for message in rule.faults(resource.type, resource.plain)
    ]


def excuse(
    rule: Rule, urn: str, exceptions: Sequence[PolicyException], today: date
) -> PolicyException | None:
    """The exception that allows a resource to break a rule on a day, if there is one."""
    return next(
        (
            one
            for one in exceptions
            if one.rule == rule.id and urn.endswith(one.resource) and today <= one.until
        ),
        None,
    )
