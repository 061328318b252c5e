"""Inverses of many small matrices at once.

LAPACK takes them one by one, and its calls cost more than the arithmetic. Here all are eliminated in step: the
index of the matrix is the last axis, along which a processor computes several at a time.
"""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array, lax

LARGEST = 24  # rows: beyond, LAPACK is faster
SMALLEST = 1e-8  # pivot, relative to the identity: what is smaller is replaced


def inverses(matrices: Array) -> Array:
    """The inverses of `matrices (..., n, n)`, Jacobians of collocation: the identity less what an interval does.

    Small ones by Gauss-Jordan elimination in place, without exchange of rows. Pivots near zero, which only
    dynamics that grow manifold within one interval can have, are replaced (static pivoting: Schenk & Gaertner,
    ETNA 23 (2006) 158-179): half of the digits are lost then, of a Newton step that the next one corrects.
    """
    size = matrices.shape[-1]
    if size > LARGEST:
        return jnp.linalg.inv(matrices)
    index = jnp.arange(size)[:, None]

    def eliminate(k: Array, a: Array) -> Array:
        column = lax.dynamic_index_in_dim(a, k, 1, keepdims=False)
        row = lax.dynamic_index_in_dim(a, k, 0, keepdims=False)
        pivot = lax.dynamic_index_in_dim(column, k, 0, keepdims=False)
        pivot = jnp.where(jnp.abs(pivot) < SMALLEST, jnp.copysign(SMALLEST, pivot), pivot)
        here = index == k
        row = jnp.where(here, 1.0, row) / pivot
        others = jnp.where(here[:, None] | here, 0.0, a)
        return others - jnp.where(here, -1.0, column)[:, None] * row

    many = jnp.moveaxis(matrices.reshape(-1, size, size), 0, -1)
    found: Array = jnp.moveaxis(lax.fori_loop(0, size, eliminate, many), -1, 0)
    return found.reshape(matrices.shape)
