"""The solver: from a problem to a verified result.

First mesh, further starts, refinement driven by flights of the published control, verification.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from app.problems.model import Problem
from app.solvers.collocation.kinks import first_mesh
from app.solvers.collocation.measurement import Answer, measured
from app.solvers.collocation.mesh import SIZES
from app.solvers.collocation.outcome import Outcome
from app.solvers.collocation.refinement import refined
from app.solvers.collocation.result import allowance, result_of
from app.solvers.collocation.solving import Budget, Solving
from app.solvers.collocation.starts import FINER, first_outcomes
from app.solvers.collocation.transcription import TRANSCRIPTIONS
from app.solvers.compilation import Program
from app.solvers.progress import Progress

FIRST, REFINED = 0.4, 0.9  # of the progress: first solutions are found, all is refined


def solve_problem(
    problem: Problem, options: dict[str, Any], report: Callable[[Progress], None]
) -> dict[str, Any]:
    """The result of one problem (of a sweep: its first row)."""
    began, before = time.perf_counter(), Program.total
    budget = Budget.of(options["max_iterations"], options["time_limit_s"])
    solving = Solving(problem, TRANSCRIPTIONS[options["transcription"]], budget, report)
    result = finished(solving, None, options)
    result["timings"] = timings(began, before)
    return result


def finished(solving: Solving, first: Outcome | None, options: dict[str, Any]) -> dict[str, Any]:
    """The result but for its timings; `first`: a solution on the first mesh, where there is one."""
    answer = answered(solving, first, options)
    return result_of(solving, answer, options["tolerance"], options["monte_carlo"])


def answered(solving: Solving, first: Outcome | None, options: dict[str, Any]) -> Answer:
    """The best answer that is found from several starts, refined."""
    fractions = first_mesh(solving.problem, options["mesh_intervals"])
    outcomes = first_outcomes(solving, fractions, options["multi_start"], first)
    answer = _best(solving, outcomes, options["tolerance"], options["max_refinements"])
    unsure = answer.outcome.solved and not answer.passed(allowance(options["tolerance"]))
    return _retried(solving, answer, options) if unsure else answer


def _retried(solving: Solving, failed: Answer, options: dict[str, Any]) -> Answer:
    """Another answer, begun on a finer mesh: on the first, solutions pass through what lies between its points."""
    intervals = FINER * options["mesh_intervals"]
    rushed = solving.budget.over or (solving.budget.rushed and not solving.ready(intervals))
    if rushed or intervals > SIZES[-1]:
        return failed
    outcomes = first_outcomes(solving, first_mesh(solving.problem, intervals), options["multi_start"])
    new = _best(solving, outcomes, options["tolerance"], options["max_refinements"])
    return new if _preferred(new, failed, allowance(options["tolerance"])) else failed


def timings(began: float, compiled_before: float) -> dict[str, float]:
    """Seconds since `began`, those spent compiling apart."""
    compiled = Program.total - compiled_before
    return {
        "queue_s": 0.0,
        "compile_s": compiled,
        "solve_s": max(0.0, time.perf_counter() - began - compiled),
    }


def _best(solving: Solving, outcomes: list[Outcome], tolerance: float, refinements: int) -> Answer:
    """The answer of least cost among those that can be flown; what promises most is refined first."""
    solving.fraction = FIRST
    candidates = [measured(solving, outcome) for outcome in outcomes]
    if len(candidates) > 1:
        candidates.sort(key=_promise)
    best: Answer | None = None
    for count, candidate in enumerate(candidates):
        settled = best is not None and best.passed(allowance(tolerance))
        if best is not None and (
            solving.budget.over or (settled and _promise(candidate) > best.outcome.cost)
        ):
            break
        reach = FIRST + (REFINED - FIRST) * (count + 1) / len(candidates)
        new = refined(solving, candidate, tolerance, refinements, reach)
        if best is None or _preferred(new, best, allowance(tolerance)):
            best = new
    if best is None:
        raise AssertionError("there is at least one outcome")
    return best


def _promise(answer: Answer) -> float:
    """The cost, with the error of the mesh: on a coarse mesh a cost may lie, and then it is mostly too low."""
    return answer.outcome.cost + min(answer.miss, 1e6) * max(abs(answer.outcome.cost), 1e-8)


def _preferred(new: Answer, old: Answer, allowed: float) -> bool:
    """Whether an answer is better than another: it can be flown, and its cost is lower."""
    if new.passed(allowed) != old.passed(allowed):
        return new.passed(allowed)
    return _promise(new) < _promise(old)
