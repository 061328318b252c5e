"""A shooting solution sampled: at the integration nodes of its segments, or as densely as asked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.solvers.pmp.extremal import Division, Extremal
from app.solvers.pmp.integration import STEPS, Shot
from app.solvers.pmp.path import Path
from app.solvers.pmp.shooting import Shooting

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Samples:
    """Points in order of time, the ends of segments twice (once for each side).

    `t (S,)`, `y (S, 2 n)`, `u (S, m)`, `arc (S,)`, `cost (S,)` accumulated running cost, `segment (S,)`.
    """

    t: Array
    y: Array
    u: Array
    arc: NDArray[np.int64]
    cost: Array
    segment: NDArray[np.int64]

    def path(self, p: Array) -> Path:
        """As a path whose nodes are the ends of segments."""
        last = np.append(np.diff(self.segment) != 0, True)
        first = np.concatenate([[True], last[:-1]])
        return Path(self.t, self.y, self.u, p, first | last)


def samples(e: Extremal, shots: Shot) -> Samples:
    """The integration nodes of all segments; of arcs that run backwards, none."""
    spans = e.division.spans(e.times)
    length = np.diff(e.times)
    forward = np.flatnonzero(length[e.division.arc] >= 0)
    s = np.linspace(0.0, 1.0, STEPS + 1)
    t = spans[:, :1] + (spans[:, 1:] - spans[:, :1]) * s
    before = np.concatenate([[0.0], np.cumsum(np.asarray(shots.cost))[:-1]])
    cost = before[:, None] + np.asarray(shots.costs)
    nodes, controls = np.asarray(shots.nodes), np.asarray(shots.controls)
    count = len(forward)
    return Samples(
        t[forward].ravel(),
        nodes[forward].reshape(count * (STEPS + 1), -1),
        controls[forward].reshape(count * (STEPS + 1), -1),
        np.repeat(e.division.arc[forward], STEPS + 1),
        cost[forward].ravel(),
        np.repeat(np.arange(count), STEPS + 1),
    )


def denser(e: Extremal, shots: Shot, where: NDArray[np.bool_]) -> Extremal:
    """Every step of the segments marked in `where (M,)` made a segment of its own."""
    d = e.division
    s = np.linspace(0.0, 1.0, STEPS + 1)
    nodes, controls = np.asarray(shots.nodes), np.asarray(shots.controls)
    arc, left, right, y, guess = [], [], [], [], []
    for i in range(d.count):
        if not where[i]:
            arc.append(d.arc[i])
            left.append(d.left[i])
            right.append(d.right[i])
            y.append(e.y[i])
            guess.append(e.guess[i])
            continue
        cuts = d.left[i] + (d.right[i] - d.left[i]) * s
        for step in range(STEPS):
            arc.append(d.arc[i])
            left.append(cuts[step])
            right.append(cuts[step + 1])
            y.append(nodes[i, step])
            guess.append(controls[i, step] + (controls[i, step + 1] - controls[i, step]) * s[:, None])
    division = Division(np.array(arc), np.array(left), np.array(right))
    return Extremal(e.arcs, division, np.array([*y, e.y[-1]]), e.times, e.p, e.multipliers, np.array(guess))


def resolved(
    shooting: Shooting, e: Extremal, shots: Shot, accuracy: float, most: int
) -> tuple[Extremal, Shot]:
    """Divided until controls that are linear between the nodes differ from the true ones by `accuracy` at most
    (relative to their size), or `most` segments are reached."""
    for _ in range(6):
        bend = _bend(np.asarray(shots.controls)) / shooting.sizes.u
        where = np.max(bend, axis=1, initial=0.0) > accuracy
        if not np.any(where):
            break
        if e.division.count + (STEPS - 1) * int(np.sum(where)) > most:
            allowed = max(0, (most - e.division.count) // (STEPS - 1))
            order = np.argsort(-np.max(bend, axis=1))[:allowed]
            where = np.isin(np.arange(len(where)), order) & where
            if not np.any(where):
                break
        e = denser(e, shots, where)
        shots, _ = shooting.shots(e)
    return e, shots


def calmed(shooting: Shooting, e: Extremal, growth: float, most: int) -> tuple[Extremal, Shot]:
    """Divided until errors grow by no more than `growth` over a segment, or `most` segments are reached."""
    while True:
        shots, jacobian = shooting.shots(e)
        where = shooting.growth(jacobian) > growth
        if not np.any(where) or e.division.count + (STEPS - 1) * int(np.sum(where)) > most:
            return e, shots
        e = denser(e, shots, where)


def _bend(controls: Array) -> Array:
    """How far linear interpolation may be off, from second differences (M, m)."""
    if controls.shape[2] == 0:
        return np.zeros((len(controls), 0))
    second = controls[:, 2:] - 2.0 * controls[:, 1:-1] + controls[:, :-2]
    found: Array = np.max(np.abs(second), axis=1) / 8.0
    return found
