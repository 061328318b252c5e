"""`parse`: an ocp/1 problem as data becomes a `Problem`, or InvalidInput with every fault found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from app.errors import Faults
from app.problems.evaluation import Array
from app.problems.expression import Expression
from app.problems.resolution import Resolution
from app.problems.statement import Constraint, PhaseStatement, Statement, read
from app.problems.structure import Structure
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
class Problem:
    """A problem ready for a solver: `structure` (shared by problems that differ in numbers) and values.

    Of a sweep this is the first row; `rows()` gives all.
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
    sweep: int = 0
    others: tuple[Problem, ...] = ()

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
        return (self, *self.others)


def parse(ocp: Mapping[str, Any]) -> Problem:
    """The problem; InvalidInput carries every fault, with fields relative to the problem."""
    faults = Faults()
    statement = read(ocp, faults)
    resolution = Resolution(statement, faults)
    structure = resolution.structure()
    valuation = Valuation(statement, faults)
    phases = valuation.phases()
    whole = valuation.whole(resolution.numbers)
    faults.check()
    warnings = unused(statement, resolution.used)
    rows = range(statement.sweep) if statement.sweep else [None]
    problems = [_problem(statement, structure, phases, whole, warnings, row) for row in rows]
    return replace(problems[0], sweep=statement.sweep, others=tuple(problems[1:]))


def _problem(
    statement: Statement,
    structure: Structure,
    phases: tuple[PhaseValues, ...],
    whole: WholeValues,
    warnings: tuple[str, ...],
    row: int | None,
) -> Problem:
    """One row of a sweep, or the problem itself (`row` None)."""
    boundary = [c for phase in statement.phases for c in phase.boundary_constraints]
    return Problem(
        structure=structure,
        statement=statement,
        phases=tuple(
            _phase(stated, values, row) for stated, values in zip(statement.phases, phases, strict=True)
        ),
        boundary_labels=tuple(map(_label, (*boundary, *statement.boundary_constraints, *statement.links))),
        warnings=warnings,
        sweep=0,
        others=(),
        **_row(whole, row),
    )


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


def unused(statement: Statement, used: set[str]) -> tuple[str, ...]:
    """Warnings on names that influence nothing: likely slips, but no reason to refuse a problem."""
    everywhere = used | {name for rows in statement.constants.values() for row in rows for name in row.names}
    everywhere |= _names_of_numbers(statement)
    warnings = [
        f"constant {name!r} is used nowhere" for name in statement.constants if name not in everywhere
    ]
    warnings += [
        f"parameter {name!r} influences nothing" for name in statement.parameters if name not in used
    ]
    warnings += [
        f"table {name!r} is used nowhere" for name in statement.tables if f"table {name}" not in used
    ]
    for phase in statement.phases:
        where = f" in phase {phase.name!r}" if phase.name else ""
        definitions = {**statement.definitions, **phase.definitions}
        warnings += [f"definition {name!r} is used nowhere" for name in phase.definitions if name not in used]
        influences = _influences(phase, definitions)
        for kind, names in (("state", phase.states), ("control", phase.controls)):
            for name in names:
                ends = {f"{prefix}{name}_{end}" for prefix in ("", f"{phase.name}_") for end in "0f"}
                if name not in influences and not ends & used and name not in (phase.final | phase.bounds):
                    warnings.append(f"{kind} {name!r} influences nothing{where}")
    return tuple(warnings)


def _influences(phase: PhaseStatement, definitions: Mapping[str, Expression]) -> set[str]:
    """Names that reach a cost, a constraint or the dynamics of another state."""
    found: set[str] = set()
    costs = [cost for cost in (phase.running_cost, phase.terminal_cost) if cost is not None]
    expressions = [*costs, *(c.expression for c in (*phase.path_constraints, *phase.boundary_constraints))]
    for names in [expression.names for expression in expressions]:
        found |= _closure(names, definitions)
    for state, dynamics in phase.dynamics.items():
        found |= _closure(dynamics.names, definitions) - {state}
    return found


def _closure(names: frozenset[str], definitions: Mapping[str, Expression]) -> set[str]:
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += definitions[name].names if name in definitions else ()
    return found


def _names_of_numbers(statement: Statement) -> set[str]:
    """Names used where numbers stand: bounds, end values, times, guesses."""
    numbers: list[Expression | None] = []
    for parameter in statement.parameters.values():
        numbers += [*parameter.bounds, parameter.guess]
    constraints = [*statement.boundary_constraints, *statement.links]
    for phase in statement.phases:
        for moment in (phase.t0, phase.tf):
            numbers += [moment.lower, moment.upper, moment.guess]
        for bounds in (*phase.initial.values(), *phase.final.values(), *phase.bounds.values()):
            numbers += bounds
        numbers += [*phase.nominal.values(), *(point for points in phase.guess.values() for point in points)]
        constraints += [*phase.path_constraints, *phase.boundary_constraints]
    for constraint in constraints:
        numbers += constraint.bounds
    return {name for number in numbers if number is not None for name in number.names}
