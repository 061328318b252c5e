"""Transcriptions: how the dynamics over one mesh interval become equations.

All are collocation methods in integral (Butcher) form. With the interval's length `h`, its left state `x`
and `f_l` the dynamics at place `c_l`, the states `X_j` at the unknown places satisfy
`X_j = x + h sum_l a_jl f_l`, and the cost over the interval is `h sum_l b_l L_l`. The last unknown state is
the next node. Sources: Hairer & Wanner, Solving ODEs II, section IV.5 (Radau IIA, Lobatto IIIA); Betts,
Practical Methods for Optimal Control, section 4.5; Garg et al., Automatica 46 (2010) (Radau pseudospectral).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Transcription:
    """`places` c (s,) in 0..1 where dynamics are evaluated, `order` of accuracy.

    `left`: the first place is the left node itself (its state is no new unknown).
    """

    name: str
    places: tuple[float, ...]
    order: int
    left: bool

    @property
    def stages(self) -> int:
        """Places with dynamics and controls, s."""
        return len(self.places)

    @property
    def unknowns(self) -> int:
        """Places whose state is unknown in the interval."""
        return len(self.places) - int(self.left)

    @property
    def a(self) -> Array:
        """Integration weights (unknowns, s): integrals of the Lagrange polynomials up to each place."""
        return _integrals(self.places)[int(self.left) :]

    @property
    def b(self) -> Array:
        """Quadrature weights over the interval (s,)."""
        return _integrals(self.places)[-1]

    @property
    def inverse(self) -> Array:
        """The (pseudo-)inverse of a', (unknowns, s)."""
        return _inverse(self.places, self.left)

    def control_basis(self, at: Array) -> Array:
        """The control polynomial at `at` (m,) in 0..1, from its values at the places: (m, s)."""
        return _lagrange(self.places, tuple(at))

    def state_basis(self, at: Array) -> Array:
        """The state polynomial at `at` (m,), from the left node and the unknown states: (m, 1 + unknowns)."""
        return _lagrange(self.places if self.left else (0.0, *self.places), tuple(at))


@cache
def _lagrange(places: tuple[float, ...], at: tuple[float, ...]) -> Array:
    """Lagrange polynomials of `places` at `at`: (m, s), not to be written to."""
    c = np.asarray(places)
    basis = np.ones((len(at), len(c)))
    for j, place in enumerate(c):
        for other in np.delete(c, j):
            basis[:, j] *= (np.asarray(at) - other) / (place - other)
    basis.flags.writeable = False
    return basis


@cache
def _inverse(places: tuple[float, ...], left: bool) -> Array:
    found = np.asarray(np.linalg.pinv(_integrals(places)[int(left) :].T), np.float64)
    found.flags.writeable = False
    return found


@cache
def _integrals(places: tuple[float, ...]) -> Array:
    """Integrals from 0 to each place of the Lagrange polynomials of all places: (s, s), not to be written to."""
    c = np.asarray(places)
    powers = np.arange(len(c))
    vandermonde = c[:, None] ** powers
    moments = c[:, None] ** (powers + 1) / (powers + 1)
    found = np.asarray(np.linalg.solve(vandermonde.T, moments.T).T, np.float64)
    found.flags.writeable = False
    return found


_ROOT = float(np.sqrt(6.0))
TRANSCRIPTIONS: dict[str, Transcription] = {
    t.name: t
    for t in (
        Transcription("radau", ((4 - _ROOT) / 10, (4 + _ROOT) / 10, 1.0), order=5, left=False),
        Transcription("hermite_simpson", (0.0, 0.5, 1.0), order=4, left=True),
        Transcription("trapezoidal", (0.0, 1.0), order=2, left=True),
    )
}
