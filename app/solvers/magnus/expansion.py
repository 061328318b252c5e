"""The Magnus expansion of one step, from values at Gauss-Legendre nodes.

With `a_k` the scaled moments of `A(t)` over a step `h`, the propagator is `exp(Omega)`. Orders 4 and 6
follow Blanes, Casas, Oteo and Ros, Physics Reports 470 (2009), equations (253) and (257).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
from jax import Array

from app.solvers.magnus.algebra import combine, commutator, materialise

T = TypeVar("T", Array, np.ndarray)

NODES: dict[int, np.ndarray] = {
    2: np.array([0.5]),
    4: np.array([0.5 - math.sqrt(3) / 6, 0.5 + math.sqrt(3) / 6]),
    6: np.array([0.5 - math.sqrt(15) / 10, 0.5, 0.5 + math.sqrt(15) / 10]),
}
"""Order of the method -> places in the unit step where `A` is evaluated."""


def moments(values: T, h: T) -> list[T]:
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


def exponent(scaled: Sequence[T], bracket: Callable[[T, T], T]) -> T:
    """`Omega` from the moments `a_1 .. a_s`, whatever stands for them, and their commutator; order `2 s`."""
    if len(scaled) == 1:
        return scaled[0]
    if len(scaled) == 2:
        return scaled[0] - bracket(scaled[0], scaled[1]) / 12
    a1, a2, a3 = scaled
    c1 = bracket(a1, a2)
    c2 = bracket(a1, 2 * a3 + c1) / -60
    return a1 + a3 / 12 + bracket(-20 * a1 - a3 + c1, a2 + c2) / 240


def generator(values: Array, h: Array, basis: Array, skew: bool) -> Array:
    """`Omega` of every step, `(d, d, L)`; the number of nodes in `values` `(s, m, L)` gives the order `2
    s`."""
    scaled = materialise(*(combine(moment, basis) for moment in moments(values, h)))
    return materialise(exponent(scaled, lambda a, b: commutator(a, b, skew)))[0]
