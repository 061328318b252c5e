"""Variations of a guess: other durations, other controls, smooth random changes, angles that turn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from app.problems.model import Problem
from app.problems.structure import PhaseStructure
from app.solvers.collocation.discretization import PhaseTrajectory, Trajectory
from app.solvers.collocation.outcome import Outcome
from app.solvers.interpolation import Interpolation

Array = NDArray[np.float64]
SEED = 20240101
GRID = np.linspace(0.0, 1.0, 33)  # of varied guesses, normalised time
WAVES = np.stack([np.sin(np.pi * (j + 1) * GRID) for j in range(4)])
WIDEST = 1e4  # half-widths of bounds beyond this say nothing of a range


def steered(problem: Problem, guess: Trajectory, random: np.random.Generator) -> Trajectory:
    """Other controls altogether, smooth and random within their ranges; the states are left to a simulation."""
    phases = []
    for phase, at in zip(problem.phases, guess.phases, strict=True):
        u = _on_grid(at.s, at.u)
        count = u.shape[1]
        with np.errstate(invalid="ignore"):
            middle = 0.5 * (phase.u_lower + phase.u_upper)
        waves = random.normal(0, 0.5, count) + WAVES.T @ random.normal(0, 0.3, (len(WAVES), count))
        u = np.where(np.isfinite(middle), middle, 0.0) + _width(phase.u_lower, phase.u_upper, u) * waves
        u = np.clip(u, phase.u_lower, phase.u_upper)
        phases.append(PhaseTrajectory(GRID, _on_grid(at.s, at.x), u, at.t0, at.tf))
    return replace(guess, phases=tuple(phases))


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
    inside, outside = np.zeros(len(phase.controls), bool), np.zeros(len(phase.controls), bool)
    for code in phase.inside:
        for place, (operation, argument, *_) in enumerate(code):
            if operation != "u":
                continue
            following = code[place + 1][0] if place + 1 < len(code) else None
            (inside if following in ("sin", "cos") else outside)[int(argument)] = True
    return inside & ~outside


def unwound(problem: Problem, outcome: Outcome) -> Trajectory | None:
    """A solution whose angles jump by about a turn from place to place, with these jumps taken back.

    From the middle of each phase outwards an angle takes the branch nearest to the place before, within its
    bounds. None where no angle changes.
    """
    d = outcome.discretization
    trajectory = outcome.trajectory()
    phases, changed = [], False
    parts = zip(problem.phases, problem.structure.phases, trajectory.phases, strict=True)
    for index, (phase, structure, at) in enumerate(parts):
        u = at.u.copy()
        places = d.places()[index].ravel()
        for j in np.flatnonzero(angles(structure)):
            values = np.asarray(outcome.variables.u)[index, :, :, j].ravel() * d.scales.u[index, j]
            straight = _straight(values, float(phase.u_lower[j]), float(phase.u_upper[j]))
            changed = changed or not np.array_equal(straight, values)
            u[:, j] = np.interp(at.s, places, straight)
        phases.append(replace(at, u=u))
    return replace(trajectory, phases=tuple(phases)) if changed else None


def _straight(values: Array, lower: float, upper: float) -> Array:
    """Angles moved by whole turns, from the middle outwards, towards the one before, within bounds."""
    found = values.copy()
    middle = len(values) // 2
    for places in (range(middle + 1, len(values)), range(middle - 1, -1, -1)):
        before = found[middle]
        for place in places:
            turns = np.round((before - found[place]) / (2.0 * np.pi))
            moved = found[place] + 2.0 * np.pi * turns
            if lower <= moved <= upper:
                found[place] = moved
            before = found[place]
    return found


def _on_grid(s: Array, columns: Array) -> Array:
    """Columns `(m, n)` over `s (m,)` on the grid of varied guesses."""
    return Interpolation(s, GRID)(columns)


def _width(lower: Array, upper: Array, values: Array) -> Array:
    """The range of a variable: half its bounds' distance, else its magnitude in the guess, else 1."""
    with np.errstate(invalid="ignore"):
        half = 0.5 * (upper - lower)
    largest = np.max(np.abs(values), axis=0, initial=0.0)
    found: Array = np.where(np.isfinite(half) & (half < WIDEST), half, np.where(largest > 0, largest, 1.0))
    return found
