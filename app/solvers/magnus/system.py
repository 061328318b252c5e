"""A linear system as numbers: `x' = A(t) x` with `A(t) = sum_m c_m(t) A_m`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from app.errors import CostateError

Coefficients = Callable[[np.ndarray], np.ndarray]
"""Times `(n,)` to the coefficients `c_m(t)`, `(n, m)`, real."""


class UndefinedError(CostateError):
    """The coefficients of a system are not finite at time `t`."""

    def __init__(self, t: float) -> None:
        self.t = t
        super().__init__(f"the matrices are not finite at t = {t:.6g}")


def finite(values: np.ndarray, t: np.ndarray) -> np.ndarray:
    """`values` `(n, m)` of times `t` `(n,)`; UndefinedError names the first time where they are not
    finite."""
    bad = ~np.all(np.isfinite(values), axis=1)
    if bad.any():
        raise UndefinedError(float(np.min(t[bad])))
    return values


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
