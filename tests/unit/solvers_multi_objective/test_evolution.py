"""Variation, survival and scores: what every generation can rely on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.solvers.multi_objective.black_box import read_black_box
from app.solvers.multi_objective.evolution import generations
from app.solvers.multi_objective.scoring import WORST, Scoring
from app.solvers.multi_objective.simplex import lattice
from app.solvers.multi_objective.survival import Crowding, Directions
from app.solvers.multi_objective.variation import crossover, mutate, tournament

LOWER, UPPER = np.array([-1.0, 0.0, 5.0]), np.array([1.0, 1e-3, 1e4])
PAIR = {
    "variables": {"x": {"lower": -2, "upper": 2}, "y": {"lower": 0, "upper": 1}},
    "objectives": [{"name": "a", "expr": "x^2 + y"}, {"name": "b", "expr": "d - y", "sense": "max"}],
    "definitions": {"c": "2", "d": "c*x"},
    "constraints": [{"expr": "1/x", "upper": 4}],
}


@given(st.integers(0, 2**32 - 1))
def test_children_stay_within_bounds_and_keep_the_mean_of_their_parents(seed: int) -> None:
    random = np.random.default_rng(seed)
    parents = LOWER + (UPPER - LOWER) * random.choice([0.0, 1.0, 0.5, random.random()], (20, 3))
    children = mutate(random, crossover(random, parents, LOWER, UPPER), LOWER, UPPER)
    assert children.shape == parents.shape
    assert np.all((children >= LOWER) & (children <= UPPER))


def test_equal_parents_have_children_like_them() -> None:
    parents = np.tile(0.5 * (LOWER + UPPER), (10, 1))
    assert np.array_equal(crossover(np.random.default_rng(1), parents, LOWER, UPPER), parents)


def test_one_variable_of_each_child_mutates_on_average() -> None:
    parents = np.full((2000, 10), 0.5)
    mutants = mutate(np.random.default_rng(1), parents, np.zeros(10), np.ones(10))
    assert np.mean(np.sum(mutants != parents, axis=1)) == pytest.approx(1.0, abs=0.1)
    assert np.mean(mutants - parents) == pytest.approx(0.0, abs=1e-3)


def test_the_better_front_wins_then_the_less_crowded() -> None:
    rank, crowded = np.array([0, 1, 1, 1]), np.array([0.0, 5.0, 1.0, 2.0])
    winners = [tournament(np.random.default_rng(seed), rank, crowded) for seed in range(50)]
    counts = np.bincount(np.concatenate(winners), minlength=4)
    assert counts[0] > counts[1] > counts[3] > counts[2] == 0 or counts[2] < counts[3] < counts[1] < counts[0]


@pytest.mark.parametrize("survive", [Crowding(), Directions(2, 4)])
def test_the_ends_of_the_front_survive_and_the_feasible_before_the_others(survive: Crowding) -> None:
    f = np.array([[0.0, 10.0], [1.0, 6.0], [4.0, 4.0], [6.0, 1.0], [10.0, 0.0], [-1.0, -1.0], [20.0, 20.0]])
    violation = np.array([0, 0, 0, 0, 0, 0.5, 0])
    found = survive(np.random.default_rng(0), f, violation, 4)
    assert {0, 4} <= set(found.chosen.tolist()) <= {0, 1, 2, 3, 4}
    assert found.rank.tolist() == [0, 0, 0, 0]
    with_all = survive(np.random.default_rng(0), f, violation, 7)
    assert sorted(with_all.chosen.tolist()) == list(range(7))
    assert with_all.rank[np.argsort(with_all.chosen)].tolist() == [0, 0, 0, 0, 0, 2, 1]


@given(st.integers(2, 5), st.integers(5, 200))
def test_the_lattice_is_even_on_the_simplex_with_all_corners(objectives: int, most: int) -> None:
    found = lattice(objectives, most)
    assert objectives <= len(found) <= max(most, objectives)
    assert np.allclose(np.sum(found, axis=1), 1.0)
    assert {tuple(row) for row in np.eye(objectives)} <= {tuple(row) for row in found}
    assert len({tuple(row) for row in found}) == len(found)


def test_scores_follow_definitions_senses_and_constraints() -> None:
    scores = Scoring(read_black_box(PAIR))(np.array([[1.0, 0.5], [0.1, 0.0], [0.0, 0.0]]))
    assert scores.f.tolist() == [[1.5, -1.5], [pytest.approx(0.01), -0.2], [WORST, WORST]]
    assert scores.violation.tolist() == [0.0, pytest.approx(6 / 5), WORST]  # 1/0 is worst


def test_equal_seeds_give_equal_generations_and_others_do_not() -> None:
    box = read_black_box(PAIR)

    def tenth(seed: int) -> np.ndarray:
        return next(one.p for one in generations(box, 8, seed, False) if one.generation == 10)

    assert np.array_equal(tenth(1), tenth(1))
    assert not np.array_equal(tenth(1), tenth(2))
