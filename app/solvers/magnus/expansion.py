"""The Magnus expansion of one step, from values at Gauss-Legendre nodes.

With `a_k` the scaled moments of `A(t)` over a step `h`, the propagator is `exp(Omega)`. Orders 4 and 6
follow Blanes, Casas, Oteo and Ros, Physics Reports 470 (2009), equations (253) and (257). All arrays have
their lanes (steps) last.
"""

from __future__ import annotations

import math

import jax.numpy as jnp
import numpy as np
from jax import Array

from app.solvers.magnus.algebra import combine, commutator, materialise

NODES: dict[int, np.ndarray] = {
    2: np.array([0.5]),
    4: np.array([0.5 - math.sqrt(3) / 6, 0.5 + math.sqrt(3) / 6]),
    6: np.array([0.5 - math.sqrt(15) / 10, 0.5, 0.5 + math.sqrt(15) / 10]),
}
"""Order of the method -> places in the unit step where `A` is evaluated."""


def moments(values: Array, h: Array) -> list[Array]:
    """The scaled moments `a_1 .. a_s` of coefficients: values `(s, m, L)` at the nodes, steps `(L,)` -> `s`
    of `(m, L)`."""
    nodes = values.shape[0]
    if nodes == 1:
        return [h * values[0]]
    if nodes == 2:
        return [h / 2 * (values[0] + values[1]), math.sqrt(3) * h * (values[1] - values[0])]
    return [
        h * values[1],
        math.sqrt(15) / 3 * h * (values[2] - values[0]),
        10 / 3 * h * (values[2] - 2 * values[1] + values[0]),
    ]


def generator(values: Array, h: Array, basis: Array, skew: bool) -> Array:
    """`Omega` of every step, `(d, d, L)`; the number of nodes in `values` `(s, m, L)` gives the order `2
    s`."""
    scaled = materialise(*(combine(moment, basis) for moment in moments(values, h)))
    if len(scaled) == 1:
        return scaled[0]
    if len(scaled) == 2:
        omega = scaled[0] - commutator(scaled[0], scaled[1], skew) / 12
    else:
        omega = _sixth_order(scaled[0], scaled[1], scaled[2], skew)
    return materialise(omega)[0]


def _sixth_order(a1: Array, a2: Array, a3: Array, skew: bool) -> Array:
    c1 = commutator(a1, a2, skew)
    c2 = commutator(a1, 2 * a3 + c1, skew) / -60
    return a1 + a3 / 12 + commutator(-20 * a1 - a3 + c1, a2 + c2, skew) / 240


def indicator(values: Array, h: Array, basis: Array, skew: bool) -> tuple[Array, Array]:
    """How far orders 4 and 6 differ in every step, and the size of the step.

    Arguments as for `generator` with 3 nodes. Returns two arrays `(L,)`: the Frobenius norm of `Omega_6 -
    Omega_4`, of size `h^5`, and the largest 1-norm that `Omega` may have.
    """
    a1, a2, a3 = materialise(*(combine(moment, basis) for moment in moments(values, h)))
    fourth = a1 + a3 / 12 - commutator(a1, a2, skew) / 12
    sixth = _sixth_order(a1, a2, a3, skew)
    difference = jnp.sqrt(jnp.sum(jnp.abs(sixth - fourth) ** 2, axis=(0, 1)))
    columns = jnp.max(jnp.sum(jnp.abs(a1) + jnp.abs(a3) / 12 + jnp.abs(sixth - a1 - a3 / 12), axis=0), axis=0)
    return difference, columns
