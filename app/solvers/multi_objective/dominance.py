"""Dominance, non-dominated sorting and crowding of a whole population at once.

Sorting: Deb, Pratap, Agarwal & Meyarivan, IEEE Trans. Evol. Comp. 6 (2002) 182-197, sections III-A and III-B,
on the matrix of all comparisons instead of lists. Objectives are always to be minimised.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Places = NDArray[np.intp]


def dominates(f: Array, violation: Array) -> Mask:
    """Whether i dominates j, (n, n); less violation wins before any objective does (section VI).

    `f (n, m)` objectives, `violation (n,)` of constraints, 0 where feasible.
    """
    no_worse = np.ones((len(f), len(f)), bool)
    for column in f.T:
        no_worse &= column[:, None] <= column
    better = no_worse & ~no_worse.T  # of two equal points neither is better
    if not np.any(violation):
        return better
    found: Mask = (violation[:, None] < violation) | ((violation[:, None] == violation) & better)
    return found


def ranks(dominating: Mask, wanted: int) -> Places:
    """The front of each individual, (n,), from 0; n for those beyond the fronts that hold `wanted` of them."""
    n = len(dominating)
    rank = np.full(n, n)
    left = np.sum(dominating, axis=0)
    level = placed = 0
    while placed < wanted:
        front = np.flatnonzero((left == 0) & (rank == n))
        rank[front] = level
        left -= np.sum(dominating[front], axis=0)
        level, placed = level + 1, placed + len(front)
    return rank


def crowding(f: Array) -> Array:
    """The crowding distance of each point of one front `f (n, m)`, (n,); infinite at its ends."""
    found = np.zeros(len(f))
    for values in f.T:
        order = np.argsort(values, kind="stable")
        ordered = values[order]
        width = ordered[-1] - ordered[0]
        around = np.full(len(f), np.inf)
        around[1:-1] = (ordered[2:] - ordered[:-2]) / (width if width > 0 else 1.0)
        found[order] += around
    return found
