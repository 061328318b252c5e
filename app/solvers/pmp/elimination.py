"""Small symmetric systems solved without pivoting, written out so that thousands are solved side by side."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array, lax

UNROLLED = 6  # unknowns; beyond, LAPACK


def solve_symmetric(matrix: Array, right: Array, free: Array) -> Array:
    """Descent solution (n,) of `matrix` (n, n) over the unknowns marked in `free`, zero elsewhere.

    Pivots enter by their magnitude, so that the result is a descent direction also where the matrix is not
    positive definite (Gill & Murray 1974), and unknowns that nothing depends on stay where they are.
    """
    n = right.shape[0]
    both = free[:, None] & free[None, :]
    a = jnp.where(both, matrix, 0.0) + jnp.diag(jnp.where(free, 0.0, 1.0))
    b = jnp.where(free, right, 0.0)
    floor = lax.stop_gradient(1e-12 * jnp.max(jnp.where(both, jnp.abs(matrix), 0.0), initial=0.0) + 1e-300)
    if n > UNROLLED:
        damped = a + jnp.diag(jnp.full(n, floor))
        found: Array = jnp.where(free, jnp.linalg.solve(damped, b), 0.0)
        return found
    rows = [a[i] for i in range(n)]
    values = [b[i] for i in range(n)]
    inverses: list[Array] = []
    for i in range(n):
        pivot = rows[i][i]
        good = jnp.abs(pivot) > floor
        inverses.append(jnp.where(good, 1.0 / jnp.where(good, pivot, 1.0), 0.0))
        for j in range(i + 1, n):
            factor = rows[j][i] * inverses[i]
            rows[j] = rows[j] - factor * rows[i]
            values[j] = values[j] - factor * values[i]
    x: list[Array] = [jnp.zeros(())] * n
    for i in reversed(range(n)):
        rest = sum((rows[i][j] * x[j] for j in range(i + 1, n)), jnp.zeros(()))
        x[i] = values[i] * jnp.abs(inverses[i]) - rest * inverses[i]
    return jnp.stack(x)
