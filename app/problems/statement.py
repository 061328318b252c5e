"""An ocp/1 problem as it was stated: typed, names not yet resolved, numbers not yet evaluated."""

from __future__ import annotations

from dataclasses import dataclass

from app.problems.evaluation import Array
from app.problems.expression import Expression, constant

MAX_STATES = 64
MAX_CONTROLS = 32

Bounds = tuple[Expression | None, Expression | None]
ZERO = constant(0.0)


@dataclass(frozen=True)
class Moment:
    """An initial or final time: fixed when `lower is upper`, else free within bounds."""

    lower: Expression | None
    upper: Expression | None
    guess: Expression | None = None

    @property
    def fixed(self) -> bool:
        """Whether the time is given."""
        return self.lower is not None and self.lower is self.upper


@dataclass(frozen=True)
class Constraint:
    """`lower <= expression <= upper`."""

    expression: Expression
    bounds: Bounds
    path: str


@dataclass(frozen=True)
class Parameter:
    """A number to be found: bounds and a guess."""

    bounds: Bounds
    guess: Expression | None


@dataclass(frozen=True)
class PhaseStatement:
    """One phase as stated; of a problem without `phases`, the problem itself (with an empty name)."""

    name: str
    path: str
    states: tuple[str, ...]
    controls: tuple[str, ...]
    t0: Moment
    tf: Moment
    dynamics: dict[str, Expression]
    running_cost: Expression | None
    terminal_cost: Expression | None
    initial: dict[str, Bounds]
    final: dict[str, Bounds]
    bounds: dict[str, Bounds]  # of states and controls
    path_constraints: tuple[Constraint, ...]
    boundary_constraints: tuple[Constraint, ...]
    guess: dict[str, tuple[Expression, ...]]
    nominal: dict[str, Expression]
    definitions: dict[str, Expression]


@dataclass(frozen=True)
class Statement:
    """A whole problem as stated."""

    maximise: bool
    constants: dict[str, tuple[Expression, ...]]  # one value, or one for each row of a sweep
    sweep: int  # rows, 0 when there is no sweep
    parameters: dict[str, Parameter]
    tables: dict[str, tuple[Array, Array]]
    definitions: dict[str, Expression]  # of all phases (empty when there is one unnamed phase)
    phases: tuple[PhaseStatement, ...]
    terminal_cost: Expression | None  # over several phases
    boundary_constraints: tuple[Constraint, ...]  # over several phases
    links: tuple[Constraint, ...]
