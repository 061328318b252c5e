"""Exponentials of many small matrices against scipy, and their derivative."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.linalg

from app.solvers.magnus.algebra import exponential, matmul, one_norm, squarings_for


def lanes(d: int, count: int, norm: float, *, real: bool = False, skew: bool = False) -> np.ndarray:
    random = np.random.default_rng(d)
    raw = random.normal(size=(d, d, count)) + 1j * random.normal(size=(d, d, count))
    a = raw.real if real else raw
    a = a - a.conj().swapaxes(0, 1) if skew else a
    return np.asarray(norm * a / np.abs(a).sum(axis=0).max())


def expm(a: np.ndarray) -> np.ndarray:
    return np.moveaxis(scipy.linalg.expm(np.moveaxis(a, -1, 0)), 0, -1)


@pytest.mark.parametrize("real", [False, True])
@pytest.mark.parametrize("d", [1, 2, 3, 6, 9, 11])
def test_exponentials_are_exact_to_rounding(d: int, real: bool) -> None:
    a = lanes(d, 7, 3.0, real=real)
    found = exponential(a, squarings_for(float(one_norm(jnp.asarray(a)).max())), False)
    assert np.asarray(found) == pytest.approx(expm(a), rel=1e-12, abs=2e-14)


def test_the_closed_form_is_smooth_where_the_matrix_vanishes() -> None:
    a = np.stack(
        [0 * np.eye(2), 1e-9 * np.array([[1, 2], [3, -1]]), 0.3 * np.array([[0, 1], [0, 0]])], axis=-1
    )
    assert np.asarray(exponential(a + 0j, 0, False)) == pytest.approx(expm(a), abs=1e-15)


@pytest.mark.parametrize("d", [2, 3, 10])
@pytest.mark.parametrize("norm", [0.0, 0.5, 5.0])
def test_the_derivative_is_the_frechet_derivative(d: int, norm: float) -> None:
    a, direction = lanes(d, 3, norm, skew=True), lanes(d, 3, 1.0, skew=True)[..., ::-1]
    weights = lanes(d + 1, 3, 1.0)[:d, :d]

    def value(s: jax.Array) -> jax.Array:
        return jnp.sum(jnp.asarray(weights) * exponential(a + s * direction, squarings_for(norm), True)).real

    wanted = sum(
        np.sum(weights[..., k] * scipy.linalg.expm_frechet(a[..., k], direction[..., k])[1]).real
        for k in range(3)
    )
    assert jax.grad(value)(0.0) == pytest.approx(wanted, abs=1e-12)


@pytest.mark.parametrize("d", [3, 12])
def test_products_are_those_of_every_lane(d: int) -> None:
    a, b = lanes(d, 5, 1.0), lanes(d + 1, 5, 1.0)[:d, :d]
    assert np.asarray(matmul(jnp.asarray(a), jnp.asarray(b))) == pytest.approx(
        np.einsum("ijl,jkl->ikl", a, b)
    )
