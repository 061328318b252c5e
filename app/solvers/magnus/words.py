"""The Magnus expansion where `A(t) = x(t) X + y(t) Y`, as with one drive on a constant part.

Every commutator in it is then a number times one of nine nested commutators of `X` and `Y`, words of the free
Lie algebra, which are known before the first step. Numbers are multiplied in place of matrices: an exponent
is a sum of eleven matrices.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from jax import Array

from app.solvers.magnus.algebra import combine
from app.solvers.magnus.expansion import exponent, moments

_LEFT = np.array([0, 0, 1, 0, 0, 1, 1, 2, 2])
_RIGHT = np.array([1, 2, 2, 3, 4, 3, 4, 3, 4])
"""Word `2 + k` is the commutator of the words `_LEFT[k]` and `_RIGHT[k]`; words 0 and 1 are `X` and `Y`.
All others are of higher than the sixth order."""


def words(basis: np.ndarray) -> np.ndarray:
    """`X`, `Y` and their nested commutators, `(11, d, d)`, of a basis `(2, d, d)`."""
    found = list(basis)
    for left, right in zip(_LEFT, _RIGHT, strict=True):
        found.append(found[left] @ found[right] - found[right] @ found[left])
    return np.stack(found)


def lifted(moment: Any) -> Any:
    """Numbers `(2, L)` of `X` and `Y`, by numpy or JAX, as numbers of all words, `(11, L)`."""
    space = moment.__array_namespace__()
    return space.concat([moment, space.zeros((_LEFT.size, moment.shape[1]))])


def bracket(a: Any, b: Any) -> Any:
    """The commutator of two sums of words, by their numbers `(11, L)`."""
    space = a.__array_namespace__()
    return space.concat([space.zeros_like(a[:2]), a[_LEFT] * b[_RIGHT] - a[_RIGHT] * b[_LEFT]])


def generator(values: Array, h: Array, words: Array) -> Array:
    """`Omega` of every step, `(d, d, L)`, from values `(s, 2, L)` at the nodes and the words; its order is `2
    s`."""
    return combine(exponent([lifted(moment) for moment in moments(values, h)], bracket), words)
