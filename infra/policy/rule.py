"""What a rule is, and how inputs are looked into."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pulumi.runtime.rpc import UNKNOWN

Properties = Mapping[str, Any]
Check = Callable[[str, Properties], list[str]]
"""Type and inputs of one resource to what is wrong with it; nothing is wrong where the list is empty."""


@dataclass(frozen=True)
class Rule:
    """One rule; `check` is asked for resources of `types` only (the part of the token before the last colon)."""

    id: str
    severity: Literal["mandatory", "advisory"]
    promise: str
    remedy: str
    types: tuple[str, ...]
    check: Check

    def concerns(self, token: str) -> bool:
        """Whether a resource of this type may break the rule."""
        return kind(token) in self.types or "*" in self.types

    def faults(self, token: str, properties: Properties) -> list[str]:
        """What is wrong with a resource; nothing where the rule is not about it."""
        return self.check(token, properties) if self.concerns(token) else []


def kind(token: str) -> str:
    """A type without version and repetition: `aws:rds/instance:Instance` to `aws:rds:Instance`."""
    package, module, name = token.split(":")
    return f"{package}:{module.split('/')[0]}:{name}"


def at(properties: Any, path: str) -> Any:
    """The value at a dotted path, None where there is none; of lists the first entry."""
    for part in path.split("."):
        if isinstance(properties, list):
            properties = properties[0] if properties else None
        properties = properties.get(part) if isinstance(properties, Mapping) else None
    return properties


def each(properties: Any, path: str) -> Iterator[Any]:
    """All values at a dotted path, through every entry of lists on the way."""
    head, _, rest = path.partition(".")
    if isinstance(properties, list):
        for entry in properties:
            yield from each(entry, path)
        return
    found = properties.get(head) if isinstance(properties, Mapping) else None
    if found is None:
        return
    if rest:
        yield from each(found, rest)
    elif isinstance(found, list):
        yield from found
    else:
        yield found


def entries(properties: Properties, path: str) -> list[Properties]:
    """The objects in the list at a path; none of what is not known yet."""
    return [one for one in each(properties, path) if isinstance(one, Mapping)]


def must(path: str, *allowed: Any) -> Check:
    """The value at a path is one of those allowed; unknown before the first `up` counts as kept."""

    def check(token: str, properties: Properties) -> list[str]:
        del token
        found = at(properties, path)
        if found in allowed or unknown(found):
            return []
        return [f"{path} is {found!r}, not {' or '.join(map(repr, allowed))}"]

    return check


def given(*paths: str) -> Check:
    """There is a value at each path."""

    def check(token: str, properties: Properties) -> list[str]:
        del token
        return [f"{path} is not set" for path in paths if at(properties, path) in (None, "", [])]

    return check


def absent(*paths: str) -> Check:
    """There is no value at any path."""

    def check(token: str, properties: Properties) -> list[str]:
        del token
        return [f"{path} is set" for path in paths if at(properties, path) not in (None, "", [], False)]

    return check


def at_least(path: str, least: float) -> Check:
    """The number at a path is large enough."""

    def check(token: str, properties: Properties) -> list[str]:
        del token
        found = at(properties, path)
        enough = unknown(found) or (isinstance(found, int | float) and found >= least)
        return [] if enough else [f"{path} is {found!r}, not at least {least:g}"]

    return check


def both(*checks: Check) -> Check:
    """All checks hold."""

    def check(token: str, properties: Properties) -> list[str]:
        return [fault for one in checks for fault in one(token, properties)]

    return check


def unless(path: str, otherwise: Check) -> Check:
    """The check holds where nothing is set at the path: a replica takes after its source, for one."""

    def check(token: str, properties: Properties) -> list[str]:
        return [] if at(properties, path) not in (None, "", []) else otherwise(token, properties)

    return check


def unknown(value: Any) -> bool:
    """Whether a value is known only after the resource has been made."""
    return bool(value == UNKNOWN)
