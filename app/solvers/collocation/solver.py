"""The solver: from a checked request to a verified result.

First mesh, further starts where it pays, refinement driven by flights of the published control, verification.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.problems.model import Problem, parse
from app.solvers.collocation.discretization import Trajectory, guess_of
from app.solvers.collocation.mesh import MeshError, refine, size_for, uniform
from app.solvers.collocation.outcome import Outcome
from app.solvers.collocation.publication import Flights, fly
from app.solvers.collocation.result import Answer, result_of
from app.solvers.collocation.scaling import Scales
from app.solvers.collocation.solving import Budget, Solving, Start
from app.solvers.collocation.starts import first_outcome
from app.solvers.collocation.transcription import TRANSCRIPTIONS
from app.solvers.progress import Progress
from app.solvers.request import CheckedRequest

Array = NDArray[np.float64]
LARGEST = 1024  # intervals of a refined mesh
WARM = 1e-3  # barrier parameter of a solve that starts from a solution on another mesh


def solve(request: CheckedRequest, report: Callable[[Progress], None]) -> dict[str, Any]:
    """The result of a request of type `collocation`."""
    return solve_problem(parse(request.problem), request.options, report)


def solve_problem(
    problem: Problem, options: dict[str, Any], report: Callable[[Progress], None]
) -> dict[str, Any]:
    """The result of one problem (of a sweep: its first row)."""
    began = time.perf_counter()
    budget = Budget.of(options["max_iterations"], options["time_limit_s"])
    solving = Solving(problem, TRANSCRIPTIONS[options["transcription"]], budget, report)
    before = 0.0
    size = size_for(options["mesh_intervals"])
    outcome = first_outcome(solving, uniform(len(problem.phases), size), options["multi_start"])
    answer = _refined(solving, outcome, options["tolerance"], options["max_refinements"])
    result = result_of(solving, answer, options["tolerance"])
    compiled = solving.compile_seconds() - before
    result["timings"] = {
        "queue_s": 0.0,
        "compile_s": compiled,
        "solve_s": max(0.0, time.perf_counter() - began - compiled),
    }
    return result


def _refined(solving: Solving, outcome: Outcome, tolerance: float, refinements: int) -> Answer:
    """Meshes refined until the error meets the tolerance, or no better mesh is found within the budget."""
    best = measured(solving, outcome)
    if not outcome.solved:
        return best
    current, stalled = best, 0
    for count in range(refinements):
        if current.error.total <= tolerance or solving.budget.late or solving.budget.left == 0:
            break
        solving.fraction = 0.4 + 0.5 * (count + 1) / (refinements + 1)
        new = _finer(solving, current, tolerance)
        if not new.outcome.solved:
            break
        change = abs(new.outcome.cost - current.outcome.cost) / max(abs(new.outcome.cost), 1e-8)
        stalled = stalled + 1 if new.error.total > 0.7 * current.error.total else 0
        current = new
        if current.error.total <= best.error.total:
            best = current
        if stalled >= 3 and change < tolerance:
            break
    return best


def _finer(solving: Solving, answer: Answer, tolerance: float) -> Answer:
    """The next mesh, started from the solution on this one."""
    old = answer.outcome
    fractions = refine(old.discretization.fractions, answer.error, 0.3 * tolerance, LARGEST)
    trajectory = old.trajectory()
    scales = old.discretization.scales
    discretization = solving.discretize(fractions, trajectory, scales)
    multipliers = old.multipliers_on(discretization)
    found = solving.solve(discretization, trajectory, Start(mu=WARM), multipliers, "refine")
    if not found.solved and not solving.budget.late:
        found = solving.solve(discretization, trajectory, Start(), None, "refine")
    return measured(solving, found)


def measured(solving: Solving, outcome: Outcome) -> Answer:
    """An outcome with the flights of its intervals and the error of its mesh."""
    flights = fly(outcome.discretization, solving.programs(outcome.discretization.layout), outcome.variables)
    return Answer(outcome, flights, _mesh_error(solving.problem, outcome, flights))


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
    return MeshError(cost, state, violation)


def state_sizes(outcome: Outcome, index: int) -> Array:
    """Magnitudes of the states of one phase in the solution, (n_x,)."""
    d = outcome.discretization
    n_x = d.layout.states[index]
    x = np.abs(np.asarray(outcome.variables.x)[index, ..., :n_x]).reshape(-1, n_x).max(axis=0)
    found: Array = np.maximum(x, 1e-3) * d.scales.x[index, :n_x]
    return found
