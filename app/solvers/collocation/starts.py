"""Starts: from the guess given, in other ways and from others where that fails, and from more for a better
optimum."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain, islice

import numpy as np
from numpy.typing import NDArray

from app.problems.model import Problem
from app.solvers.collocation.discretization import Trajectory, guess_of
from app.solvers.collocation.interior_point import INFEASIBLE
from app.solvers.collocation.kinks import first_mesh
from app.solvers.collocation.mesh import SIZES
from app.solvers.collocation.outcome import Outcome
from app.solvers.collocation.simulation import simulated
from app.solvers.collocation.solving import Solving, Start
from app.solvers.collocation.variations import (
    SEED,
    angles,
    blended,
    perturbed,
    steered,
    stretched,
    turned,
    unwound,
)

Array = NDArray[np.float64]
Way = Callable[[Solving, Array, Trajectory, Start], Outcome]
QUADRATIC = 3  # iterations within which linear-quadratic problems are solved: these have one optimum
HELD = Start(held=True, tolerance=1e-4, iterations=150)
FURTHER = Start()  # of guesses beyond the first that leads somewhere
WORTH = 0.05  # relative: the optimum near the guess is left for one that is so much better
SAME = 1e-5  # relative difference of the costs of one and the same optimum
CERTAIN = 0.05  # relative: violations of restorations that ended at the same place
FINER, FINER_WAYS = 4, 4  # times finer a second first mesh, and the ways that are tried on it
AGREED = 6  # restorations that end at one violation before a problem counts as infeasible


def first_outcomes(
    solving: Solving, fractions: Array, count: int, first: Outcome | None = None
) -> list[Outcome]:
    """Different solutions on the first mesh from `count` guesses; if there is none, the most feasible point.

    `first`: what the guess given leads to, where that is known.
    """
    if first is None or not first.solved:
        first = _first(solving, fractions)
    if not first.solved:
        first = _on_finer(solving, first)
    if not first.solved or first.iterations <= QUADRATIC:
        return [first]
    found = [first]
    fractions = first.discretization.fractions
    for guess, start, way in islice(_further(solving.problem), count - 1):
        if solving.budget.over:
            break
        outcome = way(solving, fractions, guess, start)
        if outcome.solved:
            found = _with(found, outcome)
    if all(first.cost - outcome.cost <= WORTH * abs(first.cost) for outcome in found):
        found = [first]
    best = min(found, key=lambda outcome: outcome.cost)
    straight = None if count == 1 or solving.budget.over else unwound(solving.problem, best)
    if straight is not None:
        d = best.discretization
        outcome = solving.solve(d, straight, Start(mu=1e-3), best.multipliers_on(d))
        found = _with(found, outcome) if outcome.solved else found
    return found


def _with(found: list[Outcome], new: Outcome) -> list[Outcome]:
    """Solutions with one more; of those with the same cost the most exact one stays."""
    same = [other for other in found if not _differ(new.cost, other.cost)]
    if same and min(other.error for other in same) <= new.error:
        return found
    return [other for other in found if _differ(new.cost, other.cost)] + [new]


def _differ(a: float, b: float) -> bool:
    return abs(a - b) > SAME * max(abs(a), abs(b), 1e-8)


def _first(solving: Solving, fractions: Array) -> Outcome:
    """A solution from the guess given or, where that fails, from another or in another way."""
    best = _plain(solving, fractions, guess_of(solving.problem), Start())
    restored: list[Outcome] = []
    for guess, start, way in _ways(solving.problem):
        if best.solved or solving.budget.over:
            break
        outcome = way(solving, fractions, guess, start)
        best = _better(outcome, best)
        if outcome.status == INFEASIBLE and outcome.consistent:
            restored.append(outcome)
        least = min((other.violation for other in restored), default=0.0)
        agreeing = [other for other in restored if other.violation < (1.0 + CERTAIN) * least]
        if len(agreeing) >= AGREED:
            return replace(agreeing[0], certain=True)
    return best


def _better(new: Outcome, old: Outcome) -> Outcome:
    """A solution, else the point that violates less in all."""
    return new if new.solved or new.violation < old.violation else old


def _on_finer(solving: Solving, best: Outcome) -> Outcome:
    """As `_first`, on a finer mesh: on one too coarse a problem may have no solution, or none worth having."""
    problem = solving.problem
    intervals = FINER * best.discretization.layout.intervals
    if best.certain or intervals > SIZES[-1]:
        return best
    fractions = first_mesh(problem, intervals)
    for guess, start, way in chain(
        [(guess_of(problem), Start(), _plain)], islice(_ways(problem), FINER_WAYS)
    ):
        if best.solved or solving.budget.over or solving.budget.rushed:
            break
        outcome = way(solving, fractions, guess, start)
        best = outcome if outcome.solved else best
    return best


def _plain(solving: Solving, fractions: Array, guess: Trajectory, start: Start) -> Outcome:
    return solving.solve(solving.discretize(fractions, guess), guess, start)


def _held(solving: Solving, fractions: Array, guess: Trajectory, start: Start) -> Outcome:
    """A feasible trajectory first, at the times of the guess and with controls near it; then the problem."""
    discretization = solving.discretize(fractions, guess)
    feasible = solving.solve(discretization, guess, HELD)
    return solving.solve(discretization, feasible.trajectory(), start)


def _simulated(solving: Solving, fractions: Array, guess: Trajectory, start: Start) -> Outcome:
    """From the states to which the guessed controls lead."""
    return _plain(solving, fractions, simulated(solving, guess, fractions.shape[1]), start)


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


def _further(problem: Problem) -> Iterator[tuple[Trajectory, Start, Way]]:
    """Guesses for other optima, how to start from them, and in which way; without end, the same each time."""
    given = guess_of(problem)
    random = np.random.default_rng(SEED)
    turning = any(np.any(angles(phase)) for phase in problem.structure.phases)
    free = any(phase.tf[0] < phase.tf[1] for phase in problem.phases)
    if turning:
        yield turned(problem, given, 2.0 * np.pi), FURTHER, _plain
    if free:
        yield stretched(problem, given, 2.0), replace(FURTHER, mu=1e-2), _held
    while True:
        yield steered(problem, given, random), FURTHER, _simulated
        for size, factor in ((0.3, 1.0), (1.0, 0.5), (1.0, 2.0)):
            other = perturbed(problem, given, size, random)
            yield (stretched(problem, other, factor) if free else other), FURTHER, _plain
        if turning:
            begin, turn = random.uniform(-np.pi, np.pi, 2)
            yield turned(problem, given, 2.0 * float(turn), float(begin)), FURTHER, _plain


def _ways(problem: Problem) -> Iterator[tuple[Trajectory, Start, Way]]:
    """Further guesses, how to start from them, and in which way."""
    given = guess_of(problem)
    feasible_first, careful = Start(restoring=True), Start(reach=1.0)
    free = any(phase.tf[0] < phase.tf[1] for phase in problem.phases)
    for factor in (1.0, 2.0) if free else (1.0,):
        yield stretched(problem, given, factor), Start(mu=1e-2), _held
    yield given, Start(), _simulated
    yield given, Start(estimating=True), _plain
    yield given, feasible_first, _plain
    random = np.random.default_rng(SEED)
    near = perturbed(problem, given, 0.03, random)
    yield near, Start(), _plain
    for factor in (4.0, 0.5) if free else ():
        yield stretched(problem, given, factor), Start(mu=1e-2), _held
    yield near, feasible_first, _plain
    yield given, careful, _plain
    yield near, careful, _softly
    middle = blended(problem, given, 0.5)
    yield middle, Start(), _plain
    yield middle, feasible_first, _plain
    for size in (0.1, 0.3, 1.0):
        other = perturbed(problem, given, size, random)
        yield other, careful, _plain
        yield other, feasible_first, _plain
        yield other, careful, _softly
