"""A linear system as numbers: `x' = A(t) x` with `A(t) = sum_m c_m(t) A_m`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Coefficients = Callable[[np.ndarray], np.ndarray]
"""Times `(n,)` to the coefficients `c_m(t)`, `(n, m)`, real."""


@dataclass(frozen=True)
class LinearSystem:
    """`basis` `(m, d, d)` real or complex, `coefficients` over time; `skew` when every `A(t)` is
    anti-Hermitian."""

    basis: np.ndarray
    coefficients: Coefficients
    skew: bool

    @property
    def dimension(self) -> int:
        """The length `d` of the state."""
        return int(self.basis.shape[-1])

    def matrix(self, t: float) -> np.ndarray:
        """`A(t)`, `(d, d)`."""
        return np.asarray(np.tensordot(self.coefficients(np.array([t]))[0], self.basis, axes=1))
