"""Refinement: from a solution on the first mesh to one whose published control can be flown."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from app.solvers.collocation.chattering import NOTICEABLE, oscillation, smoothed
from app.solvers.collocation.discretization import guess_of
from app.solvers.collocation.interior_point import ACCEPTABLE_ERROR, CONVERGED
from app.solvers.collocation.measurement import Answer, measured
from app.solvers.collocation.mesh import refine
from app.solvers.collocation.outcome import Outcome
from app.solvers.collocation.result import allowance, verified
from app.solvers.collocation.solving import Solving, Start

LARGEST = 1024  # intervals of a refined mesh
CALMING = 1e-3, 1e-2, 1e-1, 1.0, 10.0
"""Pulls on (scaled) controls that chatter, towards their moving average."""
HOLDING = 1e-2, 1.0
"""Pulls on controls that leave a finer mesh without a solution: on a singular arc the cost of short intervals
hardly tells one control from another, so that steps go astray. `_settled` takes them back in the end."""
CALM_COST = 1e-4, 5e-2  # relative rise of the cost that calming may bring: at least, at most, else its error
SETTLING, WEAKER = 16, 0.1**0.5  # solves at the end, with a pull so much weaker each time
WARM = 1e-5  # barrier parameter of a solve that starts from a solution on another mesh, multipliers and all
PLACED = 2  # times that the intervals of a mesh are placed anew where refinement may still follow
STALLED = 3  # meshes without a smaller error after which refinement ends, if the cost stands still too


def meshed(solving: Solving, first: Answer, tolerance: float, refinements: int, largest: int) -> Answer:
    """A mesh of `largest` intervals at most, placed anew until the error meets the tolerance; not verified."""
    current = first
    for _ in range(min(PLACED, refinements)):
        if not current.outcome.solved or current.miss <= tolerance or solving.budget.over:
            break
        current, _ = _finer(solving, current, tolerance, 0.0, False, largest)
    return current


def refined(solving: Solving, first: Answer, tolerance: float, refinements: int, reach: float) -> Answer:
    """Meshes refined until the error meets the tolerance, or no better mesh is found within the budget.

    What can be flown is verified. `reach`: the progress (0..1) that is made by the end.
    """
    if not first.outcome.solved or first.error is None:
        return first
    began = solving.fraction
    current, smooth = _calmed(solving, first, 0.0)
    if (
        solving.transcription.left
    ):  # controls of neighbours are not one: their number matters beside the flights
        current = replace(current, coarse=np.inf)
    best, stalled, goal, change = current, 0, tolerance, np.inf
    for count in range(refinements):
        if solving.budget.over:
            break
        if current.miss <= goal:
            current = best = verified(solving, current, tolerance)
            still = current.outcome.status == CONVERGED or change < allowance(tolerance)
            if best.passed(allowance(tolerance)) and current.outcome.error <= ACCEPTABLE_ERROR and still:
                break
            goal *= 0.1  # dynamics amplify what intervals miss: each must miss less
        solving.fraction = began + (reach - began) * (count + 1) / (refinements + 1)
        halve = current.miss == current.coarse > goal
        new, smooth = _finer(solving, current, goal * 0.1**stalled, smooth, halve)
        if not new.outcome.solved:
            break
        change = abs(new.outcome.cost - current.outcome.cost) / max(abs(new.outcome.cost), 1e-8)
        if solving.transcription.left:
            new = replace(new, coarse=change / (2.0**solving.transcription.order - 1.0))
        stalled = stalled + 1 if new.miss > 0.7 * current.miss else 0
        current = new
        if current.miss <= best.miss:
            best = current
        if stalled >= STALLED and change < tolerance:
            break
    best = verified(solving, best, tolerance)
    return _released(solving, best, smooth, tolerance) if smooth else best


def _released(solving: Solving, best: Answer, smooth: float, tolerance: float) -> Answer:
    """The answer with its pull taken back as far as it can still be flown."""
    settled = verified(solving, _settled(solving, best, smooth, tolerance), tolerance)
    if best.passed(allowance(tolerance)) and not settled.passed(allowance(tolerance)):
        return replace(best, pulled=_fall(best.outcome.cost, settled.outcome.cost))
    return settled


def _finer(
    solving: Solving, answer: Answer, tolerance: float, smooth: float, halve: bool, largest: int = LARGEST
) -> tuple[Answer, float]:
    """The next mesh, started from the solution on this one; with it the pull that keeps controls calm."""
    old, error = answer.outcome, answer.error
    if error is None:
        return answer, smooth
    fractions = refine(old.discretization.fractions, error, 0.3 * tolerance, largest)
    if halve and 2 * old.discretization.layout.intervals <= LARGEST:
        fractions = np.repeat(0.5 * old.discretization.fractions, 2, axis=1)
    if solving.budget.rushed and not solving.ready(fractions.shape[1]):
        fractions = refine(
            old.discretization.fractions, error, 0.3 * tolerance, old.discretization.layout.intervals
        )
    trajectory = old.trajectory()
    discretization = solving.discretize(fractions, trajectory, old.discretization.scales)
    multipliers = old.multipliers_on(discretization)
    control = smoothed(old, discretization)
    start = Start(mu=WARM, smooth=smooth)
    found = solving.solve(discretization, trajectory, start, multipliers, "refine", control)
    if not found.solved and not solving.budget.over:
        found = solving.solve(discretization, trajectory, Start(smooth=smooth), None, "refine", control)
    for weight in HOLDING:
        if found.solved or solving.budget.over:
            break
        if weight <= smooth:
            continue
        held = replace(start, smooth=weight)
        found = solving.solve(discretization, trajectory, held, multipliers, "refine", control)
        smooth = weight if found.solved else smooth
    if not found.solved and not solving.budget.over:
        guess = guess_of(solving.problem)
        found = solving.solve(solving.discretize(fractions, guess), guess, Start(), None, "refine")
    new = measured(solving, found)
    return _calmed(solving, new, smooth) if found.solved else (new, smooth)


def _settled(solving: Solving, answer: Answer, smooth: float, tolerance: float) -> Answer:
    """The last mesh solved again and again while the cost still falls, the pull weakened while controls stay calm.

    Where they do not, steps of the proximal-point method follow at the last pull that kept them calm. What the
    pull may still cost (`pulled`) is seen from the last step, and from controls that did not stay calm; where the
    budget left no step, it may be anything.
    """
    allowed = max(3.0 * answer.miss, 3.0 * tolerance)
    weaker, fall, least = WEAKER, -np.inf, np.inf
    for _ in range(SETTLING):
        if solving.budget.over:
            break
        old = answer.outcome
        found = _pulled(solving, old, weaker * smooth, WARM)
        new = measured(solving, found) if found.solved else None
        if new is None or new.miss > allowed or oscillation(found) >= NOTICEABLE:
            least = least if new is None else min(least, found.cost + new.cost_error * abs(found.cost))
            if weaker == 1.0:
                break
            weaker = 1.0
            continue
        answer, smooth = new, weaker * smooth
        fall = _fall(old.cost, found.cost)
        if fall < 0.1 * tolerance:
            break
    pulled = max(fall, _fall(answer.outcome.cost, least))
    unknown = pulled == -np.inf and solving.budget.over
    return replace(answer, pulled=np.inf if unknown else max(pulled, 0.0))


def _fall(old: float, new: float) -> float:
    """By how much a cost is lower, relative."""
    return (old - new) / max(abs(old), 1e-8)


def _calmed(solving: Solving, answer: Answer, smooth: float) -> tuple[Answer, float]:
    """The same mesh solved again while its controls chatter, pulled towards their moving average.

    On a singular arc that costs no more than the mesh errs in the cost; where it does, the controls swing for a
    reason, as a thrust does that turns with every revolution of an orbit.
    """
    first, before = answer, smooth
    outcome = first.outcome
    allowed = float(np.clip(answer.cost_error, *CALM_COST)) * abs(outcome.cost)
    for weight in CALMING:
        if solving.budget.over or oscillation(outcome) < NOTICEABLE:
            break
        if weight <= smooth:
            continue
        found = _pulled(solving, outcome, weight, 1e-2)
        if not found.solved or found.cost - first.outcome.cost > allowed:
            return first, before
        outcome, smooth = found, weight
    return (first if outcome is first.outcome else measured(solving, outcome)), smooth


def _pulled(solving: Solving, outcome: Outcome, weight: float, mu: float) -> Outcome:
    """The same mesh solved again, controls pulled towards their moving average with a weight."""
    d = outcome.discretization
    start = Start(mu=mu, smooth=weight)
    multipliers = outcome.multipliers_on(d)
    return solving.solve(d, outcome.trajectory(), start, multipliers, "refine", smoothed(outcome, d))
