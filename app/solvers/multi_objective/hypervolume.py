"""Hypervolume: what part of objective space a front dominates, up to a reference point; exact.

In two dimensions a sweep, above it slices (While et al., IEEE Trans. Evol. Comp. 10 (2006) 29-38).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
MOST = 4  # objectives: beyond, slicing takes too long


def hypervolume(points: Array, reference: Array) -> float:
    """The volume dominated by `points (n, m)` below `reference (m,)`, all objectives minimised.

    Points that do not lie below the reference point in every objective add nothing.
    """
    inside = points[np.all(points < reference, axis=1)]
    return _volume(inside, reference) if len(inside) else 0.0


def _volume(points: Array, reference: Array) -> float:
    dimensions = points.shape[1]
    if dimensions == 1:
        return float(reference[0] - np.min(points))
    if dimensions == 2:
        return _area(points, reference)
    order = np.argsort(points[:, -1], kind="stable")
    points = points[order]
    heights = np.diff(np.append(points[:, -1], reference[-1]))
    total = 0.0
    for index in np.flatnonzero(heights > 0):
        total += heights[index] * _volume(points[: index + 1, :-1], reference[:-1])
    return float(total)


def _area(points: Array, reference: Array) -> float:
    order = np.lexsort((points[:, 1], points[:, 0]))
    x, y = points[order].T
    lowest = np.minimum.accumulate(y)
    return float(np.sum(np.diff(np.append(x, reference[0])) * (reference[1] - lowest)))
