"""Measuring an answer: what its mesh misses, seen by flying the published control interval by interval."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.problems.model import Problem
from app.solvers.collocation.chattering import oscillation
from app.solvers.collocation.kinks import at_kinks
from app.solvers.collocation.limiting import breaches
from app.solvers.collocation.mesh import LARGE_JUMP, MeshError
from app.solvers.collocation.outcome import Outcome
from app.solvers.collocation.publication import Flights, fly, unflown
from app.solvers.collocation.solving import Solving
from app.solvers.verification import Verification

Array = NDArray[np.float64]
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Answer:
    """An outcome, its intervals as flown, and the error of its mesh.

    Where time did not allow flights the states are those of the transcription and there is no error.
    `verification` is what flying the whole published control gave, where that was done. `coarse`: what the mesh
    keeps the control from gaining (relative), which flights do not tell; seen from the change on halving it.
    `pulled`: what a pull that keeps controls calm still costs (relative).
    """

    outcome: Outcome
    flights: list[Flights]
    error: MeshError | None
    verification: Verification | None = None
    coarse: float = 0.0
    pulled: float = 0.0

    def passed(self, allowed: float) -> bool:
        """Whether the flown control gave the answer, up to a relative difference."""
        return self.verification is not None and self.verification.passed(allowed)

    @property
    def miss(self) -> float:
        """The error of the mesh, infinite where it is not known."""
        return np.inf if self.error is None else max(self.error.total, self.coarse)

    @property
    def cost_error(self) -> float:
        """What intervals miss in the cost (relative), infinite where it is not known."""
        missed = np.inf if self.error is None else float(np.sum(np.abs(self.error.cost)))
        return missed if np.isfinite(missed) else np.inf


def measured(solving: Solving, outcome: Outcome) -> Answer:
    """An outcome with the flights of its intervals and the error of its mesh."""
    if solving.budget.late and not (outcome.solved and solving.flies(outcome.discretization.layout)):
        return Answer(outcome, unflown(outcome.discretization, outcome.variables), None)
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
            worst = np.max(breaches(phase, g), axis=(1, 2), initial=0.0)
            violation[index] = np.maximum(violation[index], worst)
    jumps = [_jumps(problem, outcome, index, flight) for index, flight in enumerate(flights)]
    places, sharp = (np.stack(column) for column in zip(*jumps, strict=True))
    return MeshError(cost, state, violation, places, sharp)


def _jumps(
    problem: Problem, outcome: Outcome, index: int, flight: Flights
) -> tuple[Array, NDArray[np.bool_]]:
    """Where in each interval a control seems to jump (N,), and at which inner nodes one does (N - 1,).

    Within an interval the jump from the control before to that behind keeps the interval's mean.
    """
    count = flight.t.shape[0]
    d = outcome.discretization
    places, sharp = np.full(count, np.nan), at_kinks(problem, index, d.fractions[index])
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
