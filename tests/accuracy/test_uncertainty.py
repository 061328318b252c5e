"""Sensitivities and Monte Carlo: against analytic problems and against solving again with other numbers."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

import numpy as np
import pytest

from app.errors import InvalidInput
from app.solvers.request import check
from app.solvers.run import run

# Minimum energy from rest to rest over a distance d in a time T: J = 12 d^2 / T^3.
REST_TO_REST: dict[str, Any] = {
    "states": ["x", "v"],
    "controls": ["u"],
    "constants": {"d": 1.5, "T": 2.0},
    "dynamics": {"x": "v", "v": "u"},
    "running_cost": "u^2",
    "time": {"t0": 0, "tf": "T"},
    "initial": {"x": 0, "v": 0},
    "final": {"x": "d", "v": 0},
}

# Constants everywhere: dynamics, costs, end values, bounds that are active, a path constraint, a definition.
EVERYWHERE: dict[str, Any] = {
    "states": ["x", "v"],
    "controls": ["u"],
    "constants": {"a": 2.0, "b": 1.5, "m": 1.2, "drag": 0.1, "w": "0.4*b"},
    "definitions": {"force": "u/m"},
    "dynamics": {"x": "v", "v": "force - drag*v"},
    "running_cost": "a*u^2",
    "terminal_cost": "30*(x_f-1)^2*b",
    "time": {"t0": 0, "tf": 1.3},
    "initial": {"x": 0.1, "v": 0.0},
    "final": {"v": "0.2*b"},
    "control_bounds": {"u": ["-b", "b"]},
    "state_bounds": {"v": [None, "w"]},
    "path_constraints": [{"expr": "u + 0.1*v", "upper": "0.5*m"}],
}


def answer(ocp: dict[str, Any], **options: Any) -> dict[str, Any]:
    result = run(check("collocation", {"problem": ocp}, options), lambda _: None)
    assert result["status"] == "converged", result["message"]
    return result


@cache
def everywhere(transcription: str) -> dict[str, Any]:
    return answer(EVERYWHERE, transcription=transcription)


def test_sensitivities_of_a_rest_to_rest_motion_are_the_analytic_ones() -> None:
    found = answer(REST_TO_REST)["sensitivities"]
    d, t = 1.5, 2.0
    assert found["constants"] == pytest.approx({"d": 24 * d / t**3, "T": -36 * d**2 / t**4}, rel=1e-5)
    (ends,) = found["phases"]
    assert ends["initial"]["x"] == pytest.approx(-24 * d / t**3, rel=1e-5)
    assert ends["final"]["x"] == pytest.approx(24 * d / t**3, rel=1e-5)
    assert ends["tf"] == pytest.approx(-36 * d**2 / t**4, rel=1e-5)
    assert ends["t0"] == pytest.approx(36 * d**2 / t**4, rel=1e-5)


def test_the_sensitivity_to_an_initial_value_is_the_costate_there() -> None:
    result = answer(REST_TO_REST)
    for name in ("x", "v"):
        slope = result["sensitivities"]["phases"][0]["initial"][name]
        assert slope == pytest.approx(result["costates"][name][0], rel=1e-4)


@pytest.mark.parametrize("name", ["a", "b", "m", "drag"])
def test_sensitivities_are_the_slopes_of_solving_again(name: str) -> None:
    step, costs = 1e-3, []
    for side in (1, -1):
        moved = copy.deepcopy(EVERYWHERE)
        moved["constants"][name] += side * step
        costs.append(answer(moved, tolerance=1e-7)["cost"])
    slope = (costs[0] - costs[1]) / (2 * step)
    assert everywhere("radau")["sensitivities"]["constants"][name] == pytest.approx(slope, rel=2e-3)


def test_sensitivities_do_not_depend_on_the_transcription() -> None:
    radau = everywhere("radau")["sensitivities"]["constants"]
    assert everywhere("trapezoidal")["sensitivities"]["constants"] == pytest.approx(radau, rel=1e-2, abs=1e-6)


def test_sensitivities_of_a_maximum_are_in_its_own_sense() -> None:
    turned = copy.deepcopy(REST_TO_REST) | {"sense": "max", "running_cost": "-u^2"}
    assert answer(turned)["sensitivities"]["constants"]["d"] == pytest.approx(-24 * 1.5 / 8, rel=1e-5)


# x' = -k x + u, x(0) = 1, cost int u^2 + x_f: for a fixed control x_f is linear in exp(-k T).
DECAY: dict[str, Any] = {
    "states": ["x"],
    "controls": ["u"],
    "constants": {"k": 0.7, "x0": 1.0},
    "dynamics": {"x": "-k*x + u"},
    "running_cost": "u^2",
    "terminal_cost": "x_f",
    "time": {"t0": 0, "tf": 1},
    "initial": {"x": "x0"},
    "control_bounds": {"u": [0, 1]},
}


def test_monte_carlo_gives_the_moments_of_a_known_distribution() -> None:
    """The best control is zero, so the cost is x0 exp(-k): with x0 normal it is normal."""
    asked = {"constants": {"x0": {"std": 0.1}}, "samples": 4000, "seed": 3}
    found = answer(DECAY, monte_carlo=asked)["monte_carlo"]
    assert found["samples"] == 4000
    assert found["lost"] == 0
    scale = np.exp(-0.7)
    assert found["cost"]["mean"] == pytest.approx(scale, abs=4 * 0.1 * scale / np.sqrt(4000))
    assert found["cost"]["std"] == pytest.approx(0.1 * scale, rel=0.05)
    assert found["cost"]["quantiles"]["0.95"] == pytest.approx(scale * (1 + 0.1 * 1.645), rel=0.01)
    assert found["final"]["x"]["mean"] == pytest.approx(found["cost"]["mean"], rel=1e-6)


def test_monte_carlo_draws_the_same_from_the_same_seed() -> None:
    asked = {"constants": {"k": {"distribution": "uniform", "std": 0.05}}, "samples": 50}
    first, second = (answer(DECAY, monte_carlo=asked)["monte_carlo"] for _ in range(2))
    assert first == second
    assert answer(DECAY, monte_carlo={**asked, "seed": 1})["monte_carlo"] != first


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"constants": {"kk": {"std": 1}}}, "solver_config.monte_carlo.constants.kk"),
        ({"constants": {"k": {"std": 0}}}, "solver_config.monte_carlo.constants.k.std"),
        ({"constants": {}}, "solver_config.monte_carlo.constants"),
        ({"constants": {"k": {"std": 1}}, "samples": 1}, "solver_config.monte_carlo.samples"),
    ],
)
def test_a_monte_carlo_run_that_does_not_fit_is_told_by_field(asked: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check("collocation", {"problem": DECAY}, {"monte_carlo": asked})
    assert field in [fault.field for fault in caught.value.errors]
