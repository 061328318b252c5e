"""A sampled trajectory with costates: what an estimate gives and what a shooting solution leaves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.solvers.interpolation import Interpolation

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Path:
    """Times not decreasing `t (S,)`, states and costates `y (S, 2 n)`, controls `u (S, m)`, parameters `p (q,)`.

    `nodes (S,)` marks the times that are good ends of shooting segments. Costs are minimised.
    """

    t: Array
    y: Array
    u: Array
    p: Array
    nodes: NDArray[np.bool_]

    @property
    def n(self) -> int:
        """States."""
        return self.y.shape[1] // 2

    def state(self, t: Array) -> Array:
        """States and costates at other times, linear in between, (len(t), 2 n)."""
        return Interpolation(self.t, t)(self.y)

    def control(self, t: Array) -> Array:
        """Controls at other times, (len(t), m)."""
        return Interpolation(self.t, t)(self.u)


@dataclass(frozen=True)
class Sizes:
    """Magnitudes for scaling: states `x (n,)`, costates `costate (n,)`, `time`, `cost`, controls `u (m,)`."""

    x: Array
    costate: Array
    time: float
    cost: float
    u: Array

    @property
    def y(self) -> Array:
        """States and costates (2 n,)."""
        return np.concatenate([self.x, self.costate])

    @property
    def rate(self) -> float:
        """Of the Hamiltonian."""
        return self.cost / self.time

    @classmethod
    def of(cls, path: Path, lower: Array, upper: Array) -> Sizes:
        """Measured along a path; `lower`, `upper (m,)` bounds of the controls."""
        n = path.n
        largest = np.max(np.abs(path.y), axis=0)
        x = np.where(largest[:n] > 1e-8, largest[:n], 1.0)
        cost = float(np.max(largest[n:] * x, initial=0.0))
        cost = cost if cost > 0 and np.isfinite(cost) else 1.0
        costate = np.maximum(largest[n:], 1e-3 * cost / x)
        width = upper - lower
        seen = np.maximum(np.max(np.abs(path.u), axis=0, initial=0.0), 1e-3)
        return cls(
            x,
            costate,
            max(abs(float(path.t[-1] - path.t[0])), 1e-12),
            cost,
            np.where(np.isfinite(width) & (width > 0), width, seen),
        )
