"""Arcs: along which stretch of time each control is at a bound, inside, or singular.

Each control has its own pieces; merged over all controls they give the arcs, at each of whose junctions one
control changes its kind.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from app.solvers.pmp.kinds import FIXED, FREE, INTERIOR, SINGULAR

Array = NDArray[np.float64]
Integers = NDArray[np.int64]
SHORTEST = 1e-7  # of the duration: pieces of a solution that count as none


@dataclass(frozen=True)
class Piece:
    """One control from `start` until the next piece starts; `value` counts where the kind is FIXED."""

    start: float
    kind: int
    value: float = 0.0

    def alike(self, other: Piece) -> bool:
        """Whether both ask for the same rule."""
        return self.kind == other.kind and (self.kind != FIXED or self.value == other.value)


@dataclass(frozen=True)
class Arcs:
    """Merged pieces: `times (A + 1,)`, `kinds (A, m)`, `values (A, m)`, and at the A - 1 junctions the control
    that changes."""

    times: Array
    kinds: Integers
    values: Array
    changing: Integers

    @property
    def count(self) -> int:
        """Number of arcs."""
        return len(self.kinds)

    @property
    def singular(self) -> bool:
        """Whether any arc is singular."""
        return bool(np.any(self.kinds == SINGULAR))

    @property
    def structured(self) -> bool:
        """Whether every kind is known, so that none depends on the point."""
        return not bool(np.any(self.kinds == FREE))


@dataclass(frozen=True)
class Schedule:
    """The pieces of every control, in order of time, between `t0` and `tf`."""

    t0: float
    tf: float
    pieces: tuple[tuple[Piece, ...], ...]

    def same_kinds(self, other: Schedule) -> bool:
        """Whether both have the same sequences, whatever the times."""
        return [[(p.kind, p.value) for p in row] for row in self.pieces] == [
            [(p.kind, p.value) for p in row] for row in other.pieces
        ]

    def arcs(self) -> Arcs:
        """All controls merged; pieces that start together follow one another with no time in between."""
        current = [row[0] for row in self.pieces]
        changes = sorted(
            ((piece.start, j, i) for j, row in enumerate(self.pieces) for i, piece in enumerate(row) if i),
        )
        times, rows, changing = [self.t0], [list(current)], []
        for start, j, i in changes:
            current[j] = self.pieces[j][i]
            times.append(start)
            rows.append(list(current))
            changing.append(j)
        m = len(self.pieces)
        return Arcs(
            np.array([*times, self.tf]),
            np.array([[piece.kind for piece in row] for row in rows], dtype=np.int64).reshape(len(rows), m),
            np.array([[piece.value for piece in row] for row in rows]).reshape(len(rows), m),
            np.array(changing, dtype=np.int64),
        )


def schedule_of(arcs: Arcs, times: Array) -> Schedule:
    """The pieces behind arcs whose junctions have moved to `times (A + 1,)`; reversed pieces are dropped."""
    rows = []
    for j in range(arcs.kinds.shape[1]):
        row = [Piece(float(times[0]), int(arcs.kinds[0, j]), float(arcs.values[0, j]))]
        row.extend(
            Piece(float(times[a]), int(arcs.kinds[a, j]), float(arcs.values[a, j]))
            for a in range(1, arcs.count)
            if arcs.changing[a - 1] == j
        )
        rows.append(_ordered(row, float(times[0]), float(times[-1])))
    return Schedule(float(times[0]), float(times[-1]), tuple(rows))


def _ordered(row: list[Piece], t0: float, tf: float) -> tuple[Piece, ...]:
    """Pieces that end before they start taken out, until none is left."""
    shortest = SHORTEST * abs(tf - t0)
    row = list(row)
    while True:
        ends = [piece.start for piece in row[1:]] + [tf]
        lengths = [end - piece.start for piece, end in zip(row, ends, strict=True)]
        worst = int(np.argmin(lengths))
        if lengths[worst] > shortest or len(row) == 1:
            return simplified(row, t0)
        if worst + 1 < len(row):
            middle = 0.5 * (row[worst].start + row[worst + 1].start) if worst else t0
            row[worst + 1] = replace(row[worst + 1], start=middle)
        del row[worst]


def simplified(row: list[Piece], t0: float) -> tuple[Piece, ...]:
    """Neighbours of one rule joined."""
    joined = [replace(row[0], start=t0)]
    for piece in row[1:]:
        if not piece.alike(joined[-1]):
            joined.append(piece)
    return tuple(joined)


def from_labels(t: Array, labels: list[tuple[int, float]], crossing: Array) -> tuple[Piece, ...]:
    """The pieces of one control from its label (kind, value) at each time.

    Between two times the change is where `crossing (S,)` passes zero, or else halfway.
    """
    row = [Piece(float(t[0]), *labels[0])]
    for i in range(1, len(t)):
        if labels[i] == labels[i - 1]:
            continue
        a, b = crossing[i - 1], crossing[i]
        place = a / (a - b) if a * b < 0 else 0.5
        row.append(Piece(float(t[i - 1] + place * (t[i] - t[i - 1])), *labels[i]))
    return tuple(row)


def name_of(kind: int, value: float, lower: float, upper: float) -> str:
    """What an arc is called in the result."""
    if kind == SINGULAR:
        return "singular"
    if kind in (FREE, INTERIOR):
        return "interior"
    return "lower" if abs(value - lower) <= abs(value - upper) else "upper"
