"""Starts: from the guess given, and from others where that one fails or may have led to a poor optimum."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from app.problems.model import Problem
from app.solvers.collocation.discretization import PhaseTrajectory, Trajectory, guess_of
from app.solvers.collocation.outcome import Outcome
from app.solvers.collocation.solving import Solving, Start

Array = NDArray[np.float64]


def first_outcome(solving: Solving, fractions: Array) -> Outcome:
    """A solution on the first mesh: from the guess, else in other ways and from other guesses."""
    best = _plain(solving, fractions, guess_of(solving.problem), Start())
    for guess, start, softly in _ways(solving.problem):
        if best.solved or solving.budget.late:
            break
        outcome = (_softly if softly else _plain)(solving, fractions, guess, start)
        if outcome.solved or outcome.primal < best.primal:
            best = outcome
    return best


def _plain(solving: Solving, fractions: Array, guess: Trajectory, start: Start) -> Outcome:
    return solving.solve(solving.discretize(fractions, guess), guess, start)


def _softly(solving: Solving, fractions: Array, guess: Trajectory, start: Start) -> Outcome:
    """Fixed final states and equalities begin as penalties, which are hardened step by step."""
    discretization = solving.discretize(fractions, guess)
    for weight in (1.0, 1e2, 1e4):
        soft = Start(
            elastic=1.0 / weight,
            soft_ends=weight,
            tolerance=1e-2,
            floor=1e-3,
            iterations=100,
            reach=start.reach,
        )
        guess = solving.solve(discretization, guess, soft).trajectory()
    return solving.solve(discretization, guess, replace(start, mu=1e-2))


def _ways(problem: Problem) -> Iterator[tuple[Trajectory, Start, bool]]:
    """Further guesses, how to start from them, and whether to harden constraints step by step."""
    given = guess_of(problem)
    feasible_first, careful = Start(restoring=True), Start(reach=1.0)
    yield given, feasible_first, False
    random = np.random.default_rng(20240101)
    near = _perturbed(problem, given, 0.03, random)
    yield near, Start(), False
    yield near, feasible_first, False
    yield given, careful, False
    yield near, careful, True
    middle = _blended(problem, given, 0.5)
    yield middle, Start(), False
    yield middle, feasible_first, False
    for size in (0.1, 0.3, 1.0):
        other = _perturbed(problem, given, size, random)
        yield other, careful, False
        yield other, feasible_first, False
        yield other, careful, True


def _blended(problem: Problem, guess: Trajectory, control: float) -> Trajectory:
    """Controls moved towards the middle of their bounds."""
    phases = []
    for phase, at in zip(problem.phases, guess.phases, strict=True):
        with np.errstate(invalid="ignore"):
            middle = 0.5 * (phase.u_lower + phase.u_upper)
        u = np.where(np.isfinite(middle), (1 - control) * at.u + control * middle, at.u)
        phases.append(replace(at, u=u))
    return replace(guess, phases=tuple(phases))


def _perturbed(problem: Problem, guess: Trajectory, size: float, random: np.random.Generator) -> Trajectory:
    """Smooth random changes of states and controls, of the size of their ranges."""
    s = np.linspace(0.0, 1.0, 33)
    waves = np.stack([np.sin(np.pi * (j + 1) * s) for j in range(4)])
    phases = []
    for phase, at in zip(problem.phases, guess.phases, strict=True):
        x = np.stack([np.interp(s, at.s, column) for column in at.x.T], axis=1)
        u = (
            np.stack([np.interp(s, at.s, column) for column in at.u.T], axis=1)
            if at.u.size
            else np.zeros((33, at.u.shape[1]))
        )
        x = x + size * _width(phase.x_lower, phase.x_upper, x) * (
            waves.T @ random.normal(0, 0.3, (4, x.shape[1]))
        )
        u = u + size * _width(phase.u_lower, phase.u_upper, u) * (
            random.normal(0, 0.3, u.shape[1]) + waves.T @ random.normal(0, 0.3, (4, u.shape[1]))
        )
        x, u = np.clip(x, phase.x_lower, phase.x_upper), np.clip(u, phase.u_lower, phase.u_upper)
        stretch = float(np.exp(size * random.normal(0, 0.3)))
        tf = float(np.clip(at.t0 + stretch * (at.tf - at.t0), phase.tf[0], phase.tf[1]))
        phases.append(PhaseTrajectory(s, x, u, at.t0, tf))
    return replace(guess, phases=tuple(phases))


def _width(lower: Array, upper: Array, values: Array) -> Array:
    """The range of a variable: half its bounds' distance, else its magnitude in the guess, else 1."""
    with np.errstate(invalid="ignore"):
        half = 0.5 * (upper - lower)
    largest = np.max(np.abs(values), axis=0, initial=0.0)
    found: Array = np.where(np.isfinite(half) & (half < 1e4), half, np.where(largest > 0, largest, 1.0))
    return found
