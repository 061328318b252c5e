"""Publication: a solution as points in time, so dense that linear interpolation flies the same trajectory.

Each interval is published in segments. The control polynomial is moved by the mean error of its linear
interpolation, so that every segment keeps its integral, clipped to its bounds and limited by path constraints.
Where it jumps between intervals two points stand close together. States are those flown from the interval's own
left node.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.problems.model import Problem
from app.solvers.collocation.discretization import Discretization
from app.solvers.collocation.layout import Layout, Variables
from app.solvers.collocation.limiting import largest, limited
from app.solvers.collocation.programs import LANES, SEGMENTS, Programs
from app.solvers.flight import Course

Array = NDArray[np.float64]
FLIGHT_TOLERANCE = 1e-10
JUMP = 1e-7  # of a control, relative: from here on two points are published
AMPLIFIED = 1e-9  # what the flight of an interval may miss before its segments are tried
TAMER = 10.0  # times less the segments must miss in all


@dataclass(frozen=True)
class Flights:
    """The intervals of one phase, each flown from its left node.

    `t (N, S + 1)`, `left, right (N, S, n_u)` controls of the segments, `x (N, S + 1, n_x)`, `cost (N,)`,
    `path_left, path_right (N, S, n_g)`.
    """

    t: Array
    left: Array
    right: Array
    x: Array
    cost: Array
    path_left: Array
    path_right: Array


def courses(discretization: Discretization, v: Variables) -> list[tuple[Array, Array, Array]]:
    """For each phase the segments' times (N, S + 1) and controls at their left and right ends (N, S, n_u)."""
    layout, scales = discretization.layout, discretization.scales
    t = layout.transcription
    places = np.linspace(0.0, 1.0, SEGMENTS + 1)
    basis = t.control_basis(places)
    bend = basis[2] - 2 * basis[1] + basis[0]  # of degree two at most: one second difference for all
    found = []
    for index, phase in enumerate(discretization.problem.phases):
        n_u = layout.controls[index]
        u = np.asarray(v.u)[index, :, :, :n_u] * scales.u[index, :n_u]
        values = np.einsum("ks,isu->iku", basis, u) - np.einsum("s,isu->iu", bend, u)[:, None] / 12.0
        values = np.clip(values, phase.u_lower, phase.u_upper)
        t0, tf = np.asarray(v.ends)[index, -2:] * scales.t[index]
        at = discretization.lefts()[index, :, None] + discretization.fractions[index, :, None] * places
        at[:-1, -1] = at[1:, 0]
        at[-1, -1] = 1.0
        found.append((t0 + (tf - t0) * at, values[:, :-1], values[:, 1:]))
    return found


def fly(discretization: Discretization, programs: Programs, v: Variables) -> list[Flights]:
    """Every interval of every phase flown from its left node with the control that is published.

    Where that control breaks path constraints between places it is limited. Where dynamics amplify errors so much
    that an interval cannot be flown in one, its segments are flown each from the transcription's state; what these
    miss is added up in the last state.
    """
    layout, scales = discretization.layout, discretization.scales
    p = np.asarray(v.p) * scales.p
    drawn = _drawn(discretization, v)
    found = []
    for index, course in enumerate(courses(discretization, v)):
        scale = np.append(scales.x[index], max(1.0 / scales.cost, 1e-12))

        def lanes(starts: Array, *course: Array, index: int = index, scale: Array = scale) -> list[Array]:
            return _lanes(
                programs, layout, (index, discretization.problem.k, p, scale), starts, Course(*course)
            )

        nodes, phase = drawn[index], discretization.problem.phases[index]
        size = scales.x[index, : layout.states[index]]
        whole = lanes(nodes[:, 0], *course)
        course, whole = limited(phase, lanes, whole, nodes, course, _means(discretization, v, index), size)
        x, cost, *paths = _in_pieces(lanes, whole, nodes, course, size)
        found.append(Flights(*course, x, cost[:, -1], *paths))
    return found


def _means(discretization: Discretization, v: Variables, index: int) -> Array:
    """The mean control of each interval of a phase, (N, n_u)."""
    layout, n_u = discretization.layout, discretization.layout.controls[index]
    u = np.asarray(v.u)[index, :, :, :n_u] * discretization.scales.u[index, :n_u]
    found: Array = np.einsum("s,isu->iu", layout.transcription.b, u)
    return found


def _lanes(
    programs: Programs, layout: Layout, fixed: tuple[Any, ...], starts: Array, course: Course
) -> list[Array]:
    """What `Flight.fly` gives for any number of lanes, from `starts (L, n_x)`; `fixed`: its first arguments."""
    count, n_x = starts.shape
    starts = np.pad(starts, [(0, 0), (0, layout.n - n_x)])
    pad = [(0, 0), (0, 0), (0, layout.m - course.left.shape[-1])]
    left, right = np.pad(course.left, pad), np.pad(course.right, pad)
    parts = []
    for at in range(0, count, LANES):
        lanes = np.minimum(np.arange(at, at + LANES), count - 1)
        piece = Course(np.asarray(course.t)[lanes], left[lanes], right[lanes])
        parts.append(programs.flight(*fixed, FLIGHT_TOLERANCE, starts[lanes], piece))
    x, cost, *paths = (np.concatenate([np.asarray(a) for a in z])[:count] for z in zip(*parts, strict=True))
    return [x[..., :n_x], cost, *(g[..., : layout.paths[fixed[0]]] for g in paths)]


def _in_pieces(
    lanes: Callable[..., list[Array]],
    whole: list[Array],
    drawn: Array,
    course: tuple[Array, Array, Array],
    scale: Array,
) -> list[Array]:
    """The flights of whole intervals, or of their segments where these miss far less in all."""
    missed = largest(whole[0][:, -1] - drawn[:, -1], scale)
    chosen = np.flatnonzero(missed > AMPLIFIED)
    if not chosen.size:
        return whole
    t, left, right = (part[chosen] for part in course)
    ends = np.minimum(
        np.arange(SEGMENTS)[:, None] + np.arange(SEGMENTS + 1), np.arange(1, SEGMENTS + 1)[:, None]
    )
    first = np.arange(SEGMENTS)[:, None] + np.zeros(SEGMENTS, int)  # behind it nothing is left to fly
    count = len(chosen) * SEGMENTS  # said, for there may be no controls to count by
    flat = [part.reshape(count, *part.shape[2:]) for part in (t[:, ends], left[:, first], right[:, first])]
    starts = drawn[chosen, :-1].reshape(count, drawn.shape[-1])
    x, cost, path_left, path_right = (
        part.reshape(len(chosen), SEGMENTS, *part.shape[1:]) for part in lanes(starts, *flat)
    )
    jumps = np.sum(np.abs(x[:, :, -1] - drawn[chosen, 1:]), axis=1)
    tamer = TAMER * largest(jumps, scale) < missed[chosen]
    for part, pieces in zip(whole[2:], (path_left[:, :, 0], path_right[:, :, 0]), strict=True):
        part[chosen[tamer]] = pieces[tamer]
    whole[0][chosen[tamer]] = drawn[chosen[tamer]]
    whole[0][chosen[tamer], -1] += jumps[tamer]
    whole[1][chosen[tamer], -1] = np.sum(cost[tamer, :, -1], axis=1)
    return whole


def _drawn(discretization: Discretization, v: Variables) -> list[Array]:
    """The transcription's states of each phase at the ends of segments, (N, S + 1, n_x)."""
    layout, scales = discretization.layout, discretization.scales
    basis = layout.transcription.state_basis(np.linspace(0.0, 1.0, SEGMENTS + 1))
    nodes = np.concatenate([np.asarray(v.ends)[:, None, : layout.n], np.asarray(v.x)[:, :, -1]], axis=1)
    found = []
    for index, n_x in enumerate(layout.states):
        places = np.concatenate([nodes[index, :-1, None], np.asarray(v.x)[index]], axis=1)
        found.append(np.einsum("ks,isx->ikx", basis, places[..., :n_x]) * scales.x[index, :n_x])
    return found


def unflown(discretization: Discretization, v: Variables) -> list[Flights]:
    """As `fly`, the states those of the transcription; costs and path constraints are not known (NaN)."""
    layout = discretization.layout
    found = []
    drawn = _drawn(discretization, v)
    for index, (t, left, right) in enumerate(courses(discretization, v)):
        path = np.full((*left.shape[:2], layout.paths[index]), np.nan)
        found.append(Flights(t, left, right, drawn[index], np.full(len(t), np.nan), path, path))
    return found


@dataclass(frozen=True)
class PublishedPhase:
    """What is returned of a phase: `t (m,)` increasing, `x (m, n_x)`, `u (m, n_u)`, `costate (m, n_x)`."""

    t: Array
    x: Array
    u: Array
    costate: Array
    hamiltonian: Array


def publish(
    problem: Problem, flights: list[Flights], costates: list[Array], hamiltonians: list[Array]
) -> list[PublishedPhase]:
    """The points of every phase; costates (N, S + 1, n_x) and Hamiltonians (N, S + 1) at the segments' ends."""
    found = []
    for phase, flight, costate, hamiltonian in zip(
        problem.phases, flights, costates, hamiltonians, strict=True
    ):
        span = flight.t[-1, -1] - flight.t[0, 0]
        gap = max(1e-9 * span, 8 * np.spacing(np.max(np.abs(flight.t))))
        size = 1.0 + np.max(np.abs(flight.left), axis=(0, 1), initial=0.0)
        u = np.concatenate([flight.left, flight.right[:, -1:]], axis=1)
        t, x = flight.t.copy(), flight.x.copy()
        at = np.flatnonzero(np.any(np.abs(u[1:, 0] - u[:-1, -1]) > JUMP * size, axis=1))  # jumps behind these
        earlier = np.minimum(gap / (t[at, -1] - t[at, -2]), 0.25)
        t[at, -1] -= earlier * (t[at, -1] - t[at, -2])
        x[at, -1] -= earlier[:, None] * (x[at, -1] - x[at, -2])
        kept = np.ones(t.shape, bool)
        kept[:-1, -1] = False
        kept[at, -1] = True
        t, x, u, y, h = (part[kept] for part in (t, x, u, costate, hamiltonian))
        x = np.clip(x, phase.x_lower, phase.x_upper) if _within(x, phase.x_lower, phase.x_upper) else x
        found.append(PublishedPhase(t, x, u, y, h))
    return found


def _within(x: Array, lower: Array, upper: Array) -> bool:
    """Whether states leave their bounds by rounding at most."""
    allowance = 1e-9 * (1.0 + np.max(np.abs(x), axis=0))
    return bool(np.all(x >= lower - allowance) and np.all(x <= upper + allowance))
