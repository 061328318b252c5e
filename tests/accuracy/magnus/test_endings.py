"""Solves that cannot end well: a status that says so, never an exception and never a wrong answer."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from app.solvers.magnus import solver
from app.solvers.magnus.options import MagnusOptions
from app.solvers.magnus.propagation import Trajectory, propagate

GROWTH: dict[str, Any] = {"kind": "linear", "A0": [[1.0]], "initial": [1], "tf": 1000}


def test_a_state_that_overflows_is_reported_with_the_time(solved: Any) -> None:
    result = solved(GROWTH)
    assert result["status"] == "diverged"
    assert 690 <= result["time"][-1] <= 710  # exp(709) is the largest number there is
    assert "overflows after t = " in result["verification"]["message"]
    json.dumps(result, allow_nan=False)


def test_an_amplitude_without_value_is_reported_with_the_time(solved: Any) -> None:
    # Undefined only from 0.503 to 0.507, between two of the times that are tried before the solve.
    term = {"operator": "sx", "amplitude": "sqrt((t - 0.503)*(t - 0.507))"}
    result = solved({"kind": "schroedinger", "dimensions": 2, "terms": [term], "initial": "0", "tf": 1})
    assert result["status"] == "diverged"
    assert result["message"].startswith("the matrices are not finite at t = 0.50")
    json.dumps(result, allow_nan=False)


def test_a_wrong_answer_is_never_called_converged(solved: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(*arguments: Any, **options: Any) -> Trajectory:
        right = propagate(*arguments, **options)
        return Trajectory(right.states * (1 + 1e-6), right.error, right.steps, right.passes, right.outcome)

    monkeypatch.setattr(solver, "propagate", wrong)
    result = solved({"kind": "schroedinger", "dimensions": 2, "H0": "sx", "initial": "0", "tf": 3})
    assert result["status"] == "unverified"
    assert result["verification"]["state_error"] == pytest.approx(1e-6, rel=0.01)


def test_a_search_cut_short_says_so(solved: Any) -> None:
    result = solved(
        {
            "kind": "schroedinger",
            "dimensions": [2, 2],
            "H0": "sz1*sz2",
            "controls": [{"name": "a", "operator": "sx1"}, {"name": "b", "operator": "sx2"}],
            "target": {"gate": "cnot"},
            "tf": 3,
            "slices": 20,
        },
        max_iterations=2,
        restarts=0,
    )
    assert result["status"] == "max_iterations"
    assert np.isfinite(result["cost"])


def test_progress_is_reported_from_solve_to_verification() -> None:
    seen: list[Any] = []
    problem = {"matrices": {"kind": "schroedinger", "dimensions": 2, "H0": "sx", "initial": "0", "tf": 1}}
    solver.solve(SimpleNamespace(problem=problem, options=MagnusOptions().model_dump()), seen.append)
    assert [one.stage for one in seen] == ["solve", "verify"]
