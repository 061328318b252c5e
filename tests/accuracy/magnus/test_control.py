"""Control by GRAPE: known pulses, bounds, penalties, robustness."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from app.solvers.magnus.control import ControlProblem
from app.solvers.magnus.model import control_problem
from app.solvers.magnus.objective import Objective
from app.solvers.magnus.request import parse

FLIP: dict[str, Any] = {
    "kind": "schroedinger",
    "dimensions": 2,
    "controls": [{"name": "u", "operator": "sx/2", "lower": -5, "upper": 5}],
    "initial": "0",
    "target": {"state": "1"},
    "tf": 2,
    "slices": 10,
}
CNOT: dict[str, Any] = {
    "kind": "schroedinger",
    "dimensions": [2, 2],
    "H0": "pi/4*sz1*sz2",
    "controls": [
        {"name": f"u{index}", "operator": operator, "lower": -5, "upper": 5}
        for index, operator in enumerate(("sx1", "sy1", "sx2", "sy2"))
    ],
    "target": {"gate": "cnot"},
    "tf": 4,
    "slices": 40,
}


def test_a_flip_is_found_whose_area_is_pi(solved: Any) -> None:
    result = solved({**FLIP, "energy": 1e-4}, gradient_tolerance=1e-10)
    area = sum(result["controls"]["u"][:-1]) * 0.2
    assert result["status"] == "converged"
    assert abs(area) == pytest.approx(math.pi, rel=1e-3)
    # The cheapest flip is a constant one.
    assert np.ptp(result["controls"]["u"]) < 1e-3
    assert result["states"]["p1"][-1] > 1 - 1e-6


def test_cnot_is_reached_and_verified(solved: Any) -> None:
    result = solved(CNOT, infidelity=1e-10)
    assert result["status"] == "converged"
    assert result["infidelity"] <= 1e-10
    assert result["verification"]["passed"]
    assert result["verification"]["infidelity"] == pytest.approx(result["infidelity"], abs=1e-9)
    assert result["norm_error"] < 1e-12
    assert len(result["trajectories"]) == 4
    assert len(result["time"]) == len(result["controls"]["u0"]) == 41


def test_bounds_hold_even_where_they_keep_the_target_away(solved: Any) -> None:
    # At most 1 for 2 units of time turns by 2 rad: a population of sin(1)^2.
    tight = {**FLIP, "controls": [{"name": "u", "operator": "sx/2", "lower": -1, "upper": 1}]}
    result = solved(tight, restarts=1)
    assert max(map(abs, result["controls"]["u"])) <= 1.0
    assert result["infidelity"] == pytest.approx(1 - math.sin(1) ** 2, abs=1e-9)
    assert result["status"] == "converged"


def test_smoothness_smooths(solved: Any) -> None:
    rough, smooth = solved(CNOT), solved({**CNOT, "smoothness": 1e-4})

    def variation(result: dict[str, Any]) -> float:
        return float(sum(np.sum(np.diff(values) ** 2) for values in result["controls"].values()))

    assert smooth["infidelity"] < 1e-2
    assert variation(smooth) < 0.2 * variation(rough)


def test_a_robust_pulse_beats_one_that_ignores_the_spread(solved: Any) -> None:
    problem = {
        **FLIP,
        "constants": {"error": 0},
        "controls": [
            {"name": name, "operator": operator, "lower": -5, "upper": 5, "amplitude": "1 + error"}
            for name, operator in (("x", "sx/2"), ("y", "sy/2"))
        ],
        "tf": 4,
        "slices": 20,
    }
    robust = solved({**problem, "spread": {"error": {"half_width": 0.2, "samples": 5}}}, infidelity=1e-6)
    naive = solved(problem)
    off = {**problem, "constants": {"error": 0.2}}
    worst = max(
        final_infidelity({**off, "constants": {"error": error}}, naive) for error in (-0.2, -0.1, 0.1, 0.2)
    )
    robust_worst = max(
        final_infidelity({**off, "constants": {"error": error}}, robust) for error in (-0.2, -0.1, 0.1, 0.2)
    )
    assert naive["infidelity"] < 1e-6
    assert robust["robustness"]["mean"] < 1e-3
    assert robust_worst < 0.1 * worst


def final_infidelity(matrices: dict[str, Any], result: dict[str, Any]) -> float:
    problem = control_problem(parse({"matrices": matrices}))
    controls = np.array([values[:-1] for values in result["controls"].values()]).T
    return float(Objective(problem, 1, 2)(controls).infidelities[0])


def test_a_gate_on_a_subspace_leaves_no_leakage(solved: Any) -> None:
    result = solved(
        {
            "kind": "schroedinger",
            "dimensions": 3,
            "H0": "-0.6*n*(n - 1)",
            "controls": [
                {"name": "x", "operator": "a + ad", "lower": -1, "upper": 1},
                {"name": "y", "operator": "i*(ad - a)", "lower": -1, "upper": 1},
            ],
            "target": {"gate": "x", "subspace": [0, 1]},
            "tf": 10,
            "slices": 40,
        }
    )
    assert result["status"] == "converged"
    assert result["trajectories"][0]["p2"][-1] < 1e-7
    assert result["trajectories"][0]["p1"][-1] > 1 - 1e-7


def test_a_carrier_is_resolved_within_the_slices(solved: Any) -> None:
    result = solved(
        {
            "kind": "schroedinger",
            "dimensions": 2,
            "H0": "5*sz",
            "controls": [{"name": "u", "operator": "sx", "amplitude": "cos(10*t)", "lower": -1, "upper": 1}],
            "initial": "0",
            "target": {"state": "1"},
            "tf": 6,
            "slices": 12,
        }
    )
    assert result["status"] == "converged"
    assert result["verification"]["state_error"] < 1e-8


def test_decay_limits_the_fidelity_of_a_flip(solved: Any) -> None:
    result = solved({**FLIP, "kind": "lindblad", "collapse": [{"operator": "sz", "rate": 0.02}]}, restarts=0)
    assert 1e-3 < result["infidelity"] < 0.05
    assert result["verification"]["passed"]


def gradient_problems() -> list[ControlProblem]:
    linear = {
        "kind": "linear",
        "A0": [[0, 1], [-2, -0.1]],
        "controls": [{"name": "k", "operator": [[0, 0], [1, 0]]}],
        "initial": [1, 0],
        "target": {"state": [0, 1]},
        "tf": 3,
        "slices": 6,
        "energy": 0.1,
        "smoothness": 0.2,
    }
    driven = {**FLIP, "H0": "sz", "constants": {"w": 3}, "spread": {"w": {"half_width": 0.5, "samples": 2}}}
    driven["controls"] = [{"name": "u", "operator": "sx", "amplitude": "cos(w*t)"}]
    lindblad = {**FLIP, "kind": "lindblad", "collapse": [{"operator": "sm", "rate": 0.1}]}
    return [control_problem(parse({"matrices": one})) for one in (linear, driven, lindblad, CNOT)]


@pytest.mark.parametrize("problem", gradient_problems(), ids=["linear", "driven", "lindblad", "gate"])
def test_gradients_agree_with_differences(problem: ControlProblem) -> None:
    random = np.random.default_rng(0)
    objective = Objective(problem, 3, 6)
    controls = random.normal(size=(problem.slices, len(problem.names)))
    direction = random.normal(size=controls.shape)
    h = 1e-5
    difference = (objective(controls + h * direction).cost - objective(controls - h * direction).cost) / (
        2 * h
    )
    assert np.sum(objective(controls).gradient * direction) == pytest.approx(difference, rel=1e-6, abs=1e-9)
