"""Which end values are held: at first as an estimate suggests, then as the multipliers say."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from app.solvers.pmp.boundary import Held

ONE = np.ones(1)


def held(lower: float, upper: float, found: float) -> Held:
    return Held.of(np.array([lower]), np.array([upper]), np.array([found]), ONE)


def value(of: Held) -> float | None:
    return float(of.value[0]) if of.held[0] else None


def array(x: float) -> NDArray[np.float64]:
    return np.array([x])


def test_equal_bounds_hold_and_wide_ones_do_not() -> None:
    assert value(held(2, 2, 1.7)) == 2
    assert value(held(-np.inf, np.inf, 1.7)) is None
    assert value(held(0, 3, 1.7)) is None


def test_a_value_at_a_bound_is_held_there() -> None:
    assert value(held(0, 3, 1e-6)) == 0
    assert value(held(0, 3, 3.2)) == 3


def test_what_is_held_at_a_bound_is_released_where_the_cost_falls_inside() -> None:
    at_lower, at_upper = held(0, 3, 0.0), held(0, 3, 3.0)
    assert value(at_lower.revised(array(0.0), array(-1.0), ONE, ONE)) is None
    assert value(at_lower.revised(array(0.0), array(1.0), ONE, ONE)) == 0
    assert value(at_upper.revised(array(3.0), array(1.0), ONE, ONE)) is None
    assert value(at_upper.revised(array(3.0), array(-1.0), ONE, ONE)) == 3


def test_what_is_free_is_held_where_it_leaves_its_range() -> None:
    free = held(0, 3, 1.0)
    assert value(free.revised(array(-0.5), array(0.0), ONE, ONE)) == 0
    assert value(free.revised(array(3.5), array(0.0), ONE, ONE)) == 3
    assert value(free.revised(array(2.9), array(0.0), ONE, ONE)) is None


def test_fixed_values_are_never_released() -> None:
    fixed = held(2, 2, 2.0)
    for multiplier in (-1.0, 1.0):
        assert fixed.revised(array(2.0), array(multiplier), ONE, ONE).same(fixed)
