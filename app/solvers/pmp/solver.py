"""The solver: from a checked request to a verified result.

Collocation gives the estimate; shooting makes an extremal of it, by way of continuation where it must.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from app.problems.model import Problem, parse
from app.solvers.compilation import Program
from app.solvers.pmp.attempt import Attempt
from app.solvers.pmp.continuation import smoothed
from app.solvers.pmp.estimate import estimate
from app.solvers.pmp.newton import Budget
from app.solvers.pmp.result import result_of, unsolved
from app.solvers.pmp.shooting import System
from app.solvers.progress import Progress
from app.solvers.request import CheckedRequest


def solve(request: CheckedRequest, report: Callable[[Progress], None]) -> dict[str, Any]:
    """The result of a request of type `pmp`."""
    return solve_problem(parse(request.problem), request.options, report)


def solve_problem(
    problem: Problem, options: dict[str, Any], report: Callable[[Progress], None]
) -> dict[str, Any]:
    """The result of one problem of one phase."""
    began, before = time.perf_counter(), Program.total
    deadline = time.monotonic() + options["time_limit_s"]
    sign = -1.0 if problem.sense == "max" else 1.0
    first = estimate(problem, options, report)
    budget = Budget(options["max_iterations"], deadline)

    def tell(system: System, iteration: int) -> None:
        worst = float(np.max(np.abs(system.residual)))
        fraction = min(0.9, 0.4 + 0.02 * iteration)
        report(Progress(fraction, "solve", "shooting", iteration, sign * system.cost, worst))

    attempt = Attempt(problem, options["tolerance"], options["max_restructures"], budget, tell)
    if first.usable and not budget.late:
        report(Progress(0.4, "compile", "compiling the canonical equations"))
        found = attempt.direct(first.path)
        if not found.converged and options["continuation"]:
            better = smoothed(attempt, first.path)
            found = found if better is None else better
        report(Progress(0.9, "verify", "checking the necessary conditions and flying the control"))
        result = result_of(problem, found, first, options["tolerance"])
    else:
        result = unsolved(problem, first, budget.late)
    compiled = Program.total - before
    return {
        **result,
        "iterations": budget.spent,
        "timings": {
            "queue_s": 0.0,
            "compile_s": compiled,
            "solve_s": max(0.0, time.perf_counter() - began - compiled),
        },
    }
