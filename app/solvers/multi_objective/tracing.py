"""Fronts of control problems: anchors first, then the points between them, each followed from its neighbours.

Solutions change continuously along a front. A point begins with the trajectory and the multipliers that lie between
those of the points around it, whose junctions are laid on each other first, and with the mesh of one of them
(continuation: Allgower & Georg, Introduction to Numerical Continuation Methods, ch. 2), so its solve is short, and
mostly the only one. What is farthest from all that is solved comes next, so that most points have close neighbours.
Where the error asks for it a mesh is placed anew.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.problems.model import Problem
from app.solvers.collocation.barrier import Multipliers
from app.solvers.collocation.chattering import NOTICEABLE, oscillation
from app.solvers.collocation.discretization import guess_of
from app.solvers.collocation.interior_point import ACCEPTABLE_ERROR
from app.solvers.collocation.measurement import Answer, measured
from app.solvers.collocation.mesh import size_for, uniform
from app.solvers.collocation.outcome import Outcome
from app.solvers.collocation.refinement import WARM, meshed, refined
from app.solvers.collocation.result import all_verified, allowance, result_of
from app.solvers.collocation.scaling import Scales
from app.solvers.collocation.solver import answered
from app.solvers.collocation.solving import Budget, Solving, Start
from app.solvers.collocation.starts import first_outcomes
from app.solvers.collocation.transcription import TRANSCRIPTIONS
from app.solvers.multi_objective.control_front import ControlFront
from app.solvers.multi_objective.family import Family, Result
from app.solvers.multi_objective.registration import Junction, junctions, registered
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
NEGLIGIBLE = 1e-9  # shares and distances on the simplex of blends
FOLLOWING = Start(mu=0.1 * WARM, iterations=100)  # what takes longer is followed from too far away
FINEST = 2  # times the intervals of the first mesh: those of a mesh that is handed from point to point


@dataclass(frozen=True)
class Reached:
    """A scalarised problem and a solution of it, which others may follow."""

    scalarised: Scalarised
    outcome: Outcome

    @cached_property
    def junctions(self) -> list[Junction]:
        """Where its bounds begin and cease to hold."""
        return junctions(self.outcome)


@dataclass(frozen=True)
class Point:
    """A scalarised problem with its solution and result; `f (m,)` objectives, to be minimised."""

    scalarised: Scalarised
    outcome: Outcome
    result: Result
    f: Array

    @property
    def good(self) -> bool:
        """Whether it is optimal and its flight confirms it."""
        return bool(self.result["status"] == "converged" and np.all(np.isfinite(self.f)))


@dataclass(frozen=True)
class Draft:
    """An answer that is still to be verified, unless it has been; `followed`: the solution that others may follow,
    on a mesh of moderate size."""

    solving: Solving
    followed: Outcome
    answer: Answer


Guess = tuple[Sequence[Reached], Array]
"""Solutions, and the share `(n,)` of each in where a solve begins."""


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
        found = self._traced(problems, ends)
        failed = [index for index, point in found.items() if not point.good]
        solved = [point for point in (*ends, *found.values()) if point.good]
        for count, index in enumerate(failed):
            if time.monotonic() >= self.deadline:
                break
            self.report(Progress(0.9 + 0.1 * count / len(failed), "solve", f"again {count} of {len(failed)}"))
            near = min(solved, key=lambda point: _distance(point.scalarised, problems[index]))
            guess = ([near.outcome.trajectory()], np.ones(1))
            solving = self._solving(self.family.problem(problems[index], guess), _quiet)
            point = self._point(problems[index], solving, self._from_coarse(solving))
            found[index] = point if point.good else found[index]
        return [found[index] for index in range(len(problems))]

    def _traced(self, problems: Sequence[Scalarised], ends: Sequence[Point]) -> dict[int, Point]:
        """A point for every problem; their flights come last, side by side."""
        reached = [Reached(end.scalarised, self._end(end)) for end in ends]
        drafts: dict[int, Draft] = {}
        for index in _spreading(problems, ends):
            told = f"{len(drafts)} of {len(problems)} points"
            self.report(Progress(0.3 + 0.5 * len(drafts) / len(problems), "solve", told))
            drafts[index] = draft = self._draft(problems[index], _around(reached, problems[index]))
            if draft.followed.solved:
                reached.append(Reached(problems[index], draft.followed))
        self.report(Progress(0.8, "verify", f"flying {len(problems)} controls"))
        open_ = [index for index, draft in drafts.items() if draft.answer.verification is None]
        if open_ and time.monotonic() < self.deadline:
            solvings = [drafts[index].solving for index in open_]
            flown = all_verified(solvings, [drafts[i].answer for i in open_], self.options["tolerance"])
            for index, solving, answer in zip(open_, solvings, flown, strict=True):
                sure = answer if self._passed(answer) else self._refined(solving, answer)
                drafts[index] = replace(drafts[index], answer=sure)
        return {i: self._point(problems[i], draft.solving, draft.answer) for i, draft in drafts.items()}

    def _end(self, end: Point) -> Outcome:
        """The solution of an anchor on a mesh that others may begin on; where there is none, as it is."""
        problem = self.family.problem(end.scalarised, ([end.outcome.trajectory()], np.ones(1)))
        solving = self._solving(problem, _quiet)
        guess = guess_of(problem)
        discretization = solving.discretize(self._mesh, guess)
        found = solving.solve(discretization, guess, FOLLOWING, end.outcome.multipliers_on(discretization))
        return self._meshed(solving, found).outcome if found.solved else end.outcome

    def _searched(self, scalarised: Scalarised, near: list[Point], done: float) -> Point:
        """One point, from several guesses; `done` of the whole work lies behind."""
        guess = ([point.outcome.trajectory() for point in near], scalarised.blend) if near else None
        problem = self.family.problem(scalarised, guess)
        solving = self._solving(problem, lambda progress: self.report(replace(progress, fraction=done)))
        return self._point(scalarised, solving, answered(solving, None, self.options))

    def _draft(self, scalarised: Scalarised, guess: Guess) -> Draft:
        """One point from those around it; where that leads nowhere, as any problem."""
        near, shares = guess
        solutions, found_in = [one.outcome for one in near], [one.junctions for one in near]
        outcomes, mesh = registered(solutions, found_in, shares, self._largest)
        problem = self.family.problem(scalarised, ([outcome.trajectory() for outcome in outcomes], shares))
        solving = self._solving(problem, _quiet)
        found = self._continued(solving, outcomes, shares, mesh, _scales(near, scalarised))
        if found.solved:
            answer = self._meshed(solving, found)
            found = answer.outcome
            if self._settled(answer):
                return Draft(solving, found, answer)
            answer = self._refined(solving, answer)
            if self._passed(answer):
                return Draft(solving, found, answer)
        return Draft(solving, found, self._from_coarse(solving))

    def _continued(
        self, solving: Solving, outcomes: Sequence[Outcome], shares: Array, mesh: Array, scales: Scales | None
    ) -> Outcome:
        """The problem on the mesh and with the multipliers of its neighbours; its guess is theirs."""
        middle = guess_of(solving.problem)
        fits = mesh.shape[1] <= self._largest
        discretization = solving.discretize(mesh if fits else self._mesh, middle, scales)
        each = [outcome.multipliers_on(discretization) for outcome in outcomes]
        mean = Multipliers(*(np.tensordot(shares, np.stack(parts), 1) for parts in zip(*each, strict=True)))
        return solving.solve(discretization, middle, FOLLOWING, mean)

    def _meshed(self, solving: Solving, found: Outcome) -> Answer:
        """A solution on a mesh placed for it, so far as that is found by a few solves."""
        limits = self.options["tolerance"], self.options["max_refinements"]
        return meshed(solving, measured(solving, found), *limits, self._largest)

    def _settled(self, answer: Answer) -> bool:
        """Whether there is nothing to refine, as far as can be told before its flight."""
        exact = answer.outcome.solved and answer.outcome.error <= ACCEPTABLE_ERROR
        good = exact and answer.miss <= self.options["tolerance"] and oscillation(answer.outcome) < NOTICEABLE
        # meshes of a transcription with places at both ends are judged by their change on halving
        return good and not answer.outcome.discretization.layout.transcription.left

    def _passed(self, answer: Answer) -> bool:
        return answer.passed(allowance(self.options["tolerance"]))

    def _from_coarse(self, solving: Solving) -> Answer:
        """The answer from the problem's guess on the coarse mesh."""
        [first] = first_outcomes(solving, self._mesh, 1)
        return self._refined(solving, measured(solving, first))

    @property
    def _mesh(self) -> Array:
        return uniform(1, size_for(self.options["mesh_intervals"]))

    @property
    def _largest(self) -> int:
        """Intervals of the meshes that are handed from point to point, at most."""
        return FINEST * size_for(self.options["mesh_intervals"])

    def _refined(self, solving: Solving, first: Answer) -> Answer:
        return refined(solving, first, self.options["tolerance"], self.options["max_refinements"], 1.0)

    def _solving(self, problem: Problem, report: Report) -> Solving:
        budget = Budget(self.options["max_iterations"], self.deadline)
        return Solving(problem, TRANSCRIPTIONS[self.options["transcription"]], budget, report)

    def _point(self, scalarised: Scalarised, solving: Solving, answer: Answer) -> Point:
        result = result_of(solving, answer, self.options["tolerance"], derivatives=False)
        self.iterations += result["iterations"]
        return Point(scalarised, answer.outcome, result, self.family.objectives(result))


def _quiet(_: Progress) -> None:
    """One point's progress is none of the front's."""


def _spreading(problems: Sequence[Scalarised], ends: Sequence[Point]) -> Iterator[int]:
    """All places in such an order that each is the farthest from those before it and from the ends."""
    blends = np.stack([one.blend for one in problems])
    done = np.stack([point.scalarised.blend for point in ends])
    away = np.min(np.linalg.norm(blends[:, None] - done, axis=-1), axis=1)
    for _ in problems:
        index = int(np.argmax(away))
        yield index
        away = np.minimum(away, np.linalg.norm(blends - blends[index], axis=-1))
        away[index] = -1.0


def _around(reached: Sequence[Reached], to: Scalarised) -> Guess:
    """The solutions that a problem lies between, and the shares of each; beyond them, the nearest."""
    near = sorted(reached, key=lambda one: _distance(one.scalarised, to))[: len(to.blend)]
    corners = np.stack([one.scalarised.blend for one in near], axis=1)
    shares, *_ = np.linalg.lstsq(corners, to.blend, rcond=None)
    if np.min(shares) < NEGLIGIBLE or np.linalg.norm(corners @ shares - to.blend) > NEGLIGIBLE:
        return near[:1], np.ones(1)
    return near, shares / np.sum(shares)


def _scales(near: Sequence[Reached], scalarised: Scalarised) -> Scales | None:
    """The scales of the nearest neighbour with the same cost, if there is one."""

    def alike(other: Scalarised) -> bool:
        same = np.array_equal(other.weights, scalarised.weights)
        return same and np.array_equal(other.slopes, scalarised.slopes)

    return next((one.outcome.discretization.scales for one in near if alike(one.scalarised)), None)


def _distance(one: Scalarised, other: Scalarised) -> float:
    return float(np.linalg.norm(one.blend - other.blend))
