"""Dominance, hypervolume and knee of plain points."""

from __future__ import annotations

from typing import Any

import moocore
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from app.solvers.multi_objective.dominance import crowding, dominates, ranks
from app.solvers.multi_objective.front import Front
from app.solvers.multi_objective.hypervolume import hypervolume
from app.solvers.multi_objective.knee import FARTHEST, NEAREST, knee
from app.solvers.multi_objective.objectives import Objective

COARSE = st.integers(0, 6).map(float)  # so that ties happen
PAIR = (Objective("a", False, {}), Objective("b", False, {}))


def points(objectives: int) -> Any:
    return st.integers(1, 12).flatmap(lambda n: arrays(np.float64, (n, objectives), elements=COARSE))


def beats(a: np.ndarray, b: np.ndarray) -> bool:
    return bool(np.all(a <= b) and np.any(a < b))


@given(points(3))
def test_dominance_is_no_worse_anywhere_and_better_somewhere(f: np.ndarray) -> None:
    found = dominates(f, np.zeros(len(f)))
    assert found.tolist() == [[beats(a, b) for b in f] for a in f]


def test_less_violation_wins_before_any_objective_does() -> None:
    assert dominates(np.array([[5.0, 5.0], [0.0, 0.0]]), np.array([0.0, 0.1]))[0, 1]


@given(points(2))
def test_nobody_is_dominated_within_its_rank_and_everybody_by_the_rank_before(f: np.ndarray) -> None:
    rank = ranks(dominates(f, np.zeros(len(f))), len(f))
    for i, own in enumerate(rank):
        better = [rank[j] for j in range(len(f)) if beats(f[j], f[i])]
        assert own == max(better, default=-1) + 1


def test_ranks_stop_where_enough_are_placed() -> None:
    f = np.array([[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]])
    assert ranks(dominates(f, np.zeros(3)), 2).tolist() == [0, 1, 3]


def test_crowding_is_the_sum_of_gaps_around_and_infinite_at_the_ends() -> None:
    f = np.array([[0.0, 4.0], [1.0, 2.0], [4.0, 0.0]])
    assert crowding(f).tolist() == [np.inf, 2.0, np.inf]


@pytest.mark.parametrize(
    ("f", "reference", "volume"),
    [
        ([[1.0, 2.0], [2.0, 1.0]], [3.0, 3.0], 3.0),
        ([[1.0, 2.0], [2.0, 1.0], [2.5, 2.5], [9.0, 0.0]], [3.0, 3.0], 3.0),
        ([[3.0, 3.0]], [3.0, 3.0], 0.0),
        ([[0.0, 0.0, 0.0]], [1.0, 2.0, 3.0], 6.0),
        ([[0.0, 1.0, 1.0], [1.0, 0.0, 1.0], [1.0, 1.0, 0.0]], [2.0, 2.0, 2.0], 4.0),
    ],
)
def test_hypervolume_of_boxes(f: list[list[float]], reference: list[float], volume: float) -> None:
    assert hypervolume(np.array(f), np.array(reference)) == pytest.approx(volume, rel=1e-15)


@given(st.integers(2, 4).flatmap(points))
def test_hypervolume_agrees_with_moocore(f: np.ndarray) -> None:
    reference = np.full(f.shape[1], 5.5)
    assert hypervolume(f, reference) == pytest.approx(moocore.hypervolume(f, ref=reference), rel=1e-12)


def test_the_knee_bulges_farthest_towards_the_ideal_point() -> None:
    found = knee(np.array([[0.0, 10.0], [0.1, 2.0], [0.5, 1.0], [1.0, 0.0]]))
    assert (found.index, found.method) == (1, FARTHEST)
    assert found.distance == pytest.approx((1 - 0.1 - 0.2) / np.sqrt(2))


def test_a_front_that_bulges_away_has_no_knee_but_a_nearest_point() -> None:
    angle = np.linspace(0, np.pi / 2, 9)
    assert knee(1.0 - np.stack([np.sin(angle), np.cos(angle)], axis=1)).method == FARTHEST
    assert knee(np.stack([np.sin(angle), np.cos(angle)], axis=1)).method == NEAREST


@given(points(2))
def test_a_front_is_what_nobody_dominates_once_and_in_order(f: np.ndarray) -> None:
    front = Front.of(f, np.ones(len(f), bool), PAIR, None)
    expected = {tuple(a) for a in f if not any(beats(b, a) for b in f)}
    assert list(map(tuple, front.f)) == sorted(expected)


def test_points_that_are_not_good_neither_appear_nor_dominate() -> None:
    f = np.array([[0.0, 0.0], [1.0, 2.0], [2.0, 1.0]])
    assert Front.of(f, np.array([False, True, True]), PAIR, None).order.tolist() == [1, 2]


def test_differences_below_what_is_close_decide_nothing() -> None:
    f = np.array([[0.0, 1.0], [0.5, 0.5], [0.5 + 1e-9, 0.5 + 1e-9], [1.0, -1e-9], [1.1, 0.0]])
    front = Front.of(f, np.ones(5, bool), PAIR, None, close=1e-6)
    assert len(front) == 3


def test_values_and_reference_points_are_in_the_users_sense() -> None:
    objectives = (Objective("cost", False, {}), Objective("yield", True, {}))
    f = np.array([[1.0, -4.0], [2.0, -8.0]])
    data = Front.of(f, np.ones(2, bool), objectives, {"cost": 3.0, "yield": 0.0}).to_json()
    assert data["trade_off"]["columns"] == {"cost": [1.0, 2.0], "yield": [4.0, 8.0]}
    assert data["trade_off"]["rate"] == [4.0]
    assert data["hypervolume"] == pytest.approx(2 * 4 + 1 * 4)
