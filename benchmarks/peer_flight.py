"""A returned control flown by CasADi: nothing is shared with the solver, neither expressions nor integrator.

Classical Runge-Kutta, STEPS equal steps between two published times, controls linear in between; where that is
lost even from point to point, the dynamics are stiff and CVODES flies them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import casadi
import numpy as np
from casadi_peer import end_values, point_function
from numpy.typing import NDArray

from app.problems.model import Phase, Problem

Array = NDArray[np.float64]
STEPS = 12
ASTRAY = 1e-3
"""Relative distance from which the flight of a whole phase counts as lost: its segments are flown one by one."""


@dataclass(frozen=True)
class PeerFlight:
    """What the flight gives: `cost` in the problem's own sense; the rest is relative.

    `missed`: the largest difference of final states, or where a whole flight is lost in rounding errors the sum
    of what the segments miss. `violation`: of bounds, ends, path and boundary constraints at published points.
    """

    cost: float
    missed: float
    violation: float


def fly(problem: Problem, result: Mapping[str, Any]) -> PeerFlight:
    """Fly the controls of a result from its initial states."""
    p = np.array([result["parameters"][name] for name in problem.parameters])
    running, missed, violation = 0.0, 0.0, 0.0
    ends: dict[str, list[Any]] = {"t0": [], "tf": [], "x0": [], "xf": []}
    parts = result.get("phases") or [result]
    for index, (phase, part) in enumerate(zip(problem.phases, parts, strict=True)):
        t = np.asarray(part["time"])
        x = np.array([part["states"][name] for name in phase.states])
        u = np.array([part["controls"][name] for name in phase.controls]).reshape(len(phase.controls), len(t))
        point = point_function(problem, index)
        cost, last, apart = _course(point, t, x, u, p)
        running += cost
        missed = max(missed, apart)
        violation = max(violation, _outside(phase, point, t, x, u, p))
        for name, value in (("t0", t[0]), ("tf", t[-1]), ("x0", x[:, 0]), ("xf", last)):
            ends[name].append(value)
    terminal, rows = end_values(problem, ends, p)
    limits = zip(
        map(float, rows), _row_sizes(problem, ends, p), problem.b_lower, problem.b_upper, strict=True
    )
    for row, size, low, high in limits:
        violation = max(violation, max(low - row, row - high, 0.0) / (1.0 + size))
    sign = -1.0 if problem.sense == "max" else 1.0
    return PeerFlight(sign * (running + float(terminal)), missed, violation)


def _row_sizes(problem: Problem, ends: dict[str, list[Any]], p: Array) -> list[float]:
    """What boundary rows are made of: the sum of their gradients times the end values; feet are not miles."""
    symbols = {
        name: [casadi.MX.sym(name, np.size(value)) for value in values] for name, values in ends.items()
    }
    flat = casadi.vertcat(*(symbol for values in symbols.values() for symbol in values))
    values = np.concatenate([np.atleast_1d(value) for values in ends.values() for value in values])
    _, rows = end_values(problem, symbols, p)
    if not rows:
        return []
    gradient = casadi.Function("gradient", [flat], [casadi.jacobian(casadi.vertcat(*rows), flat)])
    found: list[float] = (np.abs(np.asarray(gradient(values))) @ np.abs(values)).tolist()
    return found


def _course(point: Any, t: Array, x: Array, u: Array, p: Array) -> tuple[float, Array, float]:
    """Cost, final states and what they miss of one phase; states and controls are rows, (n, m)."""
    count = len(t) - 1
    size = np.maximum(np.max(np.abs(x), axis=1), 1e-8)
    pieces = (t[None, :-1], t[None, 1:], u[:, :-1], u[:, 1:], casadi.repmat(casadi.DM(p), 1, count))
    begin = np.vstack([x[:, :-1], np.zeros(count)])
    found = np.inf, x[:, -1], np.inf
    for make in (_segment, _stiff_segment):
        segment = make(point, len(x), len(u), len(p))
        try:
            flown = np.asarray(segment.mapaccum(count)(begin[:, 0], *pieces))
        except RuntimeError:  # CVODES gives up where a whole flight is lost in rounding errors
            flown = np.full((len(x) + 1, count), np.inf)
        apart = float(np.max(np.abs(flown[:-1, -1] - x[:, -1]) / size))
        if apart <= ASTRAY:
            return float(flown[-1, -1]), flown[:-1, -1], apart
        each = np.asarray(segment.map(count)(begin, *pieces))
        misses = np.max(np.abs(each[:-1] - x[:, 1:]) / size[:, None], axis=0)
        apart = float(np.sum(misses))
        found = float(np.sum(each[-1])), x[:, -1], apart if np.isfinite(apart) else np.inf
        if np.max(misses) <= ASTRAY:
            break
    return found


def _segment(point: Any, n_x: int, n_u: int, n_p: int) -> Any:
    """States and cost `(n_x + 1)` from one published time to the next."""
    z, p = casadi.SX.sym("z", n_x + 1), casadi.SX.sym("p", n_p)
    t, h = casadi.SX.sym("t"), casadi.SX.sym("h")
    u0, u1 = casadi.SX.sym("u0", n_u), casadi.SX.sym("u1", n_u)

    def rate(t: Any, z: Any, u: Any) -> Any:
        f, cost, _ = point(t, z[:n_x], u, p)
        return casadi.vertcat(f, cost)

    k1 = rate(t, z, u0)
    k2 = rate(t + h / 2, z + h / 2 * k1, (u0 + u1) / 2)
    k3 = rate(t + h / 2, z + h / 2 * k2, (u0 + u1) / 2)
    k4 = rate(t + h, z + h * k3, u1)
    step = casadi.Function("step", [z, t, h, u0, u1, p], [z + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)])
    z, t, u0, u1 = (
        casadi.MX.sym("z", n_x + 1),
        casadi.MX.sym("t"),
        casadi.MX.sym("l", n_u),
        casadi.MX.sym("r", n_u),
    )
    last, p = casadi.MX.sym("last"), casadi.MX.sym("p", n_p)
    h, y = (last - t) / STEPS, z
    for i in range(STEPS):
        y = step(y, t + i * h, h, u0 + (u1 - u0) * (i / STEPS), u0 + (u1 - u0) * ((i + 1) / STEPS), p)
    return casadi.Function("segment", [z, t, last, u0, u1, p], [y])


def _stiff_segment(point: Any, n_x: int, n_u: int, n_p: int) -> Any:
    """As `_segment`, by an implicit method with step control."""
    z, s, p = casadi.SX.sym("z", n_x + 1), casadi.SX.sym("s"), casadi.SX.sym("p", n_p)
    t0, t1 = casadi.SX.sym("t0"), casadi.SX.sym("t1")
    u0, u1 = casadi.SX.sym("u0", n_u), casadi.SX.sym("u1", n_u)
    f, cost, _ = point(t0 + (t1 - t0) * s, z[:n_x], u0 + (u1 - u0) * s, p)
    ode = (t1 - t0) * casadi.vertcat(f, cost)
    given = casadi.vertcat(t0, t1, u0, u1, p)
    system = {"x": z, "t": s, "p": given, "ode": ode}
    flight = casadi.integrator("stiff", "cvodes", system, 0, 1, {"reltol": 1e-10, "abstol": 1e-14})
    begin = casadi.MX.sym("x", n_x + 1)
    values = [casadi.MX.sym("v", part.numel()) for part in (t0, t1, u0, u1, p)]
    end = flight(x0=begin, p=casadi.vertcat(*values))["xf"]
    return casadi.Function("stiff_segment", [begin, *values], [end])


def _outside(phase: Phase, point: Any, t: Array, x: Array, u: Array, p: Array) -> float:
    """The largest violation of the bounds, ends and path constraints of one phase."""
    g = np.asarray(point.map(len(t))(t[None], x, u, casadi.repmat(casadi.DM(p), 1, len(t)))[2])
    size = np.maximum(np.max(np.abs(x), axis=1), 1e-8)[:, None]
    pieces = [
        _over(x, phase.x_lower, phase.x_upper) / size,
        _over(x[:, :1], phase.x0_lower, phase.x0_upper) / size,
        _over(x[:, -1:], phase.xf_lower, phase.xf_upper) / size,
        _over(u, phase.u_lower, phase.u_upper) / (1.0 + np.abs(u)),
        _over(g.reshape(len(phase.g_lower), len(t)), phase.g_lower, phase.g_upper) / _sizes(phase)[:, None],
    ]
    return float(max(np.max(piece, initial=0.0) for piece in pieces))


def _over(values: Array, lower: Array, upper: Array) -> Array:
    found: Array = np.maximum(np.maximum(lower[:, None] - values, values - upper[:, None]), 0.0)
    return found


def _sizes(phase: Phase) -> Array:
    finite = [np.where(np.isfinite(b), np.abs(b), 0.0) for b in (phase.g_lower, phase.g_upper)]
    found: Array = 1.0 + np.maximum(*finite)
    return found
