"""From a checked request to its result: one problem, or the rows of a sweep.

The rows of a sweep have one structure. Where they are many, their first meshes are solved in batches; what follows
(refinement, flights, verification, other starts where the first fails) is each row's own affair.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from app.problems.model import Problem, parse
from app.solvers.collocation.batch import solve_batch
from app.solvers.collocation.mesh import size_for
from app.solvers.collocation.outcome import Outcome
from app.solvers.collocation.programs import BATCH
from app.solvers.collocation.solver import finished, solve_problem, timings
from app.solvers.collocation.solving import Budget, Solving, Start
from app.solvers.collocation.transcription import TRANSCRIPTIONS
from app.solvers.compilation import Program
from app.solvers.progress import Progress
from app.solvers.request import CheckedRequest

WORTH = BATCH  # rows from which compiling a batch's own program pays
COMMON = ("solver_version", "warnings")  # what is the same in all rows
FIRST = 0.3  # of the progress: all rows on their first mesh


def solve(request: CheckedRequest, report: Callable[[Progress], None]) -> dict[str, Any]:
    """The result of a request of type `collocation`."""
    problem = parse(request.problem)
    return (solve_rows if problem.sweep else solve_problem)(problem, request.options, report)


def solve_rows(
    problem: Problem, options: dict[str, Any], report: Callable[[Progress], None]
) -> dict[str, Any]:
    """The result of a sweep: that of its first row, and under `rows` that of every row with its `constants`.

    `status` and `message` speak of all rows; iterations and time limits are those of the whole.
    """
    began, before = time.perf_counter(), Program.total
    budget = Budget.of(options["max_iterations"], options["time_limit_s"])
    rows = problem.rows()

    def quiet(_: Progress) -> None:
        """One row's progress is none of the sweep's."""

    transcription = TRANSCRIPTIONS[options["transcription"]]
    solvings = [Solving(row, transcription, replace(budget), quiet) for row in rows]
    report(Progress(0.0, "solve", f"{len(rows)} rows on their first mesh"))
    outcomes: list[Outcome | None] = [None] * len(rows)
    if len(rows) >= WORTH:
        outcomes[:] = solve_batch(solvings, size_for(options["mesh_intervals"]), Start())
    results: list[dict[str, Any]] = []
    for solving, outcome in zip(solvings, outcomes, strict=True):
        done = len(results) / len(rows)
        report(Progress(FIRST + (1 - FIRST) * done, "refine", f"{len(results)} of {len(rows)} rows"))
        results.append(finished(solving, outcome, options))
    return {**_joined(problem, rows, results), "timings": timings(began, before)}


def _joined(problem: Problem, rows: tuple[Problem, ...], results: list[dict[str, Any]]) -> dict[str, Any]:
    names = tuple(problem.statement.constants)  # in the order of `k`
    each = [
        {
            "constants": dict(zip(names, row.k[: len(names)].tolist(), strict=True)),
            **{key: value for key, value in result.items() if key not in COMMON},
        }
        for row, result in zip(rows, results, strict=True)
    ]
    counts = Counter(str(result["status"]) for result in results)
    others = [result for result in results if result["status"] != "converged"]
    status = str((others or results)[0]["status"])
    told = ", ".join(f"{count} {name}" for name, count in counts.most_common())
    message = f"{len(rows)} rows: {told}."
    iterations = sum(result["iterations"] for result in results)
    whole = {"status": status, "message": message, "iterations": iterations, "rows": each}
    return {**results[0], **whole}
