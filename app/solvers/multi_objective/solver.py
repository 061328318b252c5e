"""The solver `multi_objective`: a checked request becomes a front with its knee, hypervolume and plot data."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from app.solvers.compilation import Program
from app.solvers.multi_objective.black_box import BlackBox
from app.solvers.multi_objective.control_result import control_result
from app.solvers.multi_objective.evolving import evolve
from app.solvers.multi_objective.request import read
from app.solvers.progress import Progress
from app.solvers.request import CheckedRequest
from app.version import SOLVER_VERSION


def solve(request: CheckedRequest, report: Callable[[Progress], None]) -> dict[str, Any]:
    """The result of a request of type `multi_objective`."""
    began, before = time.monotonic(), Program.total
    stated = read(request.problem)
    if isinstance(stated, BlackBox):
        result = evolve(stated, request.options, report)
    else:
        result = control_result(stated, request.options, report)
    compiled = Program.total - before
    timings = {"queue_s": 0.0, "compile_s": compiled}
    timings["solve_s"] = max(0.0, time.monotonic() - began - compiled)
    return {**result, "timings": timings, "solver_version": SOLVER_VERSION}
