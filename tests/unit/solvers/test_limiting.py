"""Published controls keep path constraints between the places of the mesh, and their mean."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from app.problems.model import Phase, parse
from app.solvers.collocation.limiting import limited

Array = NDArray[np.float64]
SEGMENTS = 4
UPPER, LOWER = 1.0, -0.5


@pytest.fixture(scope="module")
def phase() -> Phase:
    """Two integrators under one bound on the sum of their controls."""
    problem: dict[str, Any] = {
        "states": ["x", "y"],
        "controls": ["a", "b"],
        "time": {"t0": 0, "tf": 1},
        "dynamics": {"x": "a", "y": "b"},
        "running_cost": "a^2+b^2",
        "path_constraints": [{"expr": "a+b", "lower": LOWER, "upper": UPPER}],
    }
    [found] = parse(problem).phases
    return found


def lanes(starts: Array, t: Array, left: Array, right: Array, moment: float = 0.0) -> list[Array]:
    """The flight of that problem; with a `moment` it matters when in an interval a control is what it is."""
    weights = np.diff(t, axis=1) * (1.0 + moment * np.arange(SEGMENTS))
    steps = 0.5 * (left + right) * weights[..., None]
    x = starts[:, None] + np.concatenate([np.zeros((len(t), 1, 2)), np.cumsum(steps, axis=1)], axis=1)
    cost = np.zeros(t.shape)
    return [x, cost, np.sum(left, axis=-1, keepdims=True), np.sum(right, axis=-1, keepdims=True)]


def published(phase: Phase, ends: Array, moment: float = 0.0) -> tuple[Array, Array]:
    """Controls (N, S, 2) at the left and right ends of segments, limited, from those at all ends (N, S + 1, 2)."""
    t = np.linspace(0.0, 1.0, SEGMENTS + 1) + np.arange(len(ends))[:, None]
    course, starts = (t, ends[:, :-1], ends[:, 1:]), np.zeros((len(ends), 2))
    fly = partial(lanes, moment=moment)
    whole = fly(starts, *course)
    (_, left, right), flown = limited(phase, fly, whole, whole[0], course, mean_of(*course[1:]), np.ones(2))
    for part, expected in zip(flown, fly(starts, t, left, right), strict=True):
        np.testing.assert_allclose(part, expected, atol=1e-12)
    return left, right


def mean_of(left: Array, right: Array) -> Array:
    """Of each interval (N, 2)."""
    return np.mean(0.5 * (left + right), axis=1)


def test_an_overshoot_is_drawn_to_the_mean_until_the_constraint_holds(phase: Phase) -> None:
    overshoot = np.array([[[0.0, 0.0], [0.2, 0.2], [0.4, 0.5], [0.5, 0.9], [0.4, 0.5]]])
    left, right = published(phase, overshoot)
    assert np.max(left.sum(axis=-1)) <= UPPER + 1e-12
    assert np.max(right.sum(axis=-1)) == pytest.approx(UPPER)  # no further than needed
    kept = mean_of(overshoot[:, :-1], overshoot[:, 1:])
    np.testing.assert_allclose(mean_of(left, right), kept, atol=1e-12)


def test_a_control_whose_course_matters_is_not_limited(phase: Phase) -> None:
    slight = np.array([[[0.0, 1.0], [0.25, 0.75 + 1e-5], [0.5, 0.5], [0.75, 0.25], [1.0, 0.0]]])
    left, _ = published(phase, slight, moment=1.0)
    np.testing.assert_array_equal(left, slight[:, :-1])


def test_intervals_that_keep_their_constraints_stay_as_they_are(phase: Phase) -> None:
    fine = np.array([[[0.0, 0.0], [0.2, 0.2], [0.4, 0.5], [0.3, 0.7], [0.0, 0.5]]])
    overshoot = fine + 0.1
    left, right = published(phase, np.concatenate([fine, overshoot]))
    np.testing.assert_array_equal(left[0], fine[0, :-1])
    np.testing.assert_array_equal(right[0], fine[0, 1:])
    assert not np.array_equal(left[1], overshoot[0, :-1])


def test_a_mean_that_breaks_the_constraint_as_well_is_no_remedy(phase: Phase) -> None:
    above = np.full((1, SEGMENTS + 1, 2), 0.8)
    above[0, 2] = 0.9
    left, _ = published(phase, above)
    np.testing.assert_array_equal(left, above[:, :-1])


@given(st.lists(st.floats(-2.0, 2.0), min_size=2 * (SEGMENTS + 1), max_size=2 * (SEGMENTS + 1)))
def test_means_stay_and_breaches_never_grow(phase: Phase, values: list[float]) -> None:
    ends = np.array(values).reshape(1, SEGMENTS + 1, 2)
    left, right = published(phase, ends)
    kept = mean_of(ends[:, :-1], ends[:, 1:])
    np.testing.assert_allclose(mean_of(left, right), kept, atol=1e-12)

    def breach(*controls: Array) -> float:
        sums = np.concatenate([part.sum(axis=-1).ravel() for part in controls])
        return float(max(np.max(sums) - UPPER, LOWER - np.min(sums), 0.0))

    assert breach(left, right) <= breach(ends) + 1e-12
