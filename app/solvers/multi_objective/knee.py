"""The knee: the point of a front where giving up a little of one objective no longer gains much of others.

Das, Structural Optimization 18 (1999) 107-115: the point farthest from the plane through the ends of the
front, on the side of the ideal point, each objective measured by its range over the front.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
FARTHEST = "farthest from the plane through the ends of the front"
NEAREST = "no point bulges towards the ideal point; this one is nearest to it"
BULGE = 1e-3  # of the range: less is no knee


@dataclass(frozen=True)
class Knee:
    """Place in the front, how it was found, and its distance (in ranges of the objectives)."""

    index: int
    method: str
    distance: float

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {"index": self.index, "method": self.method, "distance": self.distance}


def knee(f: Array) -> Knee:
    """The knee of a front `f (n, m)` of objectives to be minimised; n at least 1."""
    low, high = np.min(f, axis=0), np.max(f, axis=0)
    scaled = (f - low) / np.where(high > low, high - low, 1.0)
    towards = _distances(scaled)
    best = int(np.argmax(towards))
    if towards[best] > BULGE:
        return Knee(best, FARTHEST, float(towards[best]))
    away = np.linalg.norm(scaled, axis=1)
    nearest = int(np.argmin(away))
    return Knee(nearest, NEAREST, float(away[nearest]))


def _distances(scaled: Array) -> Array:
    """How far points lie from the plane through the best points of each objective, towards the origin."""
    m = scaled.shape[1]
    # of several best points of one objective the end is the one best in the others
    ends = scaled[[int(np.lexsort((np.sum(scaled, axis=1), scaled[:, j]))[0]) for j in range(m)]]
    normal, *_ = np.linalg.lstsq(ends, np.ones(m), rcond=None)
    if not np.allclose(ends @ normal, 1.0, atol=1e-6) or np.any(normal < 0):
        normal = np.ones(m)  # the ends span no plane that faces the ideal point
    found: Array = (1.0 - scaled @ normal) / np.linalg.norm(normal)
    return found
