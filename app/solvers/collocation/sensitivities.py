"""Sensitivities of the optimal cost to constants and end values, from the multipliers of the solution.

To first order the optimum moves with a number as the Lagrangian does at the solution, variables and multipliers
held (envelope theorem; Fiacco, Introduction to Sensitivity and Stability Analysis in Nonlinear Programming,
1983, Theorem 3.2.2; Bryson & Ho, Applied Optimal Control, 1975, section 1.2). The Lagrangian is linear in
the multipliers, so it is evaluated by NumPy with the number moved either way: no program is compiled.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.problems.functions import End, numeric_functions
from app.problems.model import Phase, Problem, with_constants
from app.solvers.collocation.discretization import Discretization
from app.solvers.collocation.outcome import Outcome

Array = NDArray[np.float64]
STEP = 1e-5  # relative move of a number: the error of central differences is its square
MOST = 64  # constants


def sensitivities(problem: Problem, outcome: Outcome) -> dict[str, Any]:
    """Derivatives of the cost, in the problem's own sense, per unit of each number.

    `constants {name: value}`; `phases`, one for each: `initial`, `final {state: value}` and `t0`, `tf` of
    what is fixed. A constant that also stands in bounds or end values moves these too.
    """
    lagrangian = _Lagrangian.of(outcome)
    sign = -1.0 if problem.sense == "max" else 1.0
    constants = {
        name: sign * (lagrangian.at(up) - lagrangian.at(down)) / width
        for name, up, down, width in _moved(problem)
    }
    return {
        "constants": constants,
        "phases": [_ends(lagrangian, problem, index, sign) for index in range(len(problem.phases))],
    }


def _moved(problem: Problem) -> Iterator[tuple[str, Problem, Problem, float]]:
    """Each constant's problem with it raised and lowered, and the difference between the two."""
    names = list(problem.statement.constants)[:MOST]
    values = [float(problem.k[index]) for index in range(len(names))]
    steps = [STEP * max(abs(value), 1e-3) for value in values]
    rows = [
        {name: value + side * step}
        for name, value, step in zip(names, values, steps, strict=True)
        for side in (1.0, -1.0)
    ]
    found = with_constants(problem, rows) if rows else ()
    for at, (name, step) in enumerate(zip(names, steps, strict=True)):
        yield name, found[2 * at], found[2 * at + 1], 2 * step


def _ends(lagrangian: _Lagrangian, problem: Problem, index: int, sign: float) -> dict[str, Any]:
    """Derivatives with respect to the fixed end values of one phase."""
    phase = problem.phases[index]

    def slope(field: str, at: int | None) -> float:
        value = getattr(phase, field)[0 if at is None else at]
        step = STEP * max(abs(float(value)), 1e-3)
        up, down = (_with_end(problem, index, field, at, float(value) + s * step) for s in (1, -1))
        return sign * (lagrangian.at(up) - lagrangian.at(down)) / (2 * step)

    found: dict[str, Any] = {"name": phase.name}
    for key, end in (("initial", "x0"), ("final", "xf")):
        fixed = getattr(phase, f"{end}_lower") == getattr(phase, f"{end}_upper")
        found[key] = {name: slope(f"{end}_lower", at) for at, name in enumerate(phase.states) if fixed[at]}
    for moment in ("t0", "tf"):
        lower, upper, _ = getattr(phase, moment)
        if lower == upper:
            found[moment] = slope(moment, None)
    return found


def _with_end(problem: Problem, index: int, field: str, at: int | None, value: float) -> Problem:
    """The problem with one fixed end value changed."""
    phase = problem.phases[index]
    if at is None:
        changes: dict[str, Any] = {field: (value, value, value)}
    else:
        moved = np.array(getattr(phase, field))
        moved[at] = value
        changes = {field: moved, field.replace("lower", "upper"): moved}
    changed: Phase = replace(phase, **changes)
    return replace(problem, phases=(*problem.phases[:index], changed, *problem.phases[index + 1 :]))


@dataclass(frozen=True)
class _Lagrangian:
    """The Lagrangian at a solution, as a function of the problem's numbers; in the unit of the cost."""

    outcome: Outcome
    fixed: Array
    """Which of all variables, flat, are fixed: they move with their values."""

    @classmethod
    def of(cls, outcome: Outcome) -> _Lagrangian:
        data = outcome.discretization.data()
        return cls(outcome, np.asarray(data.lower) == np.asarray(data.upper))

    def at(self, problem: Problem) -> float:
        """Its value with another problem's numbers; the structure must be the same."""
        outcome = self.outcome
        d = replace(outcome.discretization, problem=problem)
        data, layout, y = d.data(), d.layout, outcome.multipliers
        flat = np.concatenate([np.ravel(part) for part in outcome.variables])
        lower, upper = np.asarray(data.lower), np.asarray(data.upper)
        ends_at = sum(int(np.prod(shape)) for shape in layout.shapes[:3])
        size = int(np.prod(layout.shapes.ends))
        part = slice(ends_at, ends_at + size)
        ends = np.where(self.fixed[part], lower[part], flat[part]).reshape(layout.shapes.ends)
        total = self._points(d, ends) + self._rows(d, ends)
        total -= float(np.sum(np.asarray(y.link) * ends[:, layout.n : 2 * layout.n]))
        total -= float(np.sum(np.sum(np.asarray(y.defect)[:, 0], axis=1) * ends[:, : layout.n]))
        free = np.logical_not(self.fixed)
        for bound, multiplier, side in ((lower, y.lower, 1.0), (upper, y.upper, -1.0)):
            bounded = free & np.isfinite(bound)
            total += side * float(np.sum(np.asarray(multiplier)[bounded] * bound[bounded]))
        return total / d.scales.cost

    def _points(self, d: Discretization, ends: Array) -> float:
        """Cost and multipliers times constraints at all places."""
        outcome, layout, scales = self.outcome, d.layout, d.scales
        t, y, v = layout.transcription, outcome.multipliers, outcome.variables
        weights = -np.einsum("jl,pijx->pilx", t.a, np.asarray(y.defect))
        p = np.asarray(v.p) * scales.p
        total, count = 0.0, layout.intervals * t.stages
        for index, phase in enumerate(numeric_functions(d.problem).phases):
            n_x, n_u, n_g = layout.states[index], layout.controls[index], layout.paths[index]
            x = np.asarray(v.x)[index]
            if t.left:
                nodes = np.concatenate([ends[index, None, : layout.n], x[:-1, -1]])
                x = np.concatenate([nodes[:, None], x], axis=1)
            x = (x[..., :n_x] * scales.x[index, :n_x]).reshape(-1, n_x).T
            u = (np.asarray(v.u)[index, ..., :n_u] * scales.u[index, :n_u]).reshape(count, n_u).T
            t0, tf = ends[index, -2:] * scales.t[index]
            time = (t0 + (tf - t0) * d.places()[index]).ravel()
            h = np.repeat((tf - t0) * d.fractions[index], t.stages)
            point = (time, x, u, p, d.problem.k)
            f = np.broadcast_to(phase.dynamics(*point), (n_x, len(time))) * h / scales.x[index, :n_x, None]
            total += float(np.sum(weights[index, ..., :n_x].reshape(-1, n_x).T * f))
            cost = np.broadcast_to(phase.running_cost(*point), time.shape)
            total += float(np.sum(h * np.tile(t.b, layout.intervals) * cost)) * scales.cost
            if n_g:
                g = np.broadcast_to(phase.path(*point), (n_g, len(time))) / scales.g[index, :n_g, None]
                total += float(np.sum(np.asarray(y.path)[index, ..., :n_g].reshape(-1, n_g).T * g))
        return total

    def _rows(self, d: Discretization, ends: Array) -> float:
        """Terminal cost and multipliers times boundary constraints."""
        layout, scales, of = d.layout, d.scales, numeric_functions(d.problem)
        p = np.asarray(self.outcome.variables.p) * scales.p
        found = []
        for index, n_x in enumerate(layout.states):
            scale, time, e = scales.x[index, :n_x], scales.t[index], ends[index]
            found.append(
                End(e[-2] * time, e[:n_x] * scale, e[-1] * time, e[layout.n : layout.n + n_x] * scale)
            )
        total = float(of.terminal_cost(tuple(found), p, d.problem.k)) * scales.cost
        multipliers = np.asarray(self.outcome.multipliers.boundary)
        rows = np.asarray(of.boundary(tuple(found), p, d.problem.k)) / scales.b[: layout.boundary]
        total += float(multipliers[: layout.boundary] @ rows)
        if layout.free_time:
            total += float(multipliers[layout.boundary :] @ (ends[:, -1] - ends[:, -2]))
        return total
