"""Having the fixed problems solved: by a running service, or in this process by the build at hand."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.client import Client
from app.release.problems import Problem
from app.version import SOLVER_VERSION

LIMIT_S = 300.0
"""For one problem, waiting for a worker included."""

RESIDUALS = ("constraint_violation", "optimality_residual", "mesh_error")
"""What a result says of its own faults; a solver gives those that its method has."""


@dataclass(frozen=True)
class Answer:
    """What a build says to one problem."""

    status: str
    """The result's own, such as `converged`; the job's where there is no result."""
    cost: float
    """nan where there is none."""
    solver_version: str
    residuals: Mapping[str, float] = field(default_factory=dict)
    detail: str = ""


def from_service(client: Client, problem: Problem) -> Answer:
    """The answer of a running service; an earlier one of the same solver is as good. ClientError."""
    job_id = client.solve(problem.solver_type, problem.problem_config)["job_id"]
    job = client.wait(job_id, limit_s=LIMIT_S)
    if job["result"] is None:
        return Answer(job["status"], math.nan, "", detail=(job["error"] or {}).get("detail", ""))
    return _of(job["result"])


def from_this_build(problem: Problem) -> Answer:
    """The answer of the solvers in this process, without any service; imports JAX."""
    from app.solvers.request import check
    from app.solvers.run import run

    result = run(check(problem.solver_type, problem.problem_config), lambda progress: None)
    return _of({"solver_version": SOLVER_VERSION, **result})


def _of(result: Mapping[str, Any]) -> Answer:
    cost = result.get("cost")
    return Answer(
        status=result["status"],
        cost=math.nan if cost is None else float(cost),
        solver_version=result.get("solver_version", ""),
        residuals={name: float(result[name]) for name in RESIDUALS if result.get(name) is not None},
        detail=result.get("message") or "",
    )
