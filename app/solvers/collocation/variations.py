"""Variations of a guess: other durations, other controls, smooth random changes, angles that turn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from app.problems.model import Phase, Problem
from app.problems.structure import PhaseStructure
from app.solvers.collocation.discretization import PhaseTrajectory, Trajectory

Array = NDArray[np.float64]
SEED = 20240101
GRID = np.linspace(0.0, 1.0, 33)  # of varied guesses, normalised time
WAVES = np.stack([np.sin(np.pi * (j + 1) * GRID) for j in range(4)])
WIDEST = 1e4  # half-widths of bounds beyond this say nothing of a range


def others(problem: Problem, guess: Trajectory) -> Iterator[Trajectory]:
    """Guesses far from a given one and from each other, without end; the same ones each time."""
    random = np.random.default_rng(SEED)
    free = any(phase.tf[0] < phase.tf[1] for phase in problem.phases)
    turning = any(np.any(angles(phase)) for phase in problem.structure.phases)
    if turning:
        yield turned(problem, guess, 2.0 * np.pi)
        yield turned(problem, guess, -2.0 * np.pi)
    while True:
        for size, factor in ((0.3, 1.0), (1.0, 1.0), (0.3, 0.5), (1.0, 2.0)):
            other = perturbed(problem, guess, size, random)
            yield stretched(problem, other, factor) if free else other
        if turning:
            yield turned(problem, guess, 2.0 * np.pi, float(random.uniform(-np.pi, np.pi)))


def stretched(problem: Problem, guess: Trajectory, factor: float) -> Trajectory:
    """All times from the first on multiplied, as far as the bounds of free ones allow."""
    begin = min(phase.t0 for phase in guess.phases)
    phases = []
    for phase, at in zip(problem.phases, guess.phases, strict=True):
        t0, tf = (
            float(np.clip(begin + factor * (t - begin), low, high))
            for t, (low, high, _) in ((at.t0, phase.t0), (at.tf, phase.tf))
        )
        phases.append(replace(at, t0=t0, tf=tf) if tf > t0 else at)
    return replace(guess, phases=tuple(phases))


def blended(problem: Problem, guess: Trajectory, share: float) -> Trajectory:
    """Controls moved towards the middle of their bounds."""
    phases = []
    for phase, at in zip(problem.phases, guess.phases, strict=True):
        with np.errstate(invalid="ignore"):
            middle = 0.5 * (phase.u_lower + phase.u_upper)
        u = np.where(np.isfinite(middle), (1 - share) * at.u + share * middle, at.u)
        phases.append(replace(at, u=u))
    return replace(guess, phases=tuple(phases))


def perturbed(problem: Problem, guess: Trajectory, size: float, random: np.random.Generator) -> Trajectory:
    """Smooth random changes of states and controls, of the size of their ranges, and of durations."""
    phases = []
    for phase, at in zip(problem.phases, guess.phases, strict=True):
        x, u = _on_grid(at.s, at.x), _on_grid(at.s, at.u)
        x = x + size * _width(phase.x_lower, phase.x_upper, x) * (
            WAVES.T @ random.normal(0, 0.3, (4, x.shape[1]))
        )
        u = u + size * _width(phase.u_lower, phase.u_upper, u) * (
            random.normal(0, 0.3, u.shape[1]) + WAVES.T @ random.normal(0, 0.3, (4, u.shape[1]))
        )
        x, u = np.clip(x, phase.x_lower, phase.x_upper), np.clip(u, phase.u_lower, phase.u_upper)
        stretch = float(np.exp(size * random.normal(0, 0.3)))
        tf = float(np.clip(at.t0 + stretch * (at.tf - at.t0), phase.tf[0], phase.tf[1]))
        phases.append(PhaseTrajectory(GRID, x, u, at.t0, tf))
    return replace(guess, phases=tuple(phases))


def turned(problem: Problem, guess: Trajectory, turn: float, begin: float = 0.0) -> Trajectory:
    """Controls that are angles run from `begin` (rad) through `turn` over the whole horizon, within bounds."""
    first, last = guess.phases[0].t0, guess.phases[-1].tf
    phases = []
    parts = zip(problem.phases, problem.structure.phases, guess.phases, strict=True)
    for phase, structure, at in parts:
        u = _on_grid(at.s, at.u)
        t = at.t0 + (at.tf - at.t0) * GRID
        ramp = begin + turn * (t - first) / max(last - first, 1e-12)
        u = np.where(angles(structure), ramp[:, None], u)
        u = np.clip(u, phase.u_lower, phase.u_upper)
        phases.append(PhaseTrajectory(GRID, _on_grid(at.s, at.x), u, at.t0, at.tf))
    return replace(guess, phases=tuple(phases))


def angles(phase: PhaseStructure) -> NDArray[np.bool_]:
    """Which controls are angles: met only as the argument of a sine or cosine, and met at all, (n_u,)."""
    codes = [*phase.definitions, *phase.dynamics, *phase.path]
    if phase.running_cost is not None:
        codes.append(phase.running_cost)
    inside, outside = np.zeros(len(phase.controls), bool), np.zeros(len(phase.controls), bool)
    for code in codes:
        for place, (operation, argument, *_) in enumerate(code):
            if operation != "u":
                continue
            following = code[place + 1][0] if place + 1 < len(code) else None
            (inside if following in ("sin", "cos") else outside)[int(argument)] = True
    return inside & ~outside


def unwound(phase: Phase, structure: PhaseStructure, u: Array) -> Array:
    """Controls `u (m, n_u)` in time, angles moved by whole turns to lie within half a turn of the one before.

    Angles with bounds stay as they are.
    """
    loose = np.isinf(phase.u_lower) & np.isinf(phase.u_upper) & angles(structure)
    found: Array = np.where(loose, np.unwrap(u, axis=0), u)
    return found


def _on_grid(s: Array, columns: Array) -> Array:
    """Columns `(m, n)` over `s (m,)` on the grid of varied guesses."""
    found = [np.interp(GRID, s, column) for column in columns.T]
    return np.stack(found, axis=1) if found else np.zeros((len(GRID), 0))


def _width(lower: Array, upper: Array, values: Array) -> Array:
    """The range of a variable: half its bounds' distance, else its magnitude in the guess, else 1."""
    with np.errstate(invalid="ignore"):
        half = 0.5 * (upper - lower)
    largest = np.max(np.abs(values), axis=0, initial=0.0)
    found: Array = np.where(np.isfinite(half) & (half < WIDEST), half, np.where(largest > 0, largest, 1.0))
    return found
