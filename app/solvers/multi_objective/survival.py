"""Survival: which half of parents and children lives on, by crowding or by reference directions.

By crowding, the last front is thinned in several rounds with distances measured anew, which spreads it more
evenly than one round (Kukkonen & Deb, CEC 2006). By directions: NSGA-III, Deb & Jain, IEEE Trans. Evol.
Comp. 18 (2014) 577-601, section IV.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.solvers.multi_objective.dominance import crowding, dominates, ranks
from app.solvers.multi_objective.simplex import lattice

Array = NDArray[np.float64]
Places = NDArray[np.intp]
ROUNDS = 8
AXIS = 1e6  # weight of the other objectives in the search for an extreme point
LEAST = 1e-6  # an intercept below it means nothing


class Selection(NamedTuple):
    """The chosen `(n,)`: places in the pool, fronts, and what decides between those of one front."""

    chosen: Places
    rank: Places
    preference: Array


class Crowding:
    """NSGA-II: whole fronts, the last thinned where it is most crowded."""

    def __call__(self, random: np.random.Generator, f: Array, violation: Array, count: int) -> Selection:
        """The `count` survivors of the pool `f (n, m)`, `violation (n,)`."""
        del random
        rank = ranks(dominates(f, violation), count)
        last = np.max(rank[rank < len(f)])
        chosen = np.flatnonzero(rank < last)
        thinned = np.flatnonzero(rank == last)
        surplus = len(chosen) + len(thinned) - count
        for left in range(ROUNDS, 0, -1):
            going = -(-surplus // left)
            if going:
                thinned = thinned[np.sort(np.argsort(crowding(f[thinned]), kind="stable")[going:])]
                surplus -= going
        chosen = np.concatenate([chosen, thinned])
        preference = np.zeros(count)
        for front in range(last + 1):
            of = rank[chosen] == front
            preference[of] = crowding(f[chosen[of]])
        return Selection(chosen, rank[chosen], preference)


class Directions:
    """NSGA-III: the last front fills the reference directions that have fewest so far.

    Remembers the ideal point (m,) and the extreme points (m, m) of past generations.
    """

    def __init__(self, objectives: int, population: int) -> None:
        directions = lattice(objectives, population)
        self._unit = directions / np.linalg.norm(directions, axis=1, keepdims=True)
        self._ideal = np.full(objectives, np.inf)
        self._extremes = np.full((objectives, objectives), np.inf)

    def __call__(self, random: np.random.Generator, f: Array, violation: Array, count: int) -> Selection:
        """The `count` survivors of the pool `f (n, m)`, `violation (n,)`."""
        rank = ranks(dominates(f, violation), count)
        alive = rank < len(f)
        last = np.max(rank[alive])
        front = f[rank == 0]
        self._remember(front)
        direction, distance = self._nearest((f - self._ideal) / self._widths(front))
        taken = np.bincount(direction[rank < last], minlength=len(self._unit))[direction]
        # Candidates of one direction queue up, the nearest first where nobody is there yet, else at random;
        # always serving the direction with fewest members then means serving all by place in the queue.
        lots = random.random((2, len(f)))
        level = np.where(rank < last, -1, len(f))
        candidates = np.flatnonzero(rank == last)
        first = np.where(taken == 0, distance, lots[0])[candidates]
        queue = candidates[np.lexsort((first, direction[candidates]))]
        begin = np.searchsorted(direction[queue], direction[queue], side="left")
        level[queue] = taken[queue] + np.arange(len(queue)) - begin
        chosen = np.lexsort((lots[1], level, ~alive))[:count]
        return Selection(chosen, rank[chosen], -distance[chosen])

    def _remember(self, front: Array) -> None:
        """The ideal point, and for each axis the point that is best when the others count most."""
        self._ideal = np.minimum(self._ideal, np.min(front, axis=0))
        pool = np.concatenate([self._extremes[np.all(np.isfinite(self._extremes), axis=1)], front])
        weights = np.where(np.eye(len(self._ideal)) > 0, 1.0, AXIS)
        achievement = np.max((pool - self._ideal) * weights[:, None], axis=-1)
        self._extremes = pool[np.argmin(achievement, axis=1)]

    def _widths(self, front: Array) -> Array:
        """Intercepts of the plane through the extreme points; the front's range where there are none."""
        worst = np.max(front, axis=0) - self._ideal
        worst = np.where(worst > LEAST, worst, 1.0)
        try:
            intercepts = 1.0 / np.linalg.solve(self._extremes - self._ideal, np.ones(len(worst)))
        except (np.linalg.LinAlgError, FloatingPointError):
            return worst
        good = np.all(np.isfinite(intercepts) & (intercepts > LEAST) & (intercepts <= 10.0 * worst))
        return intercepts if good else worst

    def _nearest(self, f: Array) -> tuple[Places, Array]:
        """The direction that each point is nearest to, (n,), and the distance from it, (n,)."""
        along = f @ self._unit.T
        squares = np.sum(f**2, axis=1, keepdims=True) - along**2
        nearest = np.argmin(squares, axis=1)
        return nearest, np.sqrt(np.maximum(squares[np.arange(len(f)), nearest], 0.0))
