"""Plants that are unstable without control: no open-loop flight keeps to the trajectory for long."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from app.solvers.request import check
from app.solvers.run import run


def solved(problem: dict[str, Any]) -> dict[str, Any]:
    return run(check("collocation", {"problem": problem}), lambda _: None)


def test_an_unstable_plant_over_a_horizon_of_10_000_costs_what_the_riccati_equation_says() -> None:
    """At both ends P solves 2 P - P^2 + 1 = 0: 1 + sqrt(2) to come to rest, sqrt(2) - 1 to leave it."""
    result = solved(
        {
            "states": ["x"],
            "controls": ["u"],
            "time": {"t0": 0, "tf": 10000},
            "dynamics": {"x": "x+u"},
            "running_cost": "x^2+u^2",
            "initial": {"x": 1},
            "final": {"x": 1},
        }
    )
    assert result["status"] == "converged", result["message"]
    assert result["cost"] == pytest.approx(2 * np.sqrt(2), rel=1e-6)
    assert result["verification"]["restarts"] > 0  # and the answer says that it was set back so often
    assert "set back" in result["message"]
    t, x, u = (
        np.array(values) for values in (result["time"], result["states"]["x"], result["controls"]["u"])
    )
    h, slope = np.diff(t), np.diff(u) / np.diff(t)
    resting = h > 10  # nothing comes back from an exponential of more than that: the plant must rest at zero
    assert np.max(np.abs(np.stack([x[:-1], u[:-1], x[1:], u[1:]])[:, resting]), initial=0.0) < 1e-9
    h, slope, before, after, held = (
        h[~resting],
        slope[~resting],
        x[:-1][~resting],
        x[1:][~resting],
        u[:-1][~resting],
    )
    flown = np.exp(h) * (before + held + slope) - held - slope * (1 + h)  # each segment in closed form
    assert np.sum(np.abs(flown - after)) < 1e-5


def test_rounding_errors_do_not_grow_with_the_instability_of_the_dynamics() -> None:
    """Newton steps of a van der Pol oscillator held where it is unstable (rate 20) for 4 of 5 seconds.

    The cost is that of CasADi and IPOPT on 32 and 128 Radau intervals (9.763176, 9.763210).
    """
    result = solved(
        {
            "states": ["x1", "x2"],
            "controls": ["u"],
            "time": {"t0": 0, "tf": 5},
            "dynamics": {"x1": "x2", "x2": "20*(1-x1^2)*x2-x1+u"},
            "running_cost": "x1^2+0.01*x2^2+0.01*u^2",
            "control_bounds": {"u": [-100, 100]},
            "initial": {"x1": 2, "x2": 0},
        }
    )
    assert result["status"] == "converged", result["message"]
    assert result["cost"] == pytest.approx(9.763211, rel=1e-5)
