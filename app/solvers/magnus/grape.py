"""Search for the best piecewise-constant controls: L-BFGS-B on the exact gradient, with restarts from other
guesses."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import Bounds, minimize

from app.solvers.magnus.control import ControlProblem
from app.solvers.magnus.mesh import density
from app.solvers.magnus.objective import Evaluation, Objective

_CORRECTIONS = 30
"""Pairs kept by L-BFGS; with evaluations this cheap, more memory pays."""

_MAX_SUBSTEPS = 256

_PROGRESS = 1e-13
"""Decrease of the cost in one iteration, relative to the larger of it and 1, below which the search ends."""

_FLAT = 1e-5
"""Projected gradient that still counts as stationary when the search ends for lack of progress."""


@dataclass(frozen=True)
class Search:
    """The best controls found `(slices, controls)` and how the search for them ended.

    `outcome`: `goal` (infidelity small enough), `stationary` (no descent within the bounds), `iterations`,
    `time`. `gradient_norm` is the largest entry of the gradient projected on the bounds, in units of cost
    per scaled control.
    """

    controls: np.ndarray
    evaluation: Evaluation
    outcome: str
    gradient_norm: float
    iterations: int
    evaluations: int
    restarts: int
    substeps: int
    order: int


@dataclass(frozen=True)
class Limits:
    """When to stop: `goal` on the mean infidelity (None: go on to stationarity), `gradient` on the projected
    gradient."""

    goal: float | None
    gradient: float
    iterations: int
    seconds: float
    restarts: int
    seed: int


def search(
    problem: ControlProblem,
    limits: Limits,
    tolerance: float,
    report: Callable[[int, float], None] = lambda _iteration, _cost: None,
) -> Search:
    """Minimise the cost of `problem`; `tolerance` bounds the error of propagation within a slice."""
    deadline = time.monotonic() + limits.seconds
    random = np.random.default_rng(limits.seed)
    order, substeps = _resolution(problem, tolerance)
    run = _Run(problem, Objective(problem, substeps, order), limits, deadline, report)
    best: Search | None = None
    for attempt in range(limits.restarts + 1):
        guess = (
            problem.guess if attempt == 0 and problem.guess is not None else _random_guess(problem, random)
        )
        found = run.minimise(guess, attempt)
        if best is None or found.evaluation.cost < best.evaluation.cost:
            best = found
        # Without a goal to miss, the first stationary point is the answer.
        if found.outcome in ("goal", "time") or limits.goal is None:
            break
    if best is None:
        raise AssertionError("a search makes at least one attempt")
    return replace(
        best, iterations=run.iterations, evaluations=run.evaluations, order=order, substeps=substeps
    )


class _Run:
    """One search: counts iterations over all its attempts and works in scaled controls."""

    def __init__(
        self,
        problem: ControlProblem,
        objective: Objective,
        limits: Limits,
        deadline: float,
        report: Callable[[int, float], None],
    ) -> None:
        self._problem, self._objective, self._limits = problem, objective, limits
        self._deadline, self._report = deadline, report
        self._middle, self._scale = _scaling(problem)
        self.iterations = self.evaluations = 0
        self._begun = 0
        self._last: tuple[np.ndarray, Evaluation] | None = None

    def minimise(self, guess: np.ndarray, attempt: int) -> Search:
        """Descend from `guess` until a limit is reached."""
        shape = guess.shape
        self._begun = self.iterations
        low = np.broadcast_to((self._problem.lower - self._middle) / self._scale, shape).ravel()
        high = np.broadcast_to((self._problem.upper - self._middle) / self._scale, shape).ravel()
        start = np.clip(((guess - self._middle) / self._scale).ravel(), low, high)
        state = {"outcome": "stationary"}

        def value(x: np.ndarray) -> tuple[float, np.ndarray]:
            evaluation = self._evaluate(x)
            return evaluation.cost, (evaluation.gradient * self._scale).ravel()

        def after_iteration(xk: np.ndarray) -> None:
            self.iterations += 1
            evaluation = self._evaluate(xk)
            self._report(self.iterations, evaluation.cost)
            outcome = self._ending(evaluation)
            if outcome is not None:
                state["outcome"] = outcome
                raise StopIteration

        answer = minimize(
            value,
            start,
            jac=True,
            method="L-BFGS-B",
            bounds=Bounds(low, high),
            callback=after_iteration,
            options={
                "maxcor": _CORRECTIONS,
                "maxiter": self._limits.iterations,
                "maxfun": 4 * self._limits.iterations + 100,
                "ftol": _PROGRESS,
                "gtol": self._limits.gradient,
            },
        )
        x = np.clip(answer.x, low, high)
        evaluation = self._evaluate(x)
        projected = np.clip(x - (evaluation.gradient * self._scale).ravel(), low, high) - x
        norm = float(np.abs(projected).max())
        outcome = self._ending(evaluation) or state["outcome"]
        if outcome == "stationary" and norm > max(self._limits.gradient, _FLAT):
            outcome = "stalled"
        return Search(
            (self._middle + self._scale * x.reshape(shape)).clip(self._problem.lower, self._problem.upper),
            evaluation, outcome, norm, self.iterations, self.evaluations, attempt, substeps=0, order=0,
        )  # fmt: skip

    def _ending(self, evaluation: Evaluation) -> str | None:
        mean = float(self._problem.ensemble.weights @ evaluation.infidelities)
        if self._limits.goal is not None and mean <= self._limits.goal:
            return "goal"
        if time.monotonic() > self._deadline:
            return "time"
        spent = self.iterations - self._begun
        return "iterations" if spent >= self._limits.iterations else None

    def _evaluate(self, x: np.ndarray) -> Evaluation:
        """Evaluate at scaled controls; the last answer is kept, since the callback asks for it again."""
        if self._last is None or not np.array_equal(self._last[0], x):
            controls = self._middle + self._scale * x.reshape(self._problem.slices, -1)
            self._last = (x.copy(), self._objective(controls))
            self.evaluations += 1
        return self._last[1]


def _scaling(problem: ControlProblem) -> tuple[np.ndarray, np.ndarray]:
    """Middle and scale of every control, `(controls,)`: its bounds become -1 and 1 where both are finite."""
    bounded = np.isfinite(problem.lower) & np.isfinite(problem.upper)
    low, high = np.where(bounded, problem.lower, 0.0), np.where(bounded, problem.upper, 0.0)
    scale = np.where(bounded, (high - low) / 2, _natural_size(problem))
    return (low + high) / 2, np.where(scale > 0, scale, 1.0)


def _natural_size(problem: ControlProblem) -> np.ndarray:
    """The size of each control that turns the system about once over the whole time, `(controls,)`."""
    norm = np.linalg.norm(problem.nominal.basis[problem.drifts :], ord=2, axis=(1, 2))
    span = problem.edges[-1] - problem.edges[0]
    return np.asarray(np.pi / (span * np.where(norm > 0, norm, 1.0)))


def _random_guess(problem: ControlProblem, random: np.random.Generator) -> np.ndarray:
    """Smooth random controls, half way to their bounds at most: a few sine waves of random size."""
    middle, scale = _scaling(problem)
    place = (np.arange(problem.slices) + 0.5) / problem.slices
    waves = np.arange(1, 5)
    shape = random.normal(size=(waves.size + 1, len(problem.names))) / 4
    form = np.concatenate([np.ones((place.size, 1)), np.cos(np.pi * place[:, None] * waves)], axis=1) @ shape
    guess = middle + scale * np.clip(form, -0.9, 0.9)
    return np.asarray(np.clip(guess, problem.lower, problem.upper))


def _resolution(problem: ControlProblem, tolerance: float) -> tuple[int, int]:
    """Order and Magnus steps per slice: one exact step where nothing but the controls changes in time."""
    times = np.linspace(problem.edges[0], problem.edges[-1], 8 * problem.slices + 1)
    values = [member.coefficients(times) for member in problem.ensemble.members]
    if all(np.array_equal(value, np.broadcast_to(value[:1], value.shape)) for value in values):
        return 2, 1
    guess = problem.guess if problem.guess is not None else np.tile(_scaling(problem)[0], (problem.slices, 1))
    size = np.maximum(np.abs(guess), np.broadcast_to(_scaling(problem)[1], guess.shape))
    work = 0.0
    for member in problem.ensemble.members:
        # Slice by slice, since the jump of the controls at an edge is no error of the method.
        middle = problem.driven(member, size)
        spans = zip(problem.edges[:-1], problem.edges[1:], strict=True)
        work = max(
            [work, *(density(middle, float(a), float(b) - 1e-12 * float(b - a), 4).work for a, b in spans)]
        )
    needed = work * (work * problem.slices / tolerance) ** (1 / 6)
    return 6, int(np.clip(np.ceil(needed), 1, _MAX_SUBSTEPS))
