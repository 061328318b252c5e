"""Limiting: where a control polynomial breaks path constraints between places, it is drawn towards its mean.

Its integral stays as it is (Zhang & Shu, J. Comput. Phys. 229 (2010), section 2.2: scaling around the mean).
Collocation holds path constraints at its places; between them a polynomial overshoots where the control jumps.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from app.problems.model import Phase

Array = NDArray[np.float64]
SLIGHT = 1e-6  # breaches up to here are left
LESSENED = 0.1  # of a fault may be left, else its cause is another than the overshoot
Course = tuple[Array, Array, Array]
"""Times of the segments' ends `(N, S + 1)`, controls at their left and right ends `(N, S, n_u)`."""


def breaches(phase: Phase, g: Array) -> Array:
    """How far path constraints `(..., n_g)` are broken, relative to one and the size of their bounds."""
    finite = [np.where(np.isfinite(b), np.abs(b), 0.0) for b in (phase.g_lower, phase.g_upper)]
    outside = np.maximum(np.maximum(phase.g_lower - g, g - phase.g_upper), 0.0)
    found: Array = outside / (1.0 + np.maximum(*finite))
    return found


def largest(misses: Array, scale: Array) -> Array:
    """Misses (N, n_x) of each interval, relative to scales, infinite where one is not finite, (N,)."""
    found = np.max(np.abs(misses) / scale, axis=1, initial=0.0)
    return np.where(np.isfinite(found), found, np.inf)


def limited(
    phase: Phase,
    lanes: Callable[..., list[Array]],
    whole: list[Array],
    drawn: Array,
    course: Course,
    mean: Array,
    scale: Array,
) -> tuple[Course, list[Array]]:
    """The course with controls limited where that helps, and its flights: states, costs, paths left and right.

    `lanes` flies from starts `(L, n_x)` a course of as many lanes, as `whole` was from the first of the states
    `drawn (N, S + 1, n_x)`; `mean (N, n_u)` control of each interval. A constraint that holds along a whole
    interval is none to limit for: what varies there is wanted, and without it the states miss their end.
    """
    broken = np.flatnonzero(_worst(phase, whole) > SLIGHT)
    if not broken.size or not mean.size:
        return course, whole
    t, left, right = (part[broken] for part in course)
    old, level = [part[broken] for part in whole], np.broadcast_to(mean[broken, None], left.shape)
    calm = lanes(drawn[broken, 0], t, level, level)
    pairs = zip(old[2:], calm[2:], strict=True)
    share = np.min([_share(phase, *pair) for pair in pairs], axis=0)[:, None, None]
    drawn_in = [level + share * (part - level) for part in (left, right)]
    new = lanes(drawn[broken, 0], t, *drawn_in)
    before, after = (
        np.maximum(_worst(phase, flown), largest(flown[0][:, -1] - drawn[broken, -1], scale))
        for flown in (old, new)
    )
    better = after <= LESSENED * before
    found = [part.copy() for part in (*course[1:], *whole)]
    for part, other in zip(found, (*drawn_in, *new), strict=True):
        part[broken[better]] = other[better]
    return (course[0], found[0], found[1]), found[2:]


def _worst(phase: Phase, flown: list[Array]) -> Array:
    """The largest breach of each interval, (N,)."""
    each = [np.max(breaches(phase, g), axis=(1, 2), initial=0.0) for g in flown[2:]]
    found: Array = np.nan_to_num(np.maximum(*each))
    return found


def _share(phase: Phase, over: Array, calm: Array) -> Array:
    """How much of the polynomial may stay, (N,): constraints `over` with all of it, `calm` with its mean."""
    found = np.ones(len(over))
    for bound, sign in ((phase.g_upper, 1.0), (phase.g_lower, -1.0)):
        room, excess = np.maximum(sign * (bound - calm), 0.0), sign * (over - bound)
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.where(excess > 0.0, room / (room + excess), 1.0)
        found = np.minimum(found, np.min(np.nan_to_num(share, nan=1.0), axis=(1, 2), initial=1.0))
    return found
