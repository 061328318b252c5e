"""Small symmetric systems: exact where positive definite, a descent direction elsewhere."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import app.jax_config  # noqa: F401 - float64, before any array is made
from app.solvers.pmp.elimination import UNROLLED, solve_symmetric

sizes = st.integers(1, UNROLLED + 2)


# Each shape is compiled when it first comes, and a busy machine is no fault.
@settings(max_examples=40)
@given(sizes, st.integers(0, 2**32 - 1))
def test_positive_definite_systems_are_solved_over_the_free_unknowns(n: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    factor = random.normal(size=(n, n))
    matrix, right = factor @ factor.T + np.eye(n), random.normal(size=n)
    free = random.random(n) < 0.7
    found = np.asarray(solve_symmetric(jnp.asarray(matrix), jnp.asarray(right), jnp.asarray(free)))
    assert np.all(found[~free] == 0)
    expected = np.linalg.solve(matrix[np.ix_(free, free)], right[free]) if np.any(free) else np.zeros(0)
    assert found[free] == pytest.approx(expected, rel=1e-9, abs=1e-10)


# Each shape is compiled when it first comes, and a busy machine is no fault.
@settings(max_examples=40)
@given(st.integers(1, UNROLLED), st.integers(0, 2**32 - 1))
def test_the_negative_solution_is_a_direction_of_descent_whatever_the_curvature(n: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    factor = random.normal(size=(n, n))
    slope = random.normal(size=n)
    step = -np.asarray(solve_symmetric(jnp.asarray(factor + factor.T), jnp.asarray(slope), jnp.ones(n, bool)))
    assert slope @ step < 0


def test_unknowns_that_nothing_depends_on_stay_where_they_are() -> None:
    found = solve_symmetric(jnp.diag(jnp.array([2.0, 0.0])), jnp.array([4.0, 1.0]), jnp.ones(2, bool))
    assert found.tolist() == [2.0, 0.0]
