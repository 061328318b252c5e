"""The structure of a problem: names and resolved expressions, free of numbers, so programs can be shared.

Every number (constant, literal, fixed time, table) is an entry of one vector `k`; whole exponents alone stay
in the code. Two problems of one structure differ only in values and run the same compiled program.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property

# A resolved instruction is one of
#   ("k", i) ("p", i) ("d", i)                      entry of k, parameter, definition
#   ("t", 0) ("x", i) ("u", i)                      at a point: time, state, control
#   ("t0", phase) ("tf", phase)                     at the ends: times
#   ("x0", phase, i) ("xf", phase, i)               at the ends: states
#   ("table", i)                                    look-up of the operand in a table
#   ("powi", n) and (operation, number of operands) as in an Expression
Resolved = tuple[str | int, ...]
Code = tuple[Resolved, ...]


@dataclass(frozen=True)
class TableLayout:
    """Where a table's places and values stand in `k`: `offset`, `length` places, then as many values."""

    offset: int
    length: int


@dataclass(frozen=True)
class PhaseStructure:
    """One phase: what is evaluated at a point. A definition may use those before it."""

    name: str
    states: tuple[str, ...]
    controls: tuple[str, ...]
    definitions: tuple[Code, ...]
    dynamics: tuple[Code, ...]  # one for each state
    running_cost: Code | None
    path: tuple[Code, ...]

    @property
    def inside(self) -> list[Code]:
        """All that is evaluated at a point, definitions first."""
        cost = [] if self.running_cost is None else [self.running_cost]
        return [*self.definitions, *self.dynamics, *self.path, *cost]


@dataclass(frozen=True, eq=False)
class Structure:
    """A whole problem without its numbers; hashed and compared by `digest`."""

    maximise: bool
    parameters: tuple[str, ...]
    phases: tuple[PhaseStructure, ...]
    end_definitions: tuple[Code, ...]
    terminal_costs: tuple[Code, ...]  # their sum is the terminal cost
    boundary: tuple[Code, ...]  # boundary constraints, then links
    tables: tuple[TableLayout, ...]
    n_k: int

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the canonical form: the same in every process."""
        return hashlib.sha256(json.dumps(vars(self), default=vars, sort_keys=True).encode()).hexdigest()

    def __hash__(self) -> int:
        return int(self.digest[:15], 16)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Structure) and self.digest == other.digest
