"""Scalarised problems: where they put the points of a front."""

from __future__ import annotations

import numpy as np
import pytest

from app.solvers.multi_objective.scalarisation import (
    Payoff,
    Scalarised,
    anchors,
    boundary_intersections,
    epsilon_constraints,
)

TWO = Payoff(np.array([[0.0, 400.0], [2.0, 100.0]]))
THREE = Payoff(np.array([[0.0, 5.0, 9.0], [1.0, 2.0, 8.0], [2.0, 4.0, 6.0]]))


def allows(one: Scalarised, f: list[float], level: float = 0.0) -> bool:
    return bool(np.all(np.array(f) - level * one.slopes <= one.upper + 1e-12))


def test_ranges_lie_between_the_anchors() -> None:
    assert TWO.ideal.tolist() == [0.0, 100.0]
    assert TWO.ranges.tolist() == [2.0, 300.0]
    assert Payoff(np.array([[0.0, 7.0], [1.0, 7.0]])).ranges.tolist() == [1.0, 7.0]


def test_anchors_weigh_one_objective_and_leave_rows_free() -> None:
    first, second = anchors(TWO.ranges)
    assert first.weights == pytest.approx([0.5, 1e-3 / 300])
    assert second.weights == pytest.approx([1e-3 / 2, 1 / 300])
    assert np.all(np.isinf(first.upper))


def test_levels_of_epsilon_constraints_are_even_between_the_anchors() -> None:
    found = epsilon_constraints(TWO, 5)
    assert [one.upper[1] for one in found] == pytest.approx([175.0, 250.0, 325.0])
    assert [allows(found[0], [9.0, level]) for level in (175.0, 176.0)] == [True, False]


def test_three_objectives_have_a_grid_of_levels() -> None:
    assert len(epsilon_constraints(THREE, 16)) == 16


@pytest.mark.parametrize("share", [0.25, 0.5, 0.75])
def test_normals_leave_the_line_between_the_anchors_at_even_places(share: float) -> None:
    found = boundary_intersections(TWO, 5)
    assert len(found) == 3
    one = next(one for one in found if one.blend[0] == share)
    start = share * TWO.values[0] + (1 - share) * TWO.values[1]
    for level in (0.0, 0.1, 0.7):
        assert allows(one, list(start - level * TWO.ranges), level)
        assert not allows(one, [start[0] - level * TWO.ranges[0] + 0.1, 0.0], level)


def test_normals_of_three_objectives_point_away_from_the_anchors() -> None:
    found = boundary_intersections(THREE, 15)
    assert len(found) == 15 - 3
    for one in found:
        assert np.all(one.slopes < 0)
        assert allows(one, list(one.blend @ THREE.values + 0.3 * one.slopes), 0.3)
        assert not allows(one, list(one.blend @ THREE.values), 0.3)
