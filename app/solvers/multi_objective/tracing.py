"""Fronts of control problems: anchors first, then all points between them, followed from there and verified."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.problems.model import Problem
from app.solvers.collocation.batch import solve_batch
from app.solvers.collocation.measurement import measured
from app.solvers.collocation.mesh import size_for, uniform
from app.solvers.collocation.outcome import Outcome
from app.solvers.collocation.programs import BATCH
from app.solvers.collocation.refinement import refined
from app.solvers.collocation.result import result_of
from app.solvers.collocation.solver import finished
from app.solvers.collocation.solving import Budget, Solving, Start
from app.solvers.collocation.starts import first_outcomes
from app.solvers.collocation.transcription import TRANSCRIPTIONS
from app.solvers.multi_objective.control_front import ControlFront
from app.solvers.multi_objective.family import Family, Result
from app.solvers.multi_objective.scalarisation import (
    Payoff,
    Scalarised,
    anchors,
    boundary_intersections,
    epsilon_constraints,
    weighted,
)
from app.solvers.progress import Progress

Array = NDArray[np.float64]
Report = Callable[[Progress], None]


@dataclass(frozen=True)
class Point:
    """A scalarised problem with its result; `f (m,)` objectives, to be minimised."""

    scalarised: Scalarised
    result: Result
    f: Array

    @property
    def good(self) -> bool:
        """Whether it is optimal and its flight confirms it."""
        return bool(self.result["status"] == "converged" and np.all(np.isfinite(self.f)))


Guess = tuple[Sequence[Point], Array]
"""Points, and the share `(n,)` of each in where a solve begins."""


class AnchorFailed(Exception):  # noqa: N818 - an end of a trace, not an error
    """An end of the front cannot be found: there is nothing to spread points between."""

    def __init__(self, what: str, result: Result) -> None:
        super().__init__(f"{what}: {result['message']}")
        self.result = result


class Tracing:
    """One front being traced within its time."""

    def __init__(self, front: ControlFront, options: dict[str, Any], report: Report) -> None:
        self.front = front
        self.family = Family(front)
        self.options = options
        self.report = report
        self.deadline = time.monotonic() + options["time_limit_s"]
        self.iterations = 0

    def anchors(self) -> list[Point]:
        """The ends of the front, one for each objective; AnchorFailed where one is not found.

        They are searched from several guesses: what lies between follows the optima found here.
        """
        m = len(self.front.objectives)
        first = self._searched(weighted(np.ones(m)), [], 0.0)
        if not first.good:
            raise AnchorFailed("The sum of all objectives has no verified optimum", first.result)
        found, sizes = [first] * m, np.where(first.f != 0.0, np.abs(first.f), 1.0)
        for done in (0.1, 0.2):  # first with magnitudes instead of ranges
            found = [self._searched(one, found, done) for one in anchors(sizes)]
            for objective, point in zip(self.front.objectives, found, strict=True):
                if not point.good:
                    raise AnchorFailed(f"{objective.name!r} alone has no verified optimum", point.result)
            sizes = Payoff(np.stack([point.f for point in found])).ranges
        return found

    def between(self, ends: list[Point]) -> list[Point]:
        """The points between the anchors; what fails starts again from its nearest solved neighbour."""
        payoff = Payoff(np.stack([point.f for point in ends]))
        method = epsilon_constraints if self.options["method"] == "epsilon" else boundary_intersections
        problems = method(payoff, self.options["points"])
        found = self._followed(problems, [(ends, one.blend) for one in problems], (0.3, 0.9))
        failed = [index for index, point in enumerate(found) if not point.good]
        solved = [point for point in (*found, *ends) if point.good]
        if failed and time.monotonic() < self.deadline:
            problems = [found[index].scalarised for index in failed]
            near = [([_nearest(solved, one)], np.ones(1)) for one in problems]
            for index, point in zip(failed, self._followed(problems, near, (0.9, 1.0)), strict=True):
                found[index] = point if point.good else found[index]
        return found

    def _searched(self, scalarised: Scalarised, near: list[Point], done: float) -> Point:
        """One point, from several guesses; `done` of the whole work lies behind."""
        problem = self._stated(scalarised, (near, scalarised.blend) if near else None)
        solving = self._solving(problem, lambda progress: self.report(replace(progress, fraction=done)))
        result = finished(solving, None, {**self.options, "monte_carlo": None})
        return self._point(scalarised, result)

    def _followed(
        self, problems: Sequence[Scalarised], guesses: Sequence[Guess], part: tuple[float, float]
    ) -> list[Point]:
        """Points from one guess each; where they are many, their first meshes are solved as one batch."""
        size, tolerance = size_for(self.options["mesh_intervals"]), self.options["tolerance"]
        solvings = [
            self._solving(self._stated(one, guess), lambda _: None)
            for one, guess in zip(problems, guesses, strict=True)
        ]
        self.report(Progress(part[0], "solve", f"{len(problems)} points on their first mesh"))
        outcomes: list[Outcome | None] = [None] * len(problems)
        if len(problems) >= BATCH:
            outcomes[:] = solve_batch(solvings, size, Start())
        points: list[Point] = []
        for scalarised, solving, outcome in zip(problems, solvings, outcomes, strict=True):
            done = part[0] + (part[1] - part[0]) * len(points) / len(problems)
            self.report(Progress(done, "refine", f"{len(points)} of {len(problems)} points"))
            [first] = first_outcomes(solving, uniform(1, size), 1, outcome)
            answer = refined(
                solving, measured(solving, first), tolerance, self.options["max_refinements"], 1.0
            )
            result = result_of(solving, answer, tolerance, derivatives=False)
            points.append(self._point(scalarised, result))
        return points

    def _stated(self, scalarised: Scalarised, guess: Guess | None) -> Problem:
        if guess is None:
            return self.family.problem(scalarised, None)
        return self.family.problem(scalarised, ([point.result for point in guess[0]], guess[1]))

    def _solving(self, problem: Problem, report: Report) -> Solving:
        budget = Budget(self.options["max_iterations"], self.deadline)
        return Solving(problem, TRANSCRIPTIONS[self.options["transcription"]], budget, report)

    def _point(self, scalarised: Scalarised, result: Result) -> Point:
        self.iterations += result["iterations"]
        return Point(scalarised, result, self.family.objectives(result))


def _nearest(points: Sequence[Point], to: Scalarised) -> Point:
    distances = [np.linalg.norm(point.scalarised.blend - to.blend) for point in points]
    return points[int(np.argmin(distances))]
