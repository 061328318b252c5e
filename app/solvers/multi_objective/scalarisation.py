"""Scalarisation: fronts as lists of single-objective problems, whose only differences are numbers. Plain numpy.

Epsilon constraints: Haimes, Lasdon & Wismer, IEEE Trans. SMC 1 (1971) 296-297, with the small weights of
Mavrotas, Appl. Math. Comput. 213 (2009) 455-465, which leave no weakly efficient points.
Normal-boundary intersection: Das & Dennis, SIAM J. Optim. 8 (1998) 631-657, with the inequalities of Shukla,
ICCS 2007 (LNCS 4487) 310-317, which no dominated point of a front that bends back or has gaps can satisfy best.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from app.solvers.multi_objective.simplex import lattice

Array = NDArray[np.float64]
LITTLE = 1e-3  # weight of the other objectives where one is minimised, in ranges


@dataclass(frozen=True)
class Scalarised:
    """Minimise `weights . f - level` under `f - slopes level <= upper`; all `(m,)`.

    The level is held at zero where all slopes are zero. `blend (m,)`, summing to 1, says how much of each
    anchor its solution will have of, about.
    """

    weights: Array
    slopes: Array
    upper: Array
    blend: Array


@dataclass(frozen=True)
class Payoff:
    """The anchors' objectives `(m, m)`, one row each, all to be minimised: the ends of the front."""

    values: Array

    @property
    def ideal(self) -> Array:
        """The best of each objective, (m,)."""
        found: Array = np.min(self.values, axis=0)
        return found

    @property
    def ranges(self) -> Array:
        """How far the anchors lie apart in each objective, (m,); its magnitude where they do not."""
        wide = np.ptp(self.values, axis=0)
        size = np.maximum(np.max(np.abs(self.values), axis=0), 1e-12)
        found: Array = np.where(wide > 1e-9 * size, wide, size)
        return found


def weighted(weights: Array) -> Scalarised:
    """A plain weighted sum."""
    m = len(weights)
    return Scalarised(weights, np.zeros(m), np.full(m, np.inf), np.full(m, 1.0 / m))


def anchors(ranges: Array) -> list[Scalarised]:
    """Each objective alone (the others with a little weight, so that the ends are efficient)."""
    m = len(ranges)
    free = np.full(m, np.inf)
    return [Scalarised(np.where(one > 0, 1.0, LITTLE) / ranges, np.zeros(m), free, one) for one in np.eye(m)]


def epsilon_constraints(payoff: Payoff, points: int) -> list[Scalarised]:
    """The first objective minimised, the others kept below levels on a grid between ideal and worst anchor."""
    m = len(payoff.ranges)
    steps = max(2, round(points ** (1.0 / (m - 1))))
    levels = np.arange(1, steps - 1) / (steps - 1) if m == 2 else np.arange(1, steps + 1) / steps
    weights = np.where(np.arange(m) == 0, 1.0, LITTLE) / payoff.ranges
    found = []
    for grid in product(levels, repeat=m - 1):
        level = np.array(grid)
        upper = np.append(np.inf, payoff.ideal[1:] + level * payoff.ranges[1:])
        others = 1.0 - level
        blend = np.append(max(0.0, 1.0 - np.sum(others)), others)
        found.append(Scalarised(weights, np.zeros(m), upper, blend / np.sum(blend)))
    return found


def boundary_intersections(payoff: Payoff, points: int) -> list[Scalarised]:
    """Along normals of the plane through the anchors, from points spread evenly on it, as far as they go."""
    m = len(payoff.ranges)
    scaled = (payoff.values - payoff.ideal) / payoff.ranges
    normal = -np.sum(scaled, axis=0)  # the quasi-normal -Phi e of section 2
    return [
        Scalarised(LITTLE / payoff.ranges, normal * payoff.ranges, share @ payoff.values, share)
        for share in lattice(m, points)
        if np.max(share) < 1.0  # else it is an anchor
    ]
