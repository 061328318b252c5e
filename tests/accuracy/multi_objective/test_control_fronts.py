"""Fronts of control problems that are known in closed form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

Columns = Callable[[dict[str, Any]], np.ndarray]

# x' = u from x(0) = 1: energy E = int u^2, miss M = x(1)^2. A constant control is best: sqrt(E) + sqrt(M) = 1.
MOVE = {
    "states": ["x"],
    "controls": ["u"],
    "time": {"t0": 0, "tf": 1},
    "dynamics": {"x": "u"},
    "initial": {"x": 1},
}
OBJECTIVES = [{"name": "energy", "running": "u^2"}, {"name": "miss", "terminal": "x_f^2"}]
# Rest to rest over a distance of 1 in a free time: energy * time^3 = 12 while the control has room.
HASTE = {
    "states": ["x", "v"],
    "controls": ["u"],
    "time": {"t0": 0, "tf": {"free": True, "lower": 0.5, "upper": 20, "guess": 3}},
    "dynamics": {"x": "v", "v": "u"},
    "initial": {"x": 0, "v": 0},
    "final": {"x": 1, "v": 0},
    "control_bounds": {"u": [-2, 2]},
}


@pytest.mark.parametrize(("method", "points"), [("nbi", 40), ("epsilon", 21)])  # 40 are solved as a batch
def test_a_two_objective_linear_quadratic_front(
    solved: Any, columns: Columns, method: str, points: int
) -> None:
    result = solved({"problem": MOVE, "objectives": OBJECTIVES}, method=method, points=points)
    assert (result["status"], result["method"]) == ("converged", method)
    f = columns(result)
    assert len(f) == points
    assert np.sum(np.sqrt(f), axis=1) == pytest.approx(1.0, abs=1e-6)
    assert np.all(np.diff(f[:, 0]) > 0)
    knee = result["front"][result["knee"]["index"]]["objectives"]
    assert knee["energy"] == pytest.approx(0.25, abs=0.03)  # where the slope is that between the ends
    rates = np.array(result["trade_off"]["rate"])
    middles = np.sqrt(0.5 * (f[1:] + f[:-1]))
    assert rates[3:-3] == pytest.approx(-(middles[:, 1] / middles[:, 0])[3:-3], rel=0.1)


def test_every_point_has_a_control_that_flies_to_its_objectives(solved: Any) -> None:
    result = solved({"problem": MOVE, "objectives": OBJECTIVES}, points=5)
    for point in result["front"]:
        t, u, x = (np.array(a) for a in (point["time"], point["controls"]["u"], point["states"]["x"]))
        energy = np.sum(np.diff(t) * (u[1:] ** 2 + u[1:] * u[:-1] + u[:-1] ** 2) / 3)
        miss = (1 + np.sum(np.diff(t) * (u[1:] + u[:-1]) / 2)) ** 2
        assert point["objectives"] == {
            "energy": pytest.approx(energy, abs=1e-6),
            "miss": pytest.approx(miss, abs=1e-6),
        }
        assert set(point["states"]) == {"x"}
        assert x[0] == 1.0
        assert point["verification"]["passed"]
    assert result["states"] == result["front"][result["knee"]["index"]]["states"]


def test_a_front_with_free_final_time_and_bounds(solved: Any, columns: Columns) -> None:
    result = solved(
        {"problem": HASTE, "objectives": [{"name": "time", "terminal": "tf"}, OBJECTIVES[0]]}, points=15
    )
    assert result["status"] == "converged"
    time, energy = columns(result).T
    assert time[0] == pytest.approx(np.sqrt(2), rel=1e-3)  # bang-bang
    room = time > np.sqrt(3)  # the largest control is 6 / time^2
    assert np.sum(room) >= 5
    assert energy[room] * time[room] ** 3 == pytest.approx(12.0, rel=1e-5)
    assert np.all(energy[~room] * time[~room] ** 3 > 12.0)


def test_a_maximised_objective_is_given_in_its_own_sense(solved: Any, columns: Columns) -> None:
    objectives = [{"name": "height", "terminal": "x_f", "sense": "max"}, OBJECTIVES[0]]
    problem = {**MOVE, "control_bounds": {"u": [-1, 2]}}
    result = solved(
        {"problem": problem, "objectives": objectives, "reference_point": {"height": 1, "energy": 4}},
        points=9,
    )
    height, energy = columns(result).T
    assert energy == pytest.approx((height - 1) ** 2, abs=1e-5)
    assert np.max(height) == pytest.approx(3.0, rel=1e-3)
    assert result["reference_point"] == {"height": 1.0, "energy": 4.0}


def test_three_objectives_span_a_surface(solved: Any, columns: Columns) -> None:
    # from x(0) = 1 under u: energy, miss of 0 and miss of 2 at the end: x_f in [0, 2], energy (x_f - 1)^2
    objectives = [*OBJECTIVES, {"name": "other", "terminal": "(x_f - 2)^2"}]
    result = solved({"problem": MOVE, "objectives": objectives}, points=15)
    energy, miss, other = columns(result).T
    end = np.sqrt(miss)
    assert other == pytest.approx((end - 2) ** 2, abs=1e-5)
    assert energy == pytest.approx((end - 1) ** 2, abs=1e-5)
    assert result["hypervolume"] > 0


def test_points_that_cannot_be_flown_are_not_on_the_front(solved: Any) -> None:
    result = solved({"problem": MOVE, "objectives": OBJECTIVES}, points=7, max_iterations=1)
    assert result["status"] != "converged"
    assert all(point["verification"]["passed"] for point in result["front"])


def test_an_end_of_the_front_that_does_not_exist_is_named(solved: Any) -> None:
    result = solved(
        {
            "problem": {**HASTE, "final": {"x": 1000, "v": 0}},
            "objectives": [{"name": "time", "terminal": "tf"}, OBJECTIVES[0]],
        },
        points=5,
    )
    assert result["status"] == "infeasible"
    assert "no verified optimum" in result["message"]
    assert result["front"] == []
