"""`parse`: an ocp/1 problem as data becomes a `Problem`, or InvalidInput with every fault found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from app.errors import Faults
from app.problems.evaluation import Array
from app.problems.expression import Expression, constant
from app.problems.intake import read
from app.problems.joining import joined
from app.problems.probe import Fault, nudge, probe
from app.problems.resolution import Resolution
from app.problems.statement import Constraint, PhaseStatement, Statement
from app.problems.structure import Structure
from app.problems.unused import unused
from app.problems.values import PhaseValues, Valuation, WholeValues

Moment = tuple[float, float, float]
"""A time: lower bound, upper bound, guess; fixed when the bounds are equal."""


@dataclass(frozen=True, eq=False)
class Phase:
    """The values of one phase; infinite where there is no bound.

    Shapes: states `(n_x,)`, controls `(n_u,)`, path constraints `(n_g,)`. The guess is piecewise linear
    over normalised time `guess_s` `(m,)` from 0 to 1: `guess_x` `(m, n_x)`, `guess_u` `(m, n_u)`. Nominal
    values are NaN where not given.
    """

    name: str
    states: tuple[str, ...]
    controls: tuple[str, ...]
    path_labels: tuple[str, ...]
    x_lower: Array
    x_upper: Array
    u_lower: Array
    u_upper: Array
    g_lower: Array
    g_upper: Array
    x0_lower: Array
    x0_upper: Array
    xf_lower: Array
    xf_upper: Array
    t0: Moment
    tf: Moment
    guess_s: Array
    guess_x: Array
    guess_u: Array
    nominal_x: Array
    nominal_u: Array
    nominal_t: float


@dataclass(frozen=True, eq=False)
class Values:
    """All numbers as evaluated, of every row of a sweep; `nudged`: default guesses were moved a little."""

    phases: tuple[PhaseValues, ...]
    whole: WholeValues
    nudged: bool


@dataclass(frozen=True, eq=False)
class Problem:
    """A problem ready for a solver: `structure` (shared by problems that differ in numbers) and values.

    Of a sweep this is the first row; `rows()` gives all `sweep` of them. Shapes: parameters `(n_p,)`,
    boundary constraints and links `(n_b,)`, numbers `(n_k,)`; `k` begins with the constants, in the order of
    `statement.constants`.
    """

    structure: Structure
    statement: Statement
    phases: tuple[Phase, ...]
    boundary_labels: tuple[str, ...]
    p_lower: Array
    p_upper: Array
    p_guess: Array
    b_lower: Array
    b_upper: Array
    k: Array
    warnings: tuple[str, ...]
    sweep: int  # rows, 0 when there is no sweep
    values: Values
    faults: tuple[Fault, ...]  # where an expression has no finite value at the guess

    @property
    def sense(self) -> str:
        """`min` or `max`; costs of `ProblemFunctions` are to be minimised in both."""
        return "max" if self.structure.maximise else "min"

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the parameters."""
        return self.structure.parameters

    def rows(self) -> tuple[Problem, ...]:
        """Every row of the sweep, or the problem alone; all have one structure."""
        parts = (self.statement, self.structure, self.values, self.warnings)
        return tuple(_problem(*parts, row) for row in range(self.sweep or 1))


def parse(ocp: Mapping[str, Any]) -> Problem:
    """The problem; InvalidInput carries every fault, with fields relative to the problem."""
    faults = Faults()
    statement = read(ocp, faults)
    if not statement.phases or not all(phase.states for phase in statement.phases):
        faults.check()  # too little is there to look for more
    resolution = Resolution(statement, faults)
    structure = resolution.structure()
    valuation = Valuation(statement, faults, resolution.known)
    values = Values(valuation.phases(), valuation.whole(resolution.numbers), nudged=False)
    faults.check()
    warnings = unused(statement, resolution.used)
    problem = _problem(statement, structure, values, warnings, 0)
    faults_at_guess = probe(problem)
    if not faults_at_guess:
        return problem
    # A default guess on a singular value is no fault of the user: move it a little.
    moved = _problem(statement, structure, replace(values, nudged=True), warnings, 0)
    return replace(problem, faults=tuple(faults_at_guess)) if probe(moved) else moved


def with_constants(problem: Problem, rows: Sequence[Mapping[str, float]]) -> tuple[Problem, ...]:
    """The problem once for each row, with the constants named there given new values; the structure stays.

    Constants that are expressions of others follow them.
    """
    stated = problem.statement
    at = {name: index for index, name in enumerate(stated.constants)}

    def value(name: str, row: Mapping[str, float]) -> Expression:
        if name in row:
            return constant(row[name])
        given = stated.constants[name]
        return given[0] if len(given) == 1 else constant(float(problem.k[at[name]]))

    moved = {name: tuple(value(name, row) for row in rows) for name in stated.constants}
    statement = replace(stated, constants=moved, sweep=len(rows))
    faults = Faults()
    resolution = Resolution(statement, faults)
    resolution.structure()  # collects the numbers that stand in expressions
    valuation = Valuation(statement, faults, resolution.known)
    values = Values(valuation.phases(), valuation.whole(resolution.numbers), nudged=problem.values.nudged)
    faults.check()
    return tuple(
        _problem(statement, problem.structure, values, problem.warnings, row) for row in range(len(rows))
    )


def _problem(
    statement: Statement, structure: Structure, values: Values, warnings: tuple[str, ...], row: int
) -> Problem:
    """One row of a sweep, or (row 0) the problem itself."""
    boundary = [c for phase in statement.phases for c in phase.boundary_constraints]
    at = row if statement.sweep else None
    problem = Problem(
        structure=structure,
        statement=statement,
        phases=tuple(_phase(*phase, at) for phase in zip(statement.phases, values.phases, strict=True)),
        boundary_labels=tuple(map(_label, (*boundary, *statement.boundary_constraints, *statement.links))),
        warnings=warnings,
        sweep=statement.sweep,
        values=values,
        faults=(),
        **_row(values.whole, at),
    )
    problem = joined(problem)
    return nudge(problem) if values.nudged else problem


def _phase(stated: PhaseStatement, values: PhaseValues, row: int | None) -> Phase:
    arrays = _row(values, row)
    t0, tf, nominal_t = arrays.pop("t0"), arrays.pop("tf"), arrays.pop("nominal_t")
    return Phase(
        name=stated.name,
        states=stated.states,
        controls=stated.controls,
        path_labels=tuple(map(_label, stated.path_constraints)),
        t0=(float(t0[0]), float(t0[1]), float(t0[2])),
        tf=(float(tf[0]), float(tf[1]), float(tf[2])),
        nominal_t=float(nominal_t[0]),
        **arrays,
    )


def _row(values: PhaseValues | WholeValues, row: int | None) -> dict[str, Array]:
    """The arrays by name, of one row of a sweep where there is one (`guess_s` is common to all rows)."""
    arrays = {field.name: getattr(values, field.name) for field in fields(values)}
    if row is None:
        return arrays
    return {name: array if name == "guess_s" else array[row] for name, array in arrays.items()}


def _label(constraint: Constraint) -> str:
    return f"{constraint.path}: {constraint.expression}"
