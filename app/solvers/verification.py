"""Verification: a returned control flown from the returned initial state, and what comes of it compared.

Independent of how the control was found: only the published points are used, linear in between, and an
adaptive integrator that shares nothing with any transcription. Where the dynamics amplify rounding errors
beyond use over the whole horizon (hyper-sensitive problems), the flight starts anew from the returned states
at some points, and what these jumps come to is reported.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import jax
import numpy as np
from numpy.typing import NDArray

from app.problems.functions import End, numeric_functions
from app.problems.model import Problem
from app.solvers.flight import Course, Flown

Array = NDArray[np.float64]
T = TypeVar("T")
PIECE = 64  # segments flown by one call
FLEET = 32  # controls flown side by side
TOLERANCE = 1e-10
PLACE_OF_TOLERANCE = 4  # among the arguments of `Flight.fly`


@dataclass(frozen=True)
class FlownPhase:
    """One phase as published: `t (m,)`, `x (m, n_x)`, `u (m, n_u)`; where a control jumps, two close points."""

    t: Array
    x: Array
    u: Array


@dataclass(frozen=True)
class Lost:
    """Where a flight was lost: the phase, the time, and the state that had grown most."""

    phase: str
    time: float
    state: str


@dataclass(frozen=True)
class Verification:
    """What the flight found, all relative: `cost` and `final_state` differences, `path` and `bounds` violation.

    `restarts`: how often the flight was set back to the published states; `jump` the sum of these steps.
    """

    flown_cost: float
    cost: float
    final_state: float
    trajectory: float
    path: float
    bounds: float
    restarts: int
    jump: float
    finite: bool
    lost_at: Lost | None

    def passed(self, tolerance: float) -> bool:
        """Whether every difference is within the tolerance."""
        largest = max(self.cost, self.final_state, self.path, self.bounds, self.jump)
        return self.finite and largest <= tolerance

    def to_json(self, tolerance: float, sign: float = 1.0) -> dict[str, Any]:
        """Plain data for the result; `sign` is -1 for a problem that is maximised, whose cost is shown so."""
        return {
            "passed": bool(self.passed(tolerance)),
            "method": "explicit Runge-Kutta 5(4), adaptive, published control linear between points",
            "tolerance": tolerance,
            "flown_cost": _number(sign * self.flown_cost),
            "cost_difference": _number(self.cost),
            "final_state_difference": _number(self.final_state),
            "trajectory_difference": _number(self.trajectory),
            "path_violation": _number(self.path),
            "bound_violation": _number(self.bounds),
            "restarts": self.restarts,
            "restart_steps": _number(self.jump),
        }


UNVERIFIED = Verification(*(float("nan"),) * 6, restarts=0, jump=float("nan"), finite=False, lost_at=None)
"""What stands where there was no time for a flight."""


@dataclass(frozen=True)
class Claim:
    """An answer to be verified: `p` its parameters, `cost` as minimised, `scales[i] (n_x,)` magnitudes of the
    states of phase i."""

    problem: Problem
    phases: list[FlownPhase]
    p: Array
    cost: float
    scales: list[Array]


Leg = tuple[Any, ...]
"""Arguments of `Flight.fly` for one lane of PIECE segments."""
Flying = Generator[Leg, Flown, T]
"""What asks for one leg after the other, and gets what came of it."""


def verify(claim: Claim, journey: Callable[..., Flown], restart: int = 0) -> Verification:
    """Fly each phase and compare; `journey` is `Flight.fly`, jitted.

    `restart`: set back to the published states after so many segments (at most PIECE; 0 never).
    """
    flying = _verifying(claim, restart)
    try:
        leg = next(flying)
        while True:
            leg = flying.send(journey(*leg))
    except StopIteration as end:
        found: Verification = end.value
        return found


def verify_all(claims: Sequence[Claim], journeys: Callable[..., Flown]) -> list[Verification]:
    """The same for claims on problems of one structure, FLEET side by side.

    `journeys`: `Flight.fly` with a leading axis of FLEET on all arguments but the phase and the tolerance, jitted.
    """
    found: dict[int, Verification] = {}
    for at in range(0, len(claims), FLEET):
        flying = {i: _verifying(claims[i], 0) for i in range(at, min(at + FLEET, len(claims)))}
        legs = {i: next(one) for i, one in flying.items()}
        while legs:
            phase = min(leg[0] for leg in legs.values())
            chosen = [i for i, leg in legs.items() if leg[0] == phase]
            flown = journeys(*_abreast([legs[i] for i in chosen]))
            landed = jax.tree.map(np.asarray, flown)
            for lane, i in enumerate(chosen):
                try:
                    legs[i] = flying[i].send(Flown(*(part[lane] for part in landed)))
                except StopIteration as end:
                    found[i] = end.value
                    del legs[i]
    return [found[i] for i in range(len(claims))]


def _abreast(legs: list[Leg]) -> Leg:
    """Legs of one phase as one, the missing ones up to FLEET copies of the first."""
    filled = [*legs, *[legs[0]] * (FLEET - len(legs))]
    stacked = [
        jax.tree.map(lambda *leaves: np.stack(leaves), *column) for column in zip(*filled, strict=True)
    ]
    stacked[0], stacked[PLACE_OF_TOLERANCE] = legs[0][0], legs[0][PLACE_OF_TOLERANCE]
    return tuple(stacked)


def _verifying(claim: Claim, restart: int) -> Flying[Verification]:
    problem, phases, p, cost = claim.problem, claim.phases, claim.p, claim.cost
    flown = []
    for i, phase in enumerate(phases):
        flown.append((yield from _fly(problem, i, phase, p, claim.scales[i], restart)))
    ends, published = (
        tuple(End(f.t[0], f.x[0], f.t[-1], f.x[-1]) for f in which) for which in (flown, phases)
    )
    of = numeric_functions(problem)
    running = sum(f.cost for f in flown)
    with np.errstate(all="ignore"):  # a flight may end where functions have no value
        total = running + float(of.terminal_cost(ends, p, problem.k))
        rows = np.asarray(of.boundary(published, p, problem.k))
    terms = abs(running) + abs(total)
    size = max(abs(cost), 1e-3 * terms, 1e-8)
    row_scale = 1.0 + np.abs(rows)
    boundary = float(np.max(_outside(rows, problem.b_lower, problem.b_upper) / row_scale, initial=0.0))
    finite = bool(np.isfinite(total)) and all(f.lost is None for f in flown)
    lost = next((f.lost for f in flown if f.lost), None)
    return Verification(
        flown_cost=total,
        cost=abs(total - cost) / size,
        final_state=max(f.final for f in flown),
        trajectory=max(f.away for f in flown),
        path=max(boundary, max(f.path for f in flown)),
        bounds=max(f.bounds for f in flown),
        restarts=sum(f.restarts for f in flown),
        jump=max(f.jump for f in flown),
        finite=finite,
        lost_at=lost,
    )


@dataclass
class _Phase:
    """The flight of one phase."""

    t: Array
    x: Array
    cost: float = 0.0
    away: float = 0.0
    final: float = 0.0
    path: float = 0.0
    bounds: float = 0.0
    restarts: int = 0
    jump: float = 0.0
    lost: Lost | None = None


def _fly(
    problem: Problem,
    index: int,
    phase: FlownPhase,
    p: Array,
    scale: Array,
    restart: int,
) -> Flying[_Phase]:
    values = problem.phases[index]
    n = max(len(other.states) for other in problem.phases)
    m = max(len(other.controls) for other in problem.phases)
    n_x, n_g = len(values.states), len(values.g_lower)
    result = _Phase(phase.t, phase.x.copy())
    x = phase.x[0].copy()
    sizes = np.ones(n + 1)
    sizes[:n_x] = scale
    last, length = len(phase.t) - 1, restart or PIECE
    for at in range(0, last, length):
        points = np.minimum(np.arange(at, at + PIECE + 1), min(at + length, last))
        course = Course(
            phase.t[points][None],
            _pad(phase.u[points[:-1]], m)[None],
            _pad(phase.u[points[1:]], m)[None],
        )
        flown = yield index, problem.k, p, sizes, TOLERANCE, _pad(x[None], n), course
        states = np.asarray(flown.x)[0, :, :n_x]
        if not np.all(np.isfinite(states)):
            first = int(np.argmin(np.all(np.isfinite(states), axis=1)))
            grown = np.abs(states[max(first - 1, 0)]) / scale
            state = values.states[int(np.argmax(grown))]
            result.lost = Lost(values.name, float(phase.t[points[first]]), state)
            result.final = result.jump = np.inf
            return result
        result.x[points] = states
        result.cost += float(np.asarray(flown.cost)[0, -1])
        real = np.diff(points) > 0
        for values_at in (np.asarray(flown.path_left)[0], np.asarray(flown.path_right)[0]):
            g = values_at[real][:, :n_g]
            outside = _outside(g, values.g_lower, values.g_upper) / (
                1.0 + _magnitude(values.g_lower, values.g_upper)
            )
            result.path = max(result.path, float(np.max(outside, initial=0.0)))
        x = states[-1]
        distance = float(np.max(np.abs(x - phase.x[points[-1]]) / scale))
        result.away = max(result.away, float(np.max(np.abs(states - phase.x[points]) / scale)))
        if restart and points[-1] < last:
            result.restarts += 1
            result.jump += distance
            x = phase.x[points[-1]].copy()
    result.final = float(np.max(np.abs(x - phase.x[-1]) / scale))
    outside = _outside(phase.x, values.x_lower, values.x_upper) / scale
    pieces = [
        outside,
        _outside(phase.u, values.u_lower, values.u_upper),
        _outside(phase.x[:1], values.x0_lower, values.x0_upper) / scale,
        _outside(phase.x[-1:], values.xf_lower, values.xf_upper) / scale,
    ]
    result.bounds = max(float(np.max(piece, initial=0.0)) for piece in pieces)
    return result


def _magnitude(lower: Array, upper: Array) -> Array:
    finite = [np.where(np.isfinite(bound), np.abs(bound), 0.0) for bound in (lower, upper)]
    found: Array = np.maximum(*finite)
    return found


def _outside(values: Array, lower: Array, upper: Array) -> Array:
    """How far values lie outside their bounds."""
    found: Array = np.maximum(np.maximum(lower - values, values - upper), 0.0)
    return found


def _pad(values: Array, width: int) -> Array:
    found = np.zeros((len(values), width))
    found[:, : values.shape[1]] = values
    return found


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
