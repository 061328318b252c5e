"""Reading JSON values into typed ones, noting every fault with its field instead of stopping at the first."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from app.errors import Faults
from app.problems.expression import (
    FUNCTIONS,
    MAX_NAME_LENGTH,
    Expression,
    ExpressionError,
    constant,
    suggestion,
)
from app.problems.parser import parse_expression

MAX_TEXT = 50_000  # characters of all expressions of a problem together
UNBOUNDED = 1e19  # bounds from here on mean "none", as is the custom of NLP solvers
RESERVED = {"t", "t0", "tf", "pi", "table", *FUNCTIONS}

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Reader:
    """One JSON object at `path`; every method returns a usable value and notes what was wrong."""

    def __init__(self, data: Any, path: str, faults: Faults, budget: list[int] | None = None) -> None:
        self.path = path
        self.faults = faults
        self._budget = [MAX_TEXT] if budget is None else budget  # shared by all readers of one problem
        if not isinstance(data, Mapping):
            faults.add(path, "must be an object", data, "{name: value, ...}")
            data = {}
        self.data: dict[str, Any] = {}
        for key, value in data.items():
            if isinstance(key, str):
                self.data[key] = value
            else:
                faults.add(path, "keys must be text", key)

    def at(self, key: object) -> str:
        """The dotted path of `key`."""
        return f"{self.path}.{key}" if self.path else str(key)

    def inner(self, key: str) -> Reader:
        """A reader of the object under `key`; of an empty one when it is absent or null."""
        data = self.data.get(key)
        return Reader({} if data is None else data, self.at(key), self.faults, self._budget)

    def of(self, data: Any, path: str) -> Reader:
        """A reader of another object of the same problem."""
        return Reader(data, path, self.faults, self._budget)

    def only(self, allowed: Collection[str], ignored: Collection[str] = ()) -> None:
        """Note every key that is neither allowed nor an annotation to ignore."""
        for key in self.data:
            if key not in allowed and key not in ignored and not self.faults.full:
                self.faults.add(
                    self.at(key[:MAX_NAME_LENGTH]), "unknown key", key, suggestion(key, list(allowed), "keys")
                )

    def items(self, key: str, most: int) -> list[tuple[Any, str]]:
        """The list under `key` as `(value, path)` pairs; empty when absent."""
        values = self.data.get(key)
        if values is None:
            return []
        if not isinstance(values, Sequence) or isinstance(values, str):
            self.faults.add(self.at(key), "must be a list", values, "[...]")
            return []
        if len(values) > most:
            self.faults.add(self.at(key), f"has {len(values):,} entries", None, f"at most {most:,}")
            return []
        return [(value, f"{self.at(key)}.{index}") for index, value in enumerate(values)]

    def names(self, key: str, most: int) -> tuple[str, ...]:
        """A list of distinct names."""
        found: list[str] = []
        for value, path in self.items(key, most):
            if not isinstance(value, str):
                self.faults.add(path, "must be a name", value, "text such as 'x1'")
            elif value in found:
                self.faults.add(path, f"{value!r} is given twice", value, "distinct names")
            elif self.check_name(value, path):
                found.append(value)
        return tuple(found)

    def check_name(self, name: str, path: str) -> bool:
        """Whether `name` may be given to something; notes the fault when not."""
        if len(name) > MAX_NAME_LENGTH or not _NAME.fullmatch(name):
            rule = f"a letter, then letters, digits and _ (at most {MAX_NAME_LENGTH})"
            self.faults.add(path, "is not a name", name, rule)
        elif name in RESERVED:
            what = "a function" if name in FUNCTIONS else "reserved"
            self.faults.add(path, f"{name!r} is {what}", name, "another name")
        else:
            return True
        return False

    def expression(self, value: Any, path: str) -> Expression | None:
        """An expression from text or a number; None (and a fault) when it is neither or cannot be parsed."""
        if isinstance(value, bool) or not isinstance(value, (int, float, str)):
            self.faults.add(path, "must be an expression", value, "text such as '2*x', or a number")
            return None
        try:
            if not isinstance(value, str):
                return constant(value)
            self._budget[0] -= len(value)
            if self._budget[0] < 0 and len(value) <= MAX_TEXT:
                raise ExpressionError(
                    "all expressions together are too long", 0, f"at most {MAX_TEXT:,} characters"
                )
            return parse_expression(value)
        except ExpressionError as error:
            place = f" at character {error.position + 1}" if isinstance(value, str) else ""
            given = _excerpt(value, error.position) if isinstance(value, str) else value
            self.faults.add(path, f"{error.message}{place}", given, error.remedy)
            return None

    def optional(self, key: str) -> Expression | None:
        """The expression under `key`, None when absent or null (zero when it is faulty)."""
        value = self.data.get(key)
        return None if value is None else self.expression(value, self.at(key)) or constant(0.0)

    def bound(self, value: Any, path: str) -> Expression | None:
        """One bound: None for null and for numbers that mean "unbounded"."""
        if value is None:
            return None
        if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) >= UNBOUNDED:
            if value in (float("inf"), float("-inf")):
                self.faults.add(path, "the number is not finite", value, "null where a bound is absent")
            return None
        return self.expression(value, path)

    def pair(self, value: Any, path: str) -> tuple[Expression | None, Expression | None] | None:
        """`[lower, upper]` or `{lower, upper}`; None and a fault when it is neither."""
        if isinstance(value, Mapping):
            inner = self.of(value, path)
            inner.only(("lower", "upper"))
            return (
                self.bound(inner.data.get("lower"), inner.at("lower")),
                self.bound(inner.data.get("upper"), inner.at("upper")),
            )
        if isinstance(value, Sequence) and not isinstance(value, str) and len(value) == 2:
            return self.bound(value[0], f"{path}.0"), self.bound(value[1], f"{path}.1")
        self.faults.add(path, "must be a pair of bounds", value, "[lower, upper], null where there is none")
        return None


def _excerpt(text: str, position: int) -> str:
    """The text around the fault, short enough to be shown."""
    start, end = max(0, position - 40), position + 40
    return ("..." if start else "") + text[start:end] + ("..." if end < len(text) else "")
