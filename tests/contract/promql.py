"""Which metrics and labels a query asks for: enough of PromQL's grammar to tell them from everything else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

TOKEN = re.compile(
    r"""
    (?P<string>"(?:\\.|[^"\\])*")
  | (?P<range>\[[^\]]*\])
  | (?P<number>\d[\w.]*)
  | (?P<name>[A-Za-z_:][A-Za-z0-9_:]*)
  | (?P<mark>=~|!~|!=|==|<=|>=|[-+*/%^(){},=<>@])
  | (?P<space>\s+)
    """,
    re.VERBOSE,
)
GROUPING = {"by", "without", "on", "ignoring", "group_left", "group_right"}
WORDS = GROUPING | {"and", "or", "unless", "bool", "offset"}


@dataclass(frozen=True)
class Use:
    """A metric, and the labels that its matchers name."""

    metric: str
    labels: frozenset[str]


def tokens(query: str) -> list[tuple[str, str]]:
    found, at = [], 0
    while at < len(query):
        match = TOKEN.match(query, at)
        assert match, f"not PromQL at {query[at:]!r}"
        at = match.end()
        if match.lastgroup != "space":
            found.append((str(match.lastgroup), match[0]))
    return found


def uses(query: str) -> Iterator[Use]:
    """Every selector of a query."""
    parts = tokens(query)
    at = 0
    while at < len(parts):
        kind, text = parts[at]
        following = parts[at + 1][1] if at + 1 < len(parts) else ""
        at += 1
        if kind != "name" or text in WORDS - GROUPING:
            continue
        if text in GROUPING:
            at = _after(parts, at, ")") if following == "(" else at
        elif following == "{":
            end = _after(parts, at, "}")
            names = {parts[i][1] for i in range(at, end) if parts[i][0] == "name"}
            yield Use(text, frozenset(names))
            at = end
        elif following != "(" and not _is_aggregation(parts, at):
            yield Use(text, frozenset())


def grouped(query: str) -> set[str]:
    """Labels that it groups or matches by."""
    parts = tokens(query)
    found: set[str] = set()
    for at, (kind, text) in enumerate(parts):
        if kind == "name" and text in GROUPING and at + 1 < len(parts) and parts[at + 1][1] == "(":
            found |= {parts[i][1] for i in range(at + 1, _after(parts, at + 1, ")")) if parts[i][0] == "name"}
    return found


def _is_aggregation(parts: list[tuple[str, str]], at: int) -> bool:
    """`sum by (x) (...)`: the function's name stands before its grouping."""
    return at + 1 < len(parts) and parts[at][1] in ("by", "without") and parts[at + 1][1] == "("


def _after(parts: list[tuple[str, str]], at: int, closing: str) -> int:
    return next(i for i in range(at, len(parts)) if parts[i][1] == closing) + 1
