"""Commutator-free exponents of one step: a product of exponentials of plain combinations of `A(t)`.

Suits large states: without commutators, an exponential acts on a state by products of a matrix with a vector.
Alvermann and Fehske, Journal of Computational Physics 230 (2011) 5930; Blanes and Moan, Applied Numerical
Mathematics 56 (2006) 1519.
"""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
from jax import Array

from app.solvers.magnus.expansion import moments

# Row j holds the weights of the moments a_1, a_2, a_3 in the exponent applied j-th. The products are
# symmetric in time: weights of a_1 and a_3 read the same backwards, those of a_2 change sign.
#
# Order 6 with five exponentials: eight weights for seven order conditions. They were solved for in the free
# algebra of words of weight up to 6, the first weight set to 0.18: near the least sum of magnitudes, hence
# the least work.
_X = (0.18, 0.3659387135564747, -0.0918774271129495)
_Y = (0.08014386247549694, 0.0642752806571816)
_Z = (0.03514386247549696, 0.008306985098938307, -0.003568361815537203)

WEIGHTS: dict[int, np.ndarray] = {
    2: np.array([[1.0]]),
    4: np.array([[1 / 2, -1 / 6], [1 / 2, 1 / 6]]),
    6: np.array(
        [
            [_X[0], -_Y[0], _Z[0]],
            [_X[1], -_Y[1], _Z[1]],
            [_X[2], 0.0, _Z[2]],
            [_X[1], _Y[1], _Z[1]],
            [_X[0], _Y[0], _Z[0]],
        ]
    ),
}
"""Order -> weights `(exponentials, moments)`; the first row acts first."""


def exponents(values: Array, h: Array) -> Array:
    """The coefficients of every exponent: values `(s, m, L)` at the nodes -> `(exponentials, m, L)`."""
    weights = WEIGHTS[2 * values.shape[0]]
    return jnp.einsum("ek,kml->eml", weights, jnp.stack(moments(values, h)))
