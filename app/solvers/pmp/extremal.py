"""The unknowns of multiple shooting: nodes, times of junctions, parameters and multipliers on a division."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from app.solvers.interpolation import Interpolation
from app.solvers.pmp.arcs import Arcs
from app.solvers.pmp.integration import STEPS
from app.solvers.pmp.path import Path

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Division:
    """M segments: the arc of each, and where in it (0..1) each begins and ends."""

    arc: Integers
    left: Array
    right: Array

    @property
    def count(self) -> int:
        """Segments."""
        return len(self.arc)

    def spans(self, times: Array) -> Array:
        """Times at which segments begin and end (M, 2)."""
        begin, length = times[self.arc], times[self.arc + 1] - times[self.arc]
        return np.stack([begin + length * self.left, begin + length * self.right], axis=1)

    def first(self, arcs: int) -> Integers:
        """The first segment of each arc (A,)."""
        return np.searchsorted(self.arc, np.arange(arcs))

    def last(self, arcs: int) -> Integers:
        """The last segment of each arc (A,)."""
        return np.searchsorted(self.arc, np.arange(arcs), side="right") - 1


@dataclass(frozen=True)
class Extremal:
    """`y (M + 1, 2 n)` at the nodes, `times (A + 1,)`, `p (q,)`, `multipliers (b,)` of the boundary rows.

    `guess (M, STEPS + 1, m)`: controls near which the minimum of H is looked for.
    """

    arcs: Arcs
    division: Division
    y: Array
    times: Array
    p: Array
    multipliers: Array
    guess: Array

    def flat(self) -> Array:
        """All unknowns in a row."""
        return np.concatenate([self.y.ravel(), self.times, self.p, self.multipliers])

    def moved(self, flat: Array) -> Extremal:
        """The same with other unknowns."""
        sizes = np.cumsum([self.y.size, self.times.size, self.p.size])
        y, times, p, multipliers = np.split(flat, sizes)
        return replace(self, y=y.reshape(self.y.shape), times=times, p=p, multipliers=multipliers)

    def divided(self, where: NDArray[np.bool_], nodes: Array) -> Extremal:
        """Segments marked in `where (M,)` cut in two, at the middle of their `nodes (M, STEPS + 1, 2 n)`."""
        d = self.division
        half = STEPS // 2
        s = np.linspace(0.0, 1.0, STEPS + 1)
        arc, left, right, y, guess = [], [], [], [], []
        for i in range(d.count):
            middle = 0.5 * (d.left[i] + d.right[i])
            cuts = [d.left[i], middle, d.right[i]] if where[i] else [d.left[i], d.right[i]]
            for part in range(len(cuts) - 1):
                arc.append(d.arc[i])
                left.append(cuts[part])
                right.append(cuts[part + 1])
                y.append(nodes[i, half] if part else self.y[i])
                places = (part + s) / (len(cuts) - 1)
                guess.append(Interpolation(s, places)(self.guess[i]))
        division = Division(np.array(arc), np.array(left), np.array(right))
        return replace(self, division=division, y=np.array([*y, self.y[-1]]), guess=np.array(guess))


def extremal_on(path: Path, arcs: Arcs, multipliers: Array) -> Extremal:
    """The unknowns on the nodes of a path that lie inside the arcs, and at the arcs' ends."""
    candidates = path.t[path.nodes]
    arc, left, right = [], [], []
    for a in range(arcs.count):
        begin, end = arcs.times[a], arcs.times[a + 1]
        length = end - begin
        margin = 0.2 * length / max(1, np.sum((candidates > begin) & (candidates < end)))
        inside = candidates[(candidates > begin + margin) & (candidates < end - margin)]
        cuts = np.concatenate([[0.0], (np.unique(inside) - begin) / length if length > 0 else [], [1.0]])
        arc += [a] * (len(cuts) - 1)
        left += list(cuts[:-1])
        right += list(cuts[1:])
    division = Division(np.array(arc), np.array(left), np.array(right))
    spans = division.spans(arcs.times)
    y = path.state(np.append(spans[:, 0], arcs.times[-1]))
    s = np.linspace(0.0, 1.0, STEPS + 1)
    guess = []
    for begin, end in spans:
        inset = 1e-3 * (end - begin)  # a control may jump at the very end
        guess.append(path.control(np.clip(begin + (end - begin) * s, begin + inset, end - inset)))
    m = path.u.shape[1]
    return Extremal(
        arcs,
        division,
        y,
        arcs.times.copy(),
        path.p.copy(),
        multipliers.copy(),
        np.array(guess).reshape(division.count, STEPS + 1, m),
    )
