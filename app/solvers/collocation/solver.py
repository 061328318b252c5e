"""The solver: from a checked request to a verified result.

First mesh, further starts where it pays, refinement driven by flights of the published control, verification.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.problems.model import Problem, parse
from app.solvers.collocation.chattering import NOTICEABLE, oscillation, smoothed
from app.solvers.collocation.mesh import LARGE_JUMP, MeshError, refine, size_for, uniform
from app.solvers.collocation.outcome import Outcome
from app.solvers.collocation.publication import Flights, fly
from app.solvers.collocation.result import Answer, allowance, result_of, verified
from app.solvers.collocation.solving import Budget, Solving, Start
from app.solvers.collocation.starts import first_outcome
from app.solvers.collocation.transcription import TRANSCRIPTIONS
from app.solvers.compilation import Program
from app.solvers.progress import Progress
from app.solvers.request import CheckedRequest

Array = NDArray[np.float64]
log = logging.getLogger(__name__)
LARGEST = 1024  # intervals of a refined mesh
CALMING = (1e-3, 1e-2, 1e-1)  # pulls on (scaled) controls that chatter, towards their moving average
CALM_COST = 1e-4  # relative rise of the cost that calming may bring on one mesh
SETTLING = 5  # times the pull is weakened in the end
WARM = 1e-3  # barrier parameter of a solve that starts from a solution on another mesh


def solve(request: CheckedRequest, report: Callable[[Progress], None]) -> dict[str, Any]:
    """The result of a request of type `collocation`."""
    return solve_problem(parse(request.problem), request.options, report)


def solve_problem(
    problem: Problem, options: dict[str, Any], report: Callable[[Progress], None]
) -> dict[str, Any]:
    """The result of one problem (of a sweep: its first row)."""
    began, before = time.perf_counter(), Program.total
    budget = Budget.of(options["max_iterations"], options["time_limit_s"])
    solving = Solving(problem, TRANSCRIPTIONS[options["transcription"]], budget, report)
    size = size_for(options["mesh_intervals"])
    outcome = first_outcome(solving, uniform(len(problem.phases), size))
    answer = _refined(solving, outcome, options["tolerance"], options["max_refinements"])
    result = result_of(solving, answer, options["tolerance"], options["monte_carlo"])
    compiled = Program.total - before
    result["timings"] = {
        "queue_s": 0.0,
        "compile_s": compiled,
        "solve_s": max(0.0, time.perf_counter() - began - compiled),
    }
    return result


def _refined(solving: Solving, outcome: Outcome, tolerance: float, refinements: int) -> Answer:
    """Meshes refined until the error meets the tolerance, or no better mesh is found within the budget."""
    if not outcome.solved:
        return measured(solving, outcome)
    outcome, smooth = _calmed(solving, outcome, 0.0)
    best = measured(solving, outcome)
    current, stalled = best, 0
    goal = tolerance
    for count in range(refinements):
        if solving.budget.late:
            break
        if current.error.total <= goal:
            if verified(solving, current, tolerance).passed(allowance(tolerance)):
                break
            goal *= 0.1  # dynamics amplify what intervals miss: each must miss less
        solving.fraction = 0.4 + 0.5 * (count + 1) / (refinements + 1)
        new, smooth = _finer(solving, current, goal, smooth)
        if not new.outcome.solved:
            break
        change = abs(new.outcome.cost - current.outcome.cost) / max(abs(new.outcome.cost), 1e-8)
        stalled = stalled + 1 if new.error.total > 0.7 * current.error.total else 0
        current = new
        if current.error.total <= best.error.total:
            best = current
        if stalled >= 3 and change < tolerance:
            break
    return _settled(solving, best, smooth, tolerance) if smooth else best


def _finer(solving: Solving, answer: Answer, tolerance: float, smooth: float) -> tuple[Answer, float]:
    """The next mesh, started from the solution on this one; with it the pull that keeps controls calm."""
    old = answer.outcome
    fractions = refine(old.discretization.fractions, answer.error, 0.3 * tolerance, LARGEST)
    trajectory = old.trajectory()
    discretization = solving.discretize(fractions, trajectory, old.discretization.scales)
    multipliers = old.multipliers_on(discretization)
    control = smoothed(old, discretization)
    start = Start(mu=WARM, smooth=smooth)
    found = solving.solve(discretization, trajectory, start, multipliers, "refine", control)
    if not found.solved and not solving.budget.late:
        found = solving.solve(discretization, trajectory, Start(smooth=smooth), None, "refine", control)
    if found.solved:
        found, smooth = _calmed(solving, found, smooth)
    return measured(solving, found), smooth


def _settled(solving: Solving, answer: Answer, smooth: float, tolerance: float) -> Answer:
    """The pull weakened step by step on the last mesh, while the control stays calm and the cost still falls."""
    allowed = 3.0 * max(answer.error.total, tolerance)
    for _ in range(SETTLING):
        if solving.budget.late:
            break
        old = answer.outcome
        d = old.discretization
        smooth *= 0.1**0.5
        start = Start(mu=WARM, smooth=smooth)
        multipliers = old.multipliers_on(d)
        found = solving.solve(d, old.trajectory(), start, multipliers, "refine", smoothed(old, d))
        if not found.solved or oscillation(found) > NOTICEABLE:
            break
        new = measured(solving, found)
        if new.error.total > allowed:
            break
        answer = new
        if abs(found.cost - old.cost) < 0.1 * tolerance * abs(old.cost):
            break
    return answer


def _calmed(solving: Solving, outcome: Outcome, smooth: float) -> tuple[Outcome, float]:
    """The same mesh solved again while its controls chatter, pulled towards their moving average.

    On a singular arc that costs next to nothing; where it does cost, the controls swing for a reason.
    """
    first, before = outcome, smooth
    allowed = CALM_COST * abs(outcome.cost)
    for weight in CALMING:
        if solving.budget.late or oscillation(outcome) < NOTICEABLE:
            break
        if weight <= smooth:
            continue
        d = outcome.discretization
        start = Start(mu=1e-2, smooth=weight)
        multipliers = outcome.multipliers_on(d)
        found = solving.solve(d, outcome.trajectory(), start, multipliers, "solve", smoothed(outcome, d))
        if not found.solved or found.cost - first.cost > allowed:
            return first, before
        outcome, smooth = found, weight
    return outcome, smooth


def measured(solving: Solving, outcome: Outcome) -> Answer:
    """An outcome with the flights of its intervals and the error of its mesh."""
    flights = fly(outcome.discretization, solving.programs(outcome.discretization.layout), outcome.variables)
    error = _mesh_error(solving.problem, outcome, flights)
    log.debug(
        "mesh of %d: error %.1e (cost %.1e, state %.1e, violation %.1e), oscillation %.1e",
        outcome.discretization.layout.intervals,
        error.total,
        np.sum(np.abs(error.cost)),
        np.sum(error.state),
        np.max(error.violation),
        oscillation(outcome),
    )
    return Answer(outcome, flights, error)


def _mesh_error(problem: Problem, outcome: Outcome, flights: list[Flights]) -> MeshError:
    d = outcome.discretization
    layout = d.layout
    shape = d.fractions.shape
    cost, state, violation = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    size = max(abs(outcome.cost), float(np.sum(np.abs(outcome.running))) / d.scales.cost, 1e-8)
    costates = outcome.node_costates()[:, 1:]
    for index, flight in enumerate(flights):
        phase = problem.phases[index]
        n_x = layout.states[index]
        nodes = np.asarray(outcome.variables.x)[index, :, -1, :n_x] * d.scales.x[index, :n_x]
        scale = state_sizes(outcome, index)
        missed = flight.x[:, -1] - nodes
        extra = flight.cost - np.sum(outcome.running[index], axis=1) / d.scales.cost
        cost[index] = (extra + np.sum(missed * costates[index, :, :n_x], axis=1)) / size
        state[index] = np.max(np.abs(missed) / scale, axis=1, initial=0.0)
        inner = flight.x[:, 1:-1]
        over = np.maximum(np.maximum(phase.x_lower - inner, inner - phase.x_upper), 0.0) / scale
        violation[index] = np.max(over, axis=(1, 2), initial=0.0)
        for g in (flight.path_left, flight.path_right):
            finite = [np.where(np.isfinite(b), np.abs(b), 0.0) for b in (phase.g_lower, phase.g_upper)]
            outside = np.maximum(np.maximum(phase.g_lower - g, g - phase.g_upper), 0.0)
            relative = outside / (1.0 + np.maximum(*finite))
            violation[index] = np.maximum(violation[index], np.max(relative, axis=(1, 2), initial=0.0))
    jumps = [_jumps(problem, outcome, index, flight) for index, flight in enumerate(flights)]
    places, sharp = (np.stack(column) for column in zip(*jumps, strict=True))
    return MeshError(cost, state, violation, places, sharp)


def _jumps(problem: Problem, outcome: Outcome, index: int, flight: Flights) -> tuple[Array, Array]:
    """Where in each interval a control seems to jump (N,), and at which inner nodes one does (N - 1,).

    Within an interval the jump from the control before to that behind keeps the interval's mean.
    """
    count = flight.t.shape[0]
    places, sharp = np.full(count, np.nan), np.zeros(count - 1, bool)
    d = outcome.discretization
    largest = np.zeros(count)
    for j in range(d.layout.controls[index]):
        u = np.asarray(outcome.variables.u)[index, :, :, j] * d.scales.u[index, j]
        phase = problem.phases[index]
        width = min(np.ptp(u), float(phase.u_upper[j] - phase.u_lower[j]))
        if width < 1e-9 * (1.0 + np.max(np.abs(u))):
            continue
        mean = u @ d.layout.transcription.b
        before = np.concatenate([mean[:1], flight.right[:-1, -1, j]])
        after = np.concatenate([flight.left[1:, 0, j], mean[-1:]])
        change = after - before
        sharp |= np.abs(flight.left[1:, 0, j] - flight.right[:-1, -1, j]) > 1e-3 * width
        with np.errstate(divide="ignore", invalid="ignore"):
            place = (after - mean) / change
        place = np.clip(place, 0.0, 1.0)
        found = (np.abs(change) > LARGE_JUMP * width) & (np.abs(change) > largest) & np.isfinite(place)
        places, largest = np.where(found, place, places), np.where(found, np.abs(change), largest)
    return places, sharp


def state_sizes(outcome: Outcome, index: int) -> Array:
    """Magnitudes of the states of one phase in the solution, (n_x,)."""
    d = outcome.discretization
    n_x = d.layout.states[index]
    x = np.abs(np.asarray(outcome.variables.x)[index, ..., :n_x]).reshape(-1, n_x).max(axis=0)
    found: Array = np.maximum(x, 1e-3) * d.scales.x[index, :n_x]
    return found
