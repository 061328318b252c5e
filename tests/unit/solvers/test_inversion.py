"""Inverses of the Jacobians of collocation."""

from __future__ import annotations

import jax
import numpy as np
import pytest

import app.jax_config  # noqa: F401 - float64, before any array is made
from app.solvers.collocation.inversion import LARGEST, inverses
from app.solvers.collocation.transcription import TRANSCRIPTIONS

RADAU = TRANSCRIPTIONS["radau"].a


def collocation(dynamics: np.ndarray) -> np.ndarray:
    """The Jacobian of Radau collocation over an interval of length 1 for linear dynamics."""
    size = 3 * len(dynamics)
    return np.eye(size) - np.einsum("jl,ab->jalb", RADAU, dynamics).reshape(size, size)


@pytest.mark.parametrize("states", [1, 4, LARGEST // 3, LARGEST // 3 + 1])  # the last are LAPACK's
def test_they_are_those_of_each_matrix(states: int) -> None:
    random = np.random.default_rng(states)
    given = np.stack([collocation(random.normal(size=(states, states))) for _ in range(6)]).reshape(
        2, 3, 3 * states, 3 * states
    )
    expected = np.linalg.inv(given)
    scale = np.max(np.abs(expected))
    np.testing.assert_allclose(inverses(given), expected, rtol=0, atol=1e-11 * scale)
    np.testing.assert_allclose(jax.vmap(inverses)(given), expected, rtol=0, atol=1e-11 * scale)


@pytest.mark.parametrize(
    "dynamics",
    [
        np.diag([-1e8, -1.0]),
        np.array([[0.0, 1e4], [-1e4, 0.0]]),
        np.array([[0.0, 1e6], [0.0, 0.0]]),
        np.array([[-3e5, 2e5], [1e5, -4e2]]),
    ],
    ids=["stiff", "oscillating", "a chain", "coupled"],
)
def test_stiff_dynamics_keep_most_digits(dynamics: np.ndarray) -> None:
    given = collocation(dynamics)
    product = given @ np.asarray(inverses(given[None])[0])
    np.testing.assert_allclose(product, np.eye(6), rtol=0, atol=1e-10)


@pytest.mark.parametrize("off", [0.0, 1e-15, -1e-12])
def test_a_pivot_of_zero_leaves_half_of_the_digits(off: float) -> None:
    given = collocation(np.array([[(1.0 + off) / RADAU[0, 0]]]))
    assert abs(given[0, 0]) < 1e-8
    product = given @ np.asarray(inverses(given[None])[0])
    np.testing.assert_allclose(product, np.eye(3), rtol=0, atol=1e-6)
