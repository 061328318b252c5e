"""Simulated guesses: the guessed controls flown through the dynamics, so that a start obeys them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from app.solvers.collocation.discretization import PhaseTrajectory, Trajectory
from app.solvers.collocation.scaling import Scales
from app.solvers.collocation.solving import Solving
from app.solvers.flight import Course
from app.solvers.interpolation import Interpolation
from app.solvers.verification import PIECE

Array = NDArray[np.float64]
TOLERANCE = 1e-6


def simulated(solving: Solving, guess: Trajectory, intervals: int) -> Trajectory:
    """The guess with the states that its controls give from its initial states, phase by phase.

    States are kept within their bounds; from where a flight is lost the last good state stands.
    """
    layout = solving.layout(intervals)
    scales = Scales.of(solving.problem, layout)
    journey = solving.programs(layout).journey
    s = np.linspace(0.0, 1.0, PIECE + 1)
    phases = []
    for index, (phase, at) in enumerate(zip(solving.problem.phases, guess.phases, strict=True)):
        n_x, n_u = layout.states[index], layout.controls[index]
        u = np.zeros((len(s), layout.m))
        u[:, :n_u] = Interpolation(at.s, s)(at.u)
        start = np.zeros((1, layout.n))
        start[0, :n_x] = np.clip(at.x[0], phase.x0_lower, phase.x0_upper)
        sizes = np.append(scales.x[index], 1.0)
        course = Course((at.t0 + (at.tf - at.t0) * s)[None], u[None, :-1], u[None, 1:])
        flown = journey(index, solving.problem.k, guess.p, sizes, TOLERANCE, start, course)
        x = _held_from_loss(np.asarray(flown.x)[0, :, :n_x])
        x = np.clip(x, phase.x_lower, phase.x_upper)
        phases.append(PhaseTrajectory(s, x, u[:, :n_u], at.t0, at.tf))
    return replace(guess, phases=tuple(phases))


def _held_from_loss(x: Array) -> Array:
    """States `(m, n)` with those that are lost (not finite) replaced by the last before."""
    good = np.all(np.isfinite(x), axis=1)
    last = len(x) if np.all(good) else int(np.argmin(good))
    found: Array = x[np.minimum(np.arange(len(x)), max(last - 1, 0))]
    return found
