"""First meshes of problems with tables of the time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.problems.model import parse
from app.solvers.collocation.kinks import at_kinks, bends, first_mesh, kinks

TARIFF: dict[str, Any] = {
    "states": ["x"],
    "controls": ["u"],
    "time": {"t0": 2, "tf": 10},
    "tables": {"price": {"t": [0, 3, 4, 7, 9, 12], "value": [1, 1, 2, 2, 2, 3]}},
    "definitions": {"now": "table(price, t)"},
    "dynamics": {"x": "u"},
    "running_cost": "now*u+u^2",
    "initial": {"x": 0},
    "final": {"x": 1},
}


def test_nodes_of_the_first_mesh_stand_where_a_table_of_the_time_bends() -> None:
    problem = parse(TARIFF)
    places = (np.array([3, 4, 9]) - 2) / 8  # at 7 the table goes straight on
    assert kinks(problem, 0) == pytest.approx(places)
    mesh = first_mesh(problem, 32)
    nodes = np.cumsum(mesh[0])[:-1]
    assert np.min(np.abs(nodes[:, None] - places), axis=0) == pytest.approx(0, abs=1e-12)
    assert np.sum(at_kinks(problem, 0, mesh[0])) == len(places)


@pytest.mark.parametrize(
    "change",
    [
        {"time": {"t0": 2, "tf": {"free": True, "lower": 3, "upper": 10, "guess": 8}}},
        {"definitions": {"now": "table(price, x)"}},
    ],
    ids=["free end", "table of a state"],
)
def test_without_fixed_places_in_time_all_intervals_are_equal(change: dict[str, Any]) -> None:
    assert np.ptp(first_mesh(parse({**TARIFF, **change}), 32)) == pytest.approx(0, abs=1e-15)


@given(st.lists(st.floats(2.001, 9.999), min_size=1, max_size=60, unique=True))
def test_any_table_leaves_an_ordered_mesh_of_the_whole_horizon(times: list[float]) -> None:
    t = [0.0, *sorted(times), 12.0]
    table = {"t": t, "value": [float(i % 2) for i in range(len(t))]}
    mesh = first_mesh(parse({**TARIFF, "tables": {"price": table}}), 32)
    assert np.all(mesh > 0)
    assert np.sum(mesh) == pytest.approx(1)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({}, []),
        ({"running_cost": "abs(t - 5)*u^2"}, []),
        ({"running_cost": "max(now, x_limit)*u^2", "constants": {"x_limit": 1}}, []),
        ({"running_cost": "abs(u) + now*u^2"}, ["abs"]),
        ({"dynamics": {"x": "u - 0.1*table(price, x + 5)"}}, ["price"]),
        (
            {"definitions": {"now": "table(price, t)", "v": "x^2 + 1"}, "running_cost": "min(v, 2)*u^2"},
            ["min"],
        ),
        (
            {"path_constraints": [{"expr": "max(x, abs(u))", "upper": 9}], "running_cost": "now + u^2"},
            ["abs", "max"],
        ),
    ],
)
def test_what_bends_in_states_or_controls_is_named(change: dict[str, Any], named: list[str]) -> None:
    assert bends(parse({**TARIFF, **change})) == named
