"""What must not change the cost: units of time and of states, the time of the start, a state that adds nothing.

And what is known in closed form beside the cost: costates and the Hamiltonian.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import solve_continuous_are

from app.solvers.request import check
from app.solvers.run import run

DURATION = 5.0


def van_der_pol(size: float = 1.0, speed: float = 1.0, begin: float = 0.0) -> dict[str, Any]:
    """States in units of 1 / `size`, time in units of 1 / `speed`, from the time `begin` on."""
    return {
        "constants": {"s": size, "k": speed},
        "states": ["a", "b"],
        "controls": ["u"],
        "time": {"t0": begin, "tf": begin + DURATION / speed},
        "definitions": {"p": "a/s", "q": "b/s"},
        "dynamics": {"a": "k*s*((1-q^2)*p-q+u)", "b": "k*s*p"},
        "running_cost": "k*(p^2+q^2+u^2)",
        "control_bounds": {"u": [-0.75, 1]},
        "initial": {"a": 0, "b": size},
    }


def solve(problem: dict[str, Any], **options: Any) -> dict[str, Any]:
    result = run(check("collocation", {"problem": problem}, options), lambda _: None)
    assert result["status"] == "converged", result["message"]
    return result


@cache
def reference() -> float:
    problem = van_der_pol()
    return float(solve(problem)["cost"])


@settings(max_examples=6, derandomize=True)
@given(
    size=st.floats(-4, 4).map(lambda power: 10.0**power),
    speed=st.floats(-3, 3).map(lambda power: 10.0**power),
    begin=st.floats(-100, 100),
)
def test_units_and_the_time_of_the_start_leave_the_cost_unchanged(
    size: float, speed: float, begin: float
) -> None:
    problem = van_der_pol(size, speed, begin)
    assert solve(problem)["cost"] == pytest.approx(reference(), rel=1e-5)


def test_a_redundant_state_leaves_the_cost_unchanged() -> None:
    problem = van_der_pol()
    problem["states"] = [*problem["states"], "again"]
    problem["dynamics"]["again"] = "k*s*p"
    problem["initial"]["again"] = 1
    assert solve(problem)["cost"] == pytest.approx(reference(), rel=1e-5)


def test_costates_and_hamiltonian_of_the_double_integrator_are_the_known_ones() -> None:
    """x'' = u, rest to rest over 1, cost of u^2: u = 6 - 12 t, costates -24 t-free and -2 u; H = -36."""
    result = solve(
        {
            "states": ["x", "v"],
            "controls": ["u"],
            "time": {"t0": 0, "tf": 1},
            "dynamics": {"x": "v", "v": "u"},
            "running_cost": "u^2",
            "initial": {"x": 0, "v": 0},
            "final": {"x": 1, "v": 0},
        }
    )
    times = np.asarray(result["time"])
    np.testing.assert_allclose(result["controls"]["u"], 6 - 12 * times, atol=1e-6)
    np.testing.assert_allclose(result["costates"]["x"], -24.0, atol=1e-5)
    np.testing.assert_allclose(result["costates"]["v"], -2 * (6 - 12 * times), atol=1e-5)
    np.testing.assert_allclose(result["hamiltonian"], -36.0, atol=1e-5)


def test_costates_of_a_linear_quadratic_problem_are_those_of_its_riccati_equation() -> None:
    """Terminal cost x' P x with the stationary P: costates 2 P x, control -B' P x, Hamiltonian 0."""
    a, b = np.array([[0.0, 1.0], [-1.0, 0.5]]), np.array([[0.0], [1.0]])
    p = solve_continuous_are(a, b, np.diag([2.0, 1.0]), np.eye(1))
    quadratic = f"{p[0, 0]!r}*x_f^2+2*{p[0, 1]!r}*x_f*v_f+{p[1, 1]!r}*v_f^2".replace("np.float64", "")
    result = solve(
        {
            "states": ["x", "v"],
            "controls": ["u"],
            "time": {"t0": 0, "tf": 4},
            "dynamics": {"x": "v", "v": "-x+0.5*v+u"},
            "running_cost": "2*x^2+v^2+u^2",
            "terminal_cost": quadratic,
            "initial": {"x": 1, "v": -0.5},
        }
    )
    states = np.array([result["states"][name] for name in ("x", "v")])
    costates = np.array([result["costates"][name] for name in ("x", "v")])
    first = states[:, 0]
    assert result["cost"] == pytest.approx(float(first @ p @ first), rel=1e-7)
    np.testing.assert_allclose(costates, 2 * p @ states, atol=1e-3)
    np.testing.assert_allclose(result["controls"]["u"], -(b.T @ p @ states)[0], atol=1e-3)
    np.testing.assert_allclose(result["hamiltonian"], 0.0, atol=1e-3)
