"""The mesh: where the answer is not yet accurate, and where the next mesh is finer.

The error of an interval is seen by flying the published control from the interval's left node: what the cost
and the next node miss (weighted by the costates, so it is an error in the cost), what states miss, and how
far constraints are violated between places. A new mesh spreads the error evenly (Betts, Practical Methods,
4.7; equidistribution as in Ascher, Mattheij & Russell, ch. 9).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
SIZES = (8, 16, 32, 64, 128, 256, 512, 1024, 2048)
"""Numbers of intervals that programs are compiled for."""
EXPONENT = 1.0 / 3.0  # parts of an interval for an error, between that of smooth arcs and of jumps
FINEST, COARSEST = 12.0, 0.2  # parts of one interval in the next mesh
SHORTEST = 1e-9  # of normalised time


@dataclass(frozen=True)
class MeshError:
    """Errors of intervals (P, N): `cost` relative, `state` relative to scales, `violation` relative to scales."""

    cost: Array
    state: Array
    violation: Array

    @property
    def each(self) -> Array:
        """One figure an interval, on the scale of a relative error of the cost."""
        found: Array = np.maximum(np.abs(self.cost), np.maximum(0.1 * self.state, 0.1 * self.violation))
        return np.where(np.isfinite(found), found, 1.0)

    @property
    def total(self) -> float:
        """The error of the mesh: costs and state errors add up, of violations the largest counts."""
        finite = [np.where(np.isfinite(a), a, 1.0) for a in (self.cost, self.state, self.violation)]
        added = max(np.sum(np.abs(finite[0])), 0.1 * np.sum(finite[1]))
        return float(max(added, 0.1 * np.max(finite[2])))


def uniform(phases: int, intervals: int) -> Array:
    """Equal intervals, (P, N)."""
    return np.full((phases, intervals), 1.0 / intervals)


def size_for(intervals: float) -> int:
    """The smallest size that has so many intervals."""
    return next((size for size in SIZES if size >= intervals), SIZES[-1])


def refine(fractions: Array, error: MeshError, tolerance: float, largest: int) -> Array:
    """The next mesh (P, N'): N' is the number of intervals for which the error should meet the tolerance."""
    parts = _parts(error.each, tolerance, fractions.shape[1])
    parts = np.where(fractions > SHORTEST, parts, np.minimum(parts, 1.0))
    wanted = float(np.max(np.sum(parts, axis=1)))
    size = min(max(size_for(0.9 * wanted), fractions.shape[1]), 4 * fractions.shape[1], largest)
    return np.stack([_spread(fractions[i], parts[i], size) for i in range(len(fractions))])


def _parts(error: Array, tolerance: float, count: int) -> Array:
    """How many intervals should stand in place of each."""
    target = tolerance / count
    return np.clip((error / target) ** EXPONENT, COARSEST, FINEST)


def _spread(fractions: Array, parts: Array, size: int) -> Array:
    """`size` intervals with the density that `parts` gives."""
    nodes = np.concatenate([[0.0], np.cumsum(fractions)])
    mass = np.concatenate([[0.0], np.cumsum(parts)])
    new = np.interp(np.linspace(0.0, mass[-1], size + 1), mass, nodes)
    new[0], new[-1] = 0.0, 1.0
    found = np.maximum(np.diff(new), 1e-3 * SHORTEST)
    return found / np.sum(found)
