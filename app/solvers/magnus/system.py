"""A linear system as numbers: `x' = A(t) x` with `A(t) = sum_m c_m(t) A_m`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from app.errors import CostateError
from app.solvers.magnus.words import words

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
    if not np.all(np.isfinite(values)):
        raise UndefinedError(float(np.min(t[~np.all(np.isfinite(values), axis=1)])))
    return values


@dataclass(frozen=True)
class LinearSystem:
    """`basis` `(m, d, d)` real or complex, `coefficients` over time; `skew` when every `A(t)` is
    anti-Hermitian."""

    basis: np.ndarray
    coefficients: Coefficients
    skew: bool

    @cached_property
    def words(self) -> np.ndarray | None:
        """The words of two generators, `(11, d, d)`; None where there are more, or one."""
        return words(self.basis) if self.basis.shape[0] == 2 else None

    @property
    def dimension(self) -> int:
        """The length `d` of the state."""
        return int(self.basis.shape[-1])

    def matrix(self, t: float) -> np.ndarray:
        """`A(t)`, `(d, d)`."""
        return np.asarray(np.tensordot(self.coefficients(np.array([t]))[0], self.basis, axes=1))
