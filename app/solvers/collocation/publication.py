"""Publication: a solution as points in time, so dense that linear interpolation flies the same trajectory.

Each interval is published in segments. The control polynomial is moved by the mean error of its linear
interpolation, so that every segment keeps its integral, and clipped to its bounds. Where it jumps between
intervals two points stand close together. States are those flown from the interval's own left node.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.problems.model import Problem
from app.solvers.collocation.discretization import Discretization
from app.solvers.collocation.layout import Variables
from app.solvers.collocation.programs import LANES, SEGMENTS, Programs
from app.solvers.flight import Course

Array = NDArray[np.float64]
FLIGHT_TOLERANCE = 1e-10
JUMP = 1e-7  # of a control, relative: from here on two points are published


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
    """Every interval of every phase flown from its left node with the control that is published."""
    layout, scales = discretization.layout, discretization.scales
    p = np.asarray(v.p) * scales.p
    x_all = np.concatenate([np.asarray(v.ends)[:, None, : layout.n], np.asarray(v.x)[:, :, -1]], axis=1)
    found = []
    for index, (t, left, right) in enumerate(courses(discretization, v)):
        n_x, n_u, n_g = layout.states[index], layout.controls[index], layout.paths[index]
        pad = [(0, 0), (0, 0), (0, layout.m - n_u)]
        scale = np.append(scales.x[index], max(1.0 / scales.cost, 1e-12))
        starts = x_all[index, :-1] * scales.x[index]
        parts = []
        for at in range(0, layout.intervals, LANES):
            lanes = np.minimum(np.arange(at, at + LANES), layout.intervals - 1)
            course = Course(t[lanes], np.pad(left[lanes], pad), np.pad(right[lanes], pad))
            parts.append(
                programs.flight(
                    index, discretization.problem.k, p, scale, FLIGHT_TOLERANCE, starts[lanes], course
                )
            )
        n = layout.intervals
        x, cost, path_left, path_right = (
            np.concatenate([np.asarray(a) for a in z])[:n] for z in zip(*parts, strict=True)
        )
        found.append(
            Flights(t, left, right, x[..., :n_x], cost[:, -1], path_left[..., :n_g], path_right[..., :n_g])
        )
    return found


def unflown(discretization: Discretization, v: Variables) -> list[Flights]:
    """As `fly`, the states those of the transcription; costs and path constraints are not known (NaN)."""
    layout, scales = discretization.layout, discretization.scales
    basis = layout.transcription.state_basis(np.linspace(0.0, 1.0, SEGMENTS + 1))
    nodes = np.concatenate([np.asarray(v.ends)[:, None, : layout.n], np.asarray(v.x)[:, :, -1]], axis=1)
    found = []
    for index, (t, left, right) in enumerate(courses(discretization, v)):
        n_x = layout.states[index]
        places = np.concatenate([nodes[index, :-1, None], np.asarray(v.x)[index]], axis=1)[..., :n_x]
        x = np.einsum("ks,isx->ikx", basis, places) * scales.x[index, :n_x]
        path = np.full((*left.shape[:2], layout.paths[index]), np.nan)
        found.append(Flights(t, left, right, x, np.full(len(t), np.nan), path, path))
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
        count = flight.t.shape[0]
        span = flight.t[-1, -1] - flight.t[0, 0]
        gap = max(1e-9 * span, 8 * np.spacing(np.max(np.abs(flight.t))))
        size = 1.0 + np.max(np.abs(flight.left), axis=(0, 1), initial=0.0)
        rows = []
        for i in range(count):
            last = i == count - 1
            u = np.concatenate([flight.left[i], flight.right[i, -1:]])
            jumps = not last and np.any(np.abs(flight.left[i + 1, 0] - flight.right[i, -1]) > JUMP * size)
            keep = SEGMENTS + 1 if last or jumps else SEGMENTS
            t = flight.t[i, :keep].copy()
            if jumps:
                t[-1] -= min(gap, 0.25 * (t[-1] - t[-2]))
            rows.append((t, flight.x[i, :keep], u[:keep], costate[i, :keep], hamiltonian[i, :keep]))
        t, x, u, y, h = (np.concatenate(column) for column in zip(*rows, strict=True))
        x = np.clip(x, phase.x_lower, phase.x_upper) if _within(x, phase.x_lower, phase.x_upper) else x
        found.append(PublishedPhase(t, x, u, y, h))
    return found


def _within(x: Array, lower: Array, upper: Array) -> bool:
    """Whether states leave their bounds by rounding at most."""
    allowance = 1e-9 * (1.0 + np.max(np.abs(x), axis=0))
    return bool(np.all(x >= lower - allowance) and np.all(x <= upper + allowance))
