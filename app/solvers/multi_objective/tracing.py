"""Fronts of control problems: anchors first, then all points between them as one batch of verified solves."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.problems.model import Problem
from app.solvers.collocation.solver import solve_problem
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
from app.solvers.options import CollocationOptions
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
        """The ends of the front, one for each objective; AnchorFailed where one is not found."""
        m = len(self.front.objectives)
        [first] = self._points([weighted(np.ones(m))], [], (0.0, 0.1))
        if not first.good:
            raise AnchorFailed("The sum of all objectives has no verified optimum", first.result)
        found, sizes = [first] * m, np.where(first.f != 0.0, np.abs(first.f), 1.0)
        for part in ((0.1, 0.15), (0.15, 0.2)):  # first with magnitudes instead of ranges
            found = self._points(anchors(sizes), found, part)
            for objective, point in zip(self.front.objectives, found, strict=True):
                if not point.good:
                    raise AnchorFailed(f"{objective.name!r} alone has no verified optimum", point.result)
            sizes = Payoff(np.stack([point.f for point in found])).ranges
        return found

    def between(self, ends: list[Point]) -> list[Point]:
        """The points between the anchors; what fails starts again from its nearest solved neighbour."""
        payoff = Payoff(np.stack([point.f for point in ends]))
        method = epsilon_constraints if self.options["method"] == "epsilon" else boundary_intersections
        found = self._points(method(payoff, self.options["points"]), ends, (0.2, 0.9))
        failed = [index for index, point in enumerate(found) if not point.good]
        solved = [point for point in (*found, *ends) if point.good]
        if failed and time.monotonic() < self.deadline:
            again = [found[index].scalarised for index in failed]
            near = [self.family.problem(one, ([_nearest(solved, one).result], np.ones(1))) for one in again]
            results = self._solve(near, (0.9, 1.0))
            for index, one, result in zip(failed, again, results, strict=True):
                point = self._point(one, result)
                found[index] = point if point.good else found[index]
        return found

    def _points(
        self, problems: Sequence[Scalarised], ends: list[Point], part: tuple[float, float]
    ) -> list[Point]:
        results = [point.result for point in ends]
        stated = [self.family.problem(one, (results, one.blend) if results else None) for one in problems]
        solved = self._solve(stated, part)
        return [self._point(one, result) for one, result in zip(problems, solved, strict=True)]

    def _point(self, scalarised: Scalarised, result: Result) -> Point:
        return Point(scalarised, result, self.family.objectives(result))

    def _solve(self, problems: list[Problem], part: tuple[float, float]) -> list[Result]:
        """Results of problems of one structure; `part` of the whole work, from 0 to 1, is what they are."""
        common = {key: self.options[key] for key in CollocationOptions.model_fields if key in self.options}
        found: list[Result] = []

        def report(progress: Progress) -> None:
            done = (len(found) + progress.fraction) / len(problems)
            message = f"point {len(found) + 1} of {len(problems)}: {progress.message}"
            self.report(replace(progress, fraction=part[0] + done * (part[1] - part[0]), message=message))

        for problem in problems:
            left = max(self.deadline - time.monotonic(), 1e-3)
            options = CollocationOptions(**{**common, "time_limit_s": left}).model_dump()
            found.append(solve_problem(problem, options, report))
        self.iterations += sum(result["iterations"] for result in found)
        return found


def _nearest(points: Sequence[Point], to: Scalarised) -> Point:
    distances = [np.linalg.norm(point.scalarised.blend - to.blend) for point in points]
    return points[int(np.argmin(distances))]
