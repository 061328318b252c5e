"""Where a problem has no finite value: found by numpy before any solver runs, or where one stopped.

Division by zero at the guess is the usual case. The innermost expression at fault is named, with its place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from app.errors import FieldError
from app.problems.evaluation import Array, Number, evaluate, steps
from app.problems.expression import MATHEMATICAL, Expression
from app.problems.statement import PhaseStatement

if TYPE_CHECKING:
    from app.problems.model import Phase, Problem

POINTS = 31  # inside the phase; its ends are left out, where a singular value need not be met
NUDGE = 1e-2  # relative move of a default guess that meets a singular value


@dataclass(frozen=True)
class Fault:
    """An expression without finite value: its field, where in time, and what went wrong there."""

    field: str
    phase: str
    time: float
    message: str

    def to_error(self) -> FieldError:
        """The fault as a fault of the input."""
        remedy = "a guess (or bounds) where every expression has a value"
        return FieldError(self.field, f"{self.message} at the guess, t = {self.time:.6g}", None, remedy)


def probe(problem: Problem) -> list[Fault]:
    """Faults at the guess: dynamics, cost and constraints inside each phase, end values at its ends."""
    faults: list[Fault] = []
    *each, whole = _known_at_ends(problem)
    for index, (phase, known) in enumerate(zip(problem.phases, each, strict=True)):
        s = np.linspace(0.0, 1.0, POINTS + 2)[1:-1]
        x = _interpolate(phase.guess_s, phase.guess_x, s)
        u = _interpolate(phase.guess_s, phase.guess_u, s)
        t = phase.t0[2] + s * (phase.tf[2] - phase.t0[2])
        faults += diagnose(problem, index, t, x, u, problem.p_guess)
        faults += _end_faults(problem, index, known)
    return faults + _whole_faults(problem, whole)


def boundary_values(problem: Problem) -> Array:
    """All boundary constraints and links at the guess, in the order of `boundary_labels`, (n_b,)."""
    statement = problem.statement
    *each, whole = _known_at_ends(problem)
    rows = [
        (c, known) for s, known in zip(statement.phases, each, strict=True) for c in s.boundary_constraints
    ]
    rows += [(c, whole) for c in (*statement.boundary_constraints, *statement.links)]
    return np.array([_value(problem, c.expression, known) for c, known in rows], float)


def diagnose(problem: Problem, index: int, t: Array, x: Array, u: Array, p: Array) -> list[Fault]:
    """Faults of one phase at points `t (m,)`, `x (m, n_x)`, `u (m, n_u)`, `p (n_p,)`; one for each field."""
    stated = problem.statement.phases[index]
    values = _shared_values(problem, p)
    values |= {"t": t, "t0": problem.phases[index].t0[2], "tf": problem.phases[index].tf[2]}
    values |= dict(zip(stated.states, x.T, strict=True)) | dict(zip(stated.controls, u.T, strict=True))
    prefix = f"{stated.path}." if stated.path else ""
    known = _with_definitions(problem, stated, values)
    faults = (
        _fault(problem, f"{prefix}{field}", stated.name, e, known, t)
        for field, e in _point_expressions(stated)
    )
    return [fault for fault in faults if fault is not None]


def nudge(problem: Problem) -> Problem:
    """The problem with every default guess moved a little; a guess that the user gave is left as it is."""
    return replace(problem, phases=tuple(map(_nudge, problem.phases, problem.statement.phases)))


def _nudge(phase: Phase, stated: PhaseStatement) -> Phase:
    def move(guess: Array, names: tuple[str, ...], lower: Array, upper: Array) -> Array:
        given = np.array([name in stated.guess for name in names], bool)
        step = NUDGE * (1.0 + np.abs(guess))
        up = guess + step
        return np.where(given, guess, np.where(up <= upper, up, np.maximum(guess - step, lower)))

    return replace(
        phase,
        guess_x=move(phase.guess_x, stated.states, phase.x_lower, phase.x_upper),
        guess_u=move(phase.guess_u, stated.controls, phase.u_lower, phase.u_upper),
    )


def _interpolate(grid: Array, values: Array, s: Array) -> Array:
    columns = [np.interp(s, grid, column) for column in values.T]
    return np.stack(columns, axis=1) if columns else np.zeros((len(s), 0))


def _point_expressions(stated: PhaseStatement) -> Iterator[tuple[str, Expression]]:
    yield from ((f"dynamics.{name}", expression) for name, expression in stated.dynamics.items())
    if stated.running_cost is not None:
        yield "running_cost", stated.running_cost
    for index, constraint in enumerate(stated.path_constraints):
        yield f"path_constraints.{index}.expr", constraint.expression


def _shared_values(problem: Problem, p: Array) -> dict[str, Number]:
    values: dict[str, Number] = dict(MATHEMATICAL)
    values |= {name: float(problem.k[index]) for index, name in enumerate(problem.statement.constants)}
    return values | {name: float(value) for name, value in zip(problem.parameters, p, strict=True)}


def _end_values(problem: Problem, index: int, x: Array) -> dict[str, Number]:
    """Values of end names without the phase's name: `x_0`, `x_f`, times, definitions at the ends."""
    stated, phase = problem.statement.phases[index], problem.phases[index]
    shared = _shared_values(problem, problem.p_guess)
    found: dict[str, Number] = {}
    for end, row, time in (("0", x[0], phase.t0[2]), ("f", x[1], phase.tf[2])):
        times = {"t": time, "t0": phase.t0[2], "tf": phase.tf[2]}
        here = shared | dict(zip(stated.states, row.tolist(), strict=True)) | times
        found |= {f"t{end}": time, f"t_{end}": time}
        defined = _with_definitions(problem, stated, here)
        found |= {
            f"{name}_{end}": value
            for name, value in defined.items()
            if name not in shared or name in stated.states  # a state may be called `e`
        }
    return found


def _known_at_ends(problem: Problem) -> list[dict[str, Number]]:
    """What expressions of end values may use at the guess: those of each phase, then those over all phases."""
    shared = _shared_values(problem, problem.p_guess)
    found: list[dict[str, Number]] = []
    ends: dict[str, Number] = {}
    for index, (stated, phase) in enumerate(zip(problem.statement.phases, problem.phases, strict=True)):
        own = _end_values(problem, index, phase.guess_x[[0, -1]])
        found.append(_with_definitions(problem, stated, own | shared))
        ends |= {f"{phase.name}_{name}": value for name, value in own.items()}
    return [*found, _complete(problem, problem.statement.definitions, ends | shared)]


def _end_faults(problem: Problem, index: int, known: dict[str, Number]) -> list[Fault]:
    stated, phase = problem.statement.phases[index], problem.phases[index]
    prefix = f"{stated.path}." if stated.path else ""
    expressions = [(f"{c.path}.expr", c.expression) for c in stated.boundary_constraints]
    if stated.terminal_cost is not None:
        expressions.append((f"{prefix}terminal_cost", stated.terminal_cost))
    time = np.array([phase.tf[2]])
    faults = (_fault(problem, field, stated.name, e, known, time) for field, e in expressions)
    return [fault for fault in faults if fault is not None]


def _whole_faults(problem: Problem, known: dict[str, Number]) -> list[Fault]:
    statement = problem.statement
    expressions = [
        (f"{c.path}.expr", c.expression) for c in (*statement.boundary_constraints, *statement.links)
    ]
    if statement.terminal_cost is not None:
        expressions.append(("terminal_cost", statement.terminal_cost))
    time = np.array([problem.phases[-1].tf[2]])
    faults = (_fault(problem, field, "", e, known, time) for field, e in expressions)
    return [fault for fault in faults if fault is not None]


def _with_definitions(
    problem: Problem, stated: PhaseStatement, values: dict[str, Number]
) -> dict[str, Number]:
    return _complete(problem, {**problem.statement.definitions, **stated.definitions}, values)


def _complete(
    problem: Problem, definitions: Mapping[str, Expression], values: Mapping[str, Number]
) -> dict[str, Number]:
    """`values` and every definition that can be evaluated from them."""
    known = dict(values)
    waiting = dict(definitions)
    while True:
        ready = [name for name, expression in waiting.items() if expression.names <= known.keys()]
        if not ready:
            return known
        for name in ready:
            known[name] = _value(problem, waiting.pop(name), known)


def _value(problem: Problem, expression: Expression, values: Mapping[str, Number]) -> Number:
    return evaluate(expression, values, problem.statement.tables)


def _fault(
    problem: Problem, field: str, phase: str, expression: Expression, values: dict[str, Number], t: Array
) -> Fault | None:
    """The first point where `expression` is not finite, and its innermost part at fault there."""
    value = np.broadcast_to(np.asarray(_value(problem, expression, values)), t.shape)
    if np.all(np.isfinite(value)):
        return None
    place = int(np.argmin(np.isfinite(value)))
    here = {name: float(np.broadcast_to(np.asarray(v), t.shape)[place]) for name, v in values.items()}
    message = _innermost(problem, expression, here)
    for name in sorted(expression.names):  # the fault may lie in a definition
        if not np.isfinite(here[name]):
            source = {**problem.statement.definitions, **_definitions(problem, phase)}.get(name)
            if source is not None and source.names <= here.keys():
                message = f"{name!r} has no finite value ({_innermost(problem, source, here)})"
            break
    return Fault(field, phase, float(t[place]), message)


def _definitions(problem: Problem, phase: str) -> Mapping[str, Expression]:
    return next((p.definitions for p in problem.statement.phases if p.name == phase), {})


def _innermost(problem: Problem, expression: Expression, values: Mapping[str, Number]) -> str:
    for step in steps(expression, values, problem.statement.tables):
        if not np.isfinite(step.value):
            part = Expression(expression.code[step.start : step.end])
            operands = ", ".join(f"{name} = {float(values[name]):.6g}" for name in sorted(part.names)[:4])
            where = f" with {operands}" if operands else ""
            return f"'{str(part)[:80]}' has no finite value{where}"
    return f"'{str(expression)[:80]}' has no finite value"
