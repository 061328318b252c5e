"""The solver `pmp` through the API."""

from __future__ import annotations

from typing import Any

import pytest
from live import DOUBLE_INTEGRATOR, Service


def body(problem: dict[str, Any]) -> dict[str, Any]:
    return {"solver_type": "pmp", "problem_config": {"problem": problem}}


def test_it_is_listed_and_solves_with_costates_and_necessary_conditions(service: Service) -> None:
    assert "pmp" in [solver["name"] for solver in service.http.get("/api/solvers").json()["solvers"]]
    job = service.job(service.submit(body(DOUBLE_INTEGRATOR)), wait=60)
    assert (job["status"], job["outcome"]) == ("completed", "converged")
    result = job["result"]
    assert result["cost"] == pytest.approx(12, rel=1e-10)
    assert result["costates"]["x"][0] == pytest.approx(-24, rel=1e-9)
    assert result["necessary_conditions"]["stationarity"] <= 1e-9
    assert result["verification"]["passed"]


def test_a_path_constraint_is_refused_before_queueing(service: Service) -> None:
    answer = service.post(body({**DOUBLE_INTEGRATOR, "path_constraints": [{"expr": "v", "upper": 2}]}))
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert error["field"] == "problem_config.problem.path_constraints.0"
    assert "'collocation'" in error["allowed"]
