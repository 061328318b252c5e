"""What lies between solutions: their mean, once time is stretched so that their junctions lie on each other.

Where a bound begins to hold, or ceases to, moves along a front, and with it what a mesh must resolve. The mean of
two solutions as they stand has both junctions, half of each, and the mean of their meshes is fine at neither. So
junctions that all of them have, in the same order, are moved to the mean of their places first (landmark
registration: Ramsay & Silverman, Functional Data Analysis, ch. 7; Kneip & Gasser, Annals of Statistics 20 (1992)).
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.solvers.collocation.outcome import Outcome

Array = NDArray[np.float64]
APART = 1e-9  # of normalised time: junctions that are closer are one
ALIKE = 0.6  # part of the junctions of two solutions that are the same, at least, where they are registered


class Junction(NamedTuple):
    """At the node `place` (0..1) the bound of that number begins to hold, or ceases to."""

    place: float
    bound: int
    begins: bool


def junctions(outcome: Outcome) -> list[Junction]:
    """Those of a solution of one phase, in order."""
    holds = _holding(outcome)
    nodes = np.cumsum(outcome.discretization.fractions[0])
    bounds, intervals = np.nonzero(holds[:, 1:] != holds[:, :-1])
    found = zip(
        nodes[intervals].tolist(), bounds.tolist(), holds[bounds, intervals + 1].tolist(), strict=True
    )
    return sorted(Junction(*one) for one in found)


def registered(
    outcomes: Sequence[Outcome], found: Sequence[Sequence[Junction]], shares: Array, largest: int
) -> tuple[Sequence[Outcome], Array]:
    """The solutions with their common junctions at the mean of their places, in these shares, and a mesh (1, N) for
    what lies between: of theirs the finest, if it can be one of `largest` intervals at most.

    Where their junctions are others they stay as they are; what is short in their meshes is somewhere between, so
    intervals are mixed, of those with the fewest.
    """
    meshes = [outcome.discretization.fractions for outcome in outcomes]
    places = _common(found)
    if places is None:
        least = min(map(np.size, meshes))
        alike = [i for i, mesh in enumerate(meshes) if np.size(mesh) == least]
        mixed = np.tensordot(shares[alike], np.stack([meshes[i] for i in alike]), 1)
        return outcomes, mixed / np.sum(mixed)
    mean = shares @ places
    moved = [_moved(mesh, own, mean) for mesh, own in zip(meshes, places, strict=True)]
    stretched = [outcome.stretched(mesh) for outcome, mesh in zip(outcomes, moved, strict=True)]
    order = [(mesh.size <= largest, mesh.size, share) for mesh, share in zip(moved, shares, strict=True)]
    return stretched, moved[order.index(max(order))]


def _holding(outcome: Outcome) -> NDArray[np.bool_]:
    """Which bounds on states, controls and path constraints hold each interval, (bounds, N): most of its places."""
    d = outcome.discretization
    views, data, y = d.layout.views, d.data(), outcome.multipliers
    weights = views(np.asarray(data.weight))
    found = []
    for sign, limits, multipliers in ((1.0, data.lower, y.lower), (-1.0, data.upper, y.upper)):
        bounds, forces = views(np.asarray(limits)), views(np.asarray(multipliers))
        for name in ("x", "u", "g"):
            value, bound, force, weight = (
                np.asarray(getattr(part, name))[0] for part in (outcome.variables, bounds, forces, weights)
            )
            # of a distance and its multiplier, whose product is the barrier parameter, the multiplier is larger
            found.append(np.mean(force / weight > sign * (value - bound), axis=1) > 0.5)
    return np.concatenate(found, axis=1).T


def _common(found: Sequence[Sequence[Junction]]) -> Array | None:
    """The places of the junctions that all have in one order, (solutions, junctions); None where few are alike."""
    kinds = [[one[1:] for one in each] for each in found]
    alike = []  # for each solution: its junctions by those of the first that they are
    for each in kinds:
        matcher = SequenceMatcher(None, kinds[0], each, autojunk=False)
        if matcher.ratio() < ALIKE:
            return None
        alike.append({at.a + j: at.b + j for at in matcher.get_matching_blocks() for j in range(at.size)})
    shared = [i for i in range(len(kinds[0])) if all(i in one for one in alike)]
    rows = [[each[one[i]].place for i in shared] for each, one in zip(found, alike, strict=True)]
    places = np.array(rows).reshape(len(found), len(shared))
    return places[:, np.all(np.diff(places, axis=1, prepend=0.0) > APART, axis=0)]


def _moved(fractions: Array, places: Array, to: Array) -> Array:
    """The mesh (1, N) stretched between junctions."""
    nodes = np.concatenate([[0.0], np.cumsum(fractions[0, :-1]), [1.0]])
    found: Array = np.interp(nodes, [0.0, *places, 1.0], [0.0, *to, 1.0])
    return np.diff(found)[None]
