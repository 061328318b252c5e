"""What a name means where: resolving expressions into code, definitions on demand, literals into `k`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from app.errors import Faults
from app.problems.expression import MATHEMATICAL, Expression, suggestion
from app.problems.structure import Code, Resolved


class Numbers:
    """The vector `k` while it grows: one entry per constant, literal and fixed time, tables last.

    An entry is `("constant", name)`, `("literal", value)`, or `("t0" | "tf", phase)`.
    """

    def __init__(self, constants: Collection[str]) -> None:
        self.entries: list[tuple[str, str | float | int]] = [("constant", name) for name in constants]

    def add(self, kind: str, value: str | float) -> Resolved:
        """A new entry, and the instruction that reads it."""
        self.entries.append((kind, value))
        return ("k", len(self.entries) - 1)


Symbols = dict[str, Resolved | Callable[[str], Resolved]]
"""What names mean: an instruction, or a function that makes one when it is first used at a path."""


@dataclass
class Scope:
    """The meaning of names in one place of the problem.

    `symbols` are instructions, or functions that make one when first used; `definitions` are resolved here
    when first used and appended to `compiled` (which scopes over the same point share); `hint` explains an
    absent name.
    """

    symbols: Symbols
    definitions: Mapping[str, Expression]
    order: Mapping[str, int]  # of definitions: each after those it uses
    compiled: list[Code]
    numbers: Numbers
    tables: Mapping[str, int]
    known: Collection[str]  # every name that means something somewhere in the problem
    used: set[str]  # names, definitions and tables that were looked up, for warnings
    hint: Callable[[str], str | None]
    resolved: dict[str, Resolved] = field(default_factory=dict)

    def resolve(self, expression: Expression, path: str, faults: Faults) -> Code:
        """The code of `expression`; names without meaning here are noted at `path`."""
        missing = [name for name in sorted(expression.names) if not self._has(name)]
        for name in missing if not faults.full else ():
            remedy = self.hint(name) or suggestion(name, self._available())
            what = "cannot be used here" if name in self.known else "unknown name"
            message = f"unknown name {name!r}" if what == "unknown name" else f"{name!r} {what}"
            faults.add(path, message, expression.source, remedy)
        for name in sorted(expression.tables - set(self.tables)):
            faults.add(
                path, f"unknown table {name!r}", expression.source, suggestion(name, self.tables, "tables")
            )
        if missing or expression.tables - set(self.tables):
            return ()
        for name in sorted(self._needed(expression), key=self.order.__getitem__):
            absent = [part for part in sorted(self.definitions[name].names) if not self._has(part)]
            if absent:
                if absent[0] in self.known:  # else it is noted where it is defined
                    message = f"{name!r} uses {absent[0]!r}, which cannot be used here"
                    faults.add(path, message, expression.source, self.hint(absent[0]))
                return ()
            if self.definitions[name].tables - set(self.tables):  # noted where it is defined
                return ()
            if name not in self.resolved:
                self.compiled.append(self._code(self.definitions[name], path))
                self.resolved[name] = ("d", len(self.compiled) - 1)
        return self._code(expression, path)

    def _has(self, name: str) -> bool:
        return name in self.symbols or name in self.definitions or name in MATHEMATICAL

    def _available(self) -> list[str]:
        return [*self.symbols, *self.definitions]

    def _needed(self, expression: Expression) -> set[str]:
        """The definitions that `expression` needs, directly or through others."""
        needed: set[str] = set()
        waiting = [expression]
        while waiting:
            for name in waiting.pop().names:
                if name in self.definitions and name not in self.symbols and name not in needed:
                    needed.add(name)
                    waiting.append(self.definitions[name])
        return needed

    def _code(self, expression: Expression, path: str) -> Code:
        code: list[Resolved] = []
        for operation, argument in expression.code:
            if operation == "number":
                code.append(self.numbers.add("literal", float(argument)))
            elif operation == "name":
                code.append(self._symbol(str(argument), path))
            elif operation == "table":
                self.used.add(f"table {argument}")
                code.append(("table", self.tables[str(argument)]))
            else:
                code.append((operation, int(argument)))
        return tuple(code)

    def _symbol(self, name: str, path: str) -> Resolved:
        self.used.add(name)
        found = self.symbols.get(name)
        if found is None:
            if name in self.resolved:
                return self.resolved[name]
            found = self.numbers.add("literal", MATHEMATICAL[name])
        elif callable(found):
            found = found(path)
        self.symbols[name] = found
        return found
