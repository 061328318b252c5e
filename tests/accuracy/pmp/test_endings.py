"""Solves that cannot end well: a status that says so, never an exception and never a wrong answer."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

REST_TO_REST: dict[str, Any] = {
    "states": ["x", "v"],
    "controls": ["u"],
    "time": {"tf": 1},
    "dynamics": {"x": "v", "v": "u"},
    "running_cost": "u^2",
    "control_bounds": {"u": [-1, 1]},
    "initial": {"x": 0, "v": 0},
    "final": {"x": 1, "v": 0},
}
"""Two units of time are the least that it takes."""
VAN_DER_POL: dict[str, Any] = {
    "states": ["x", "y"],
    "controls": ["u"],
    "time": {"tf": 5},
    "dynamics": {"x": "(1 - y^2)*x - y + u", "y": "x"},
    "running_cost": "x^2 + y^2 + u^2",
    "initial": {"x": 0, "y": 1},
    "control_bounds": {"u": [-0.3, 1]},
}


def test_an_infeasible_problem_is_told_to_be_one(solved: Any) -> None:
    result = solved(REST_TO_REST)
    assert result["status"] == "infeasible"
    assert result["constraint_violation"] > 1e-3
    assert not result["verification"]["passed"]
    json.dumps(result, allow_nan=False)


def test_dynamics_that_blow_up_end_in_a_status(solved: Any) -> None:
    problem = {
        "states": ["x"],
        "controls": ["u"],
        "time": {"tf": 3},
        "dynamics": {"x": "x^2 + u"},
        "running_cost": "x^2 + u^2",
        "control_bounds": {"u": [-0.1, 0.1]},
        "initial": {"x": 1},
    }
    result = solved(problem, time_limit_s=30)
    assert result["status"] not in ("converged", "unverified")
    assert result["message"]
    json.dumps(result, allow_nan=False)


def test_a_bound_of_a_state_that_the_extremal_crosses_is_named_with_place_and_time(solved: Any) -> None:
    result = solved({**VAN_DER_POL, "state_bounds": {"x": [-0.25, None]}})
    assert result["status"] == "violated_bounds"
    assert "x = -0.5" in result["message"]
    assert "bound -0.25" in result["message"]
    assert "'collocation'" in result["message"]
    assert not result["verification"]["passed"]


def test_a_bound_of_a_state_that_is_not_reached_changes_nothing(solved: Any) -> None:
    free, bounded = solved(VAN_DER_POL), solved({**VAN_DER_POL, "state_bounds": {"x": [-5, 5]}})
    assert (free["status"], bounded["status"]) == ("converged", "converged")
    assert bounded["cost"] == pytest.approx(free["cost"], rel=1e-9)


def test_iterations_are_limited(solved: Any) -> None:
    result = solved(VAN_DER_POL, max_iterations=2)
    assert result["iterations"] <= 2
    assert result["status"] in ("max_iterations", "no_estimate")
    json.dumps(result, allow_nan=False)


def test_the_time_limit_is_kept(solved: Any) -> None:
    solved(VAN_DER_POL)  # its programs are compiled from here on
    began = time.monotonic()
    result = solved(VAN_DER_POL, time_limit_s=0.01)
    assert result["status"] == "time_limit"
    assert "The time limit was reached" in result["message"]
    assert time.monotonic() - began < 30
    json.dumps(result, allow_nan=False)


def test_chattering_controls_are_not_called_converged(solved: Any) -> None:
    # Fuller's problem: infinitely many switches before the origin is reached.
    problem = {
        "states": ["x", "v"],
        "controls": ["u"],
        "time": {"tf": 5},
        "dynamics": {"x": "v", "v": "u"},
        "running_cost": "x^2",
        "control_bounds": {"u": [-1, 1]},
        "initial": {"x": 0, "v": 1},
    }
    result = solved(problem, max_iterations=60)
    assert result["status"] in ("stalled", "unverified", "max_iterations")
