"""Test problems whose fronts are known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

Columns = Callable[[dict[str, Any]], np.ndarray]
UNIT = {"f1": 1.1, "f2": 1.1}
TRUE_VOLUMES = {  # dominated below (1.1, 1.1), by integrating the true fronts
    "zdt1": 0.1 * 1.1 + 0.1 + 2 / 3,
    "zdt2": 0.1 * 1.1 + 0.1 + 1 / 3,
}


@pytest.mark.parametrize("name", TRUE_VOLUMES)
def test_the_hypervolume_comes_near_that_of_the_true_front(solved: Any, columns: Columns, name: str) -> None:
    result = solved({"template": name, "reference_point": UNIT})
    assert result["verification"]["passed"]
    assert result["evaluations"] == 25_100
    assert 0.985 * TRUE_VOLUMES[name] < result["hypervolume"] < TRUE_VOLUMES[name]
    f1, f2 = columns(result).T
    true = 1 - np.sqrt(f1) if name == "zdt1" else 1 - f1**2
    assert np.all(f2 > true - 1e-12)
    assert np.max(f2 - true) < 0.03


def test_a_front_in_pieces_is_found_in_all_of_them(solved: Any, columns: Columns) -> None:
    result = solved({"template": "zdt3"})
    f1, f2 = columns(result).T
    assert np.all(f2 > 1 - np.sqrt(f1) - f1 * np.sin(10 * np.pi * f1) - 1e-12)
    pieces = [(0, 0.0830), (0.1822, 0.2577), (0.4093, 0.4539), (0.6183, 0.6525), (0.8233, 0.8519)]
    inside = [(f1 > low - 0.01) & (f1 < high + 0.01) for low, high in pieces]
    assert all(np.sum(piece) >= 5 for piece in inside)
    assert np.all(np.any(inside, axis=0))


@pytest.mark.parametrize(("method", "distance"), [("nsga3", 0.002), ("nsga2", 0.1)])
def test_three_objectives_lie_on_their_sphere(
    solved: Any, columns: Columns, method: str, distance: float
) -> None:
    f = columns(solved({"template": "dtlz2"}, method=method))
    radius = np.linalg.norm(f, axis=1)
    assert np.all(radius > 1 - 1e-12)
    assert np.median(radius) < 1 + distance
    assert np.all(np.max(f, axis=0) > 0.95)


def test_constraints_and_senses_hold_on_the_front(solved: Any, columns: Columns) -> None:
    config = {
        "variables": {"width": {"lower": 0.1, "upper": 5}, "height": {"lower": 0.1, "upper": 5}},
        "objectives": [
            {"name": "area", "expr": "width*height", "sense": "max"},
            {"name": "rim", "expr": "2*(width + height)"},
        ],
        "constraints": [{"expr": "width - 2*height", "lower": 0}],  # the best shape is not allowed
    }
    result = solved(config, generations=150, population=60)
    assert result["verification"]["passed"]
    area, rim = columns(result).T
    best = 2 * (rim / 6) ** 2  # width = 2 height
    assert np.all(area < best * (1 + 1e-9))
    assert np.median(area / best) > 0.98
    largest = max(result["front"], key=lambda point: point["objectives"]["area"])
    assert largest["variables"]["width"] == pytest.approx(5.0, rel=0.02)


def test_a_discontinuous_objective_is_no_obstacle(solved: Any, columns: Columns) -> None:
    steps = {"stairs": {"t": [0, 0.5, 0.5000001, 1], "value": [2, 2, 1, 1]}}
    config = {
        "variables": {"x": {"lower": 0, "upper": 1}},
        "tables": steps,
        "objectives": [{"name": "x", "expr": "x"}, {"name": "height", "expr": "table(stairs, x)"}],
    }
    f = columns(solved(config, generations=100, population=20))
    assert f[0] == pytest.approx([0.0, 2.0], abs=1e-3)
    assert f[-1] == pytest.approx([0.5, 1.0], abs=1e-3)


def test_what_no_point_satisfies_is_infeasible(solved: Any) -> None:
    config = {
        "variables": {"x": {"lower": 0, "upper": 1}},
        "objectives": [{"name": "a", "expr": "x"}, {"name": "b", "expr": "-x"}],
        "constraints": [{"expr": "x", "lower": 2}],
    }
    result = solved(config, generations=20, population=10)
    assert (result["status"], result["front"]) == ("infeasible", [])
    assert result["constraint_violation"] == pytest.approx(1 / 3)


def test_a_front_that_still_moves_is_not_converged(solved: Any) -> None:
    assert solved({"template": "zdt1"}, generations=40)["status"] == "max_iterations"


def test_time_runs_out(solved: Any) -> None:
    result = solved({"template": "zdt1"}, generations=20_000, time_limit_s=0.2)
    assert result["status"] == "time_limit"
    assert result["iterations"] < 20_000
