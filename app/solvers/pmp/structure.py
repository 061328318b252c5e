"""Which arcs a trajectory suggests, and which corrections a solution asks for."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from app.solvers.pmp.arcs import Piece, Schedule, from_labels, simplified
from app.solvers.pmp.kinds import FIXED, FREE, INTERIOR, SINGULAR

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
LONG_ARC = 0.02  # of the duration: a shorter stretch away from the bounds is a switch, not a singular arc
SHORT = 2e-3  # of the duration: pieces of an estimate that are left out at first
SHORT_BESIDE_SINGULAR = 2e-2  # the same beside a singular arc, where estimates oscillate
FLAT = 0.03  # of the largest: a switching function that stays below may vanish
AT_BOUND = 0.02  # of the width: how close to a bound an estimate is at it
WRONG = 1e-6  # of the largest: a switching function of the wrong sign
LEAST = (
    1e-3  # of H by the control: what the largest is at least, lest errors of an estimate be taken for signs
)


@dataclass(frozen=True)
class Seen:
    """A trajectory looked at: times (S,), controls (S, m), H_u (S, m), and bounds (m,).

    `affine (m,)`: controls in which H is affine; `unit (m,)`: size of H over that of the control.
    """

    t: Array
    u: Array
    slope: Array
    lower: Array
    upper: Array
    affine: Flags
    unit: Array

    @property
    def largest(self) -> Array:
        """Magnitude of H_u (m,)."""
        return np.maximum(np.max(np.abs(self.slope), axis=0, initial=0.0), LEAST * self.unit)


def detect(seen: Seen) -> Schedule:
    """Affine controls get their arcs; the others minimise H within their bounds all along."""
    rows = []
    for j in range(seen.u.shape[1]):
        if seen.affine[j]:
            rows.append(_bang_singular(seen, j))
        else:
            rows.append((Piece(float(seen.t[0]), FREE),))
    return Schedule(float(seen.t[0]), float(seen.t[-1]), tuple(rows))


def _bang_singular(seen: Seen, j: int) -> tuple[Piece, ...]:
    u, slope, t = seen.u[:, j], seen.slope[:, j], seen.t
    lower, upper = seen.lower[j], seen.upper[j]
    width = upper - lower
    margin = AT_BOUND * (width if np.isfinite(width) else max(1.0, float(np.ptp(u))))
    inside = (u > lower + margin) & (u < upper - margin)
    span = t[-1] - t[0]
    by_sign = [(FIXED, float(upper if s < 0 else lower)) for s in slope]
    by_value = [(FIXED, float(lower if v <= lower + margin else upper)) for v in u]
    # Close to a zero of the switching function the estimate of the control says more than the sign.
    trusted = np.abs(slope) > 1e-3 * seen.largest[j]
    labels = [sign if sure else value for sign, value, sure in zip(by_sign, by_value, trusted, strict=True)]
    for first, last in _runs(inside):
        flat = float(np.median(np.abs(slope[first : last + 1]))) < FLAT * seen.largest[j]
        if t[last] - t[first] > LONG_ARC * span and flat:
            labels[first : last + 1] = [(SINGULAR, 0.0)] * (last - first + 1)
        else:
            labels[first : last + 1] = by_sign[first : last + 1]
    return _pruned(simplified(list(from_labels(t, labels, slope)), float(t[0])), float(t[0]), float(t[-1]))


def _pruned(row: tuple[Piece, ...], t0: float, tf: float) -> tuple[Piece, ...]:
    """Pieces that are too short to be told from the errors of an estimate taken out, the shortest first."""
    while len(row) > 1:
        ends = [piece.start for piece in row[1:]] + [tf]
        lengths = [end - piece.start for piece, end in zip(row, ends, strict=True)]
        i = int(np.argmin(lengths))
        beside = any(0 <= k < len(row) and row[k].kind == SINGULAR for k in (i - 1, i + 1))
        if lengths[i] > (SHORT_BESIDE_SINGULAR if beside else SHORT) * (tf - t0):
            break
        start = row[i].start
        kept = list(row[:i]) + list(row[i + 1 :])
        if i < len(kept) and i and kept[i].kind != SINGULAR and kept[i - 1].kind != SINGULAR:
            kept[i] = replace(kept[i], start=0.5 * (start + kept[i].start))
        elif i < len(kept) and (not i or kept[i].kind == SINGULAR):
            kept[i] = replace(kept[i], start=start)
        row = simplified(kept, t0)
    return row


def _runs(flags: Flags) -> list[tuple[int, int]]:
    """First and last index of every run of true."""
    edges = np.diff(np.concatenate([[0], flags.astype(int), [0]]))
    firsts, lasts = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1
    return [(int(first), int(last)) for first, last in zip(firsts, lasts, strict=True)]


def with_bounds(schedule: Schedule, seen: Seen) -> Schedule:
    """Controls that minimise H within bounds, as arcs at a bound and inside."""
    rows = []
    for j, row in enumerate(schedule.pieces):
        if any(piece.kind != FREE for piece in row) or len(row) > 1:
            rows.append(row)
            continue
        width = seen.upper[j] - seen.lower[j]
        tiny = 1e-9 * (width if np.isfinite(width) else 1.0)
        labels = []
        for value in seen.u[:, j]:
            if value <= seen.lower[j] + tiny:
                labels.append((FIXED, float(seen.lower[j])))
            elif value >= seen.upper[j] - tiny:
                labels.append((FIXED, float(seen.upper[j])))
            else:
                labels.append((INTERIOR, 0.0))
        rows.append(from_labels(seen.t, labels, np.zeros(len(seen.t))))
    return replace(schedule, pieces=tuple(rows))


def corrected(schedule: Schedule, seen: Seen) -> Schedule:
    """Where a control at a bound should leave it, or one inside has crossed a bound, the kind is changed."""
    rows = []
    for j, row in enumerate(schedule.pieces):
        labels = _labels_of(row, seen.t)
        slope, u = seen.slope[:, j], seen.u[:, j]
        small = WRONG * seen.largest[j]
        width = seen.upper[j] - seen.lower[j]
        tiny = 1e-7 * (width if np.isfinite(width) else 1.0)
        new = []
        for label, s, value in zip(labels, slope, u, strict=True):
            kind, held = label
            if kind == FIXED and held == seen.lower[j] and s < -small:
                label = (FIXED, float(seen.upper[j])) if seen.affine[j] else (INTERIOR, 0.0)
            elif kind == FIXED and held == seen.upper[j] and s > small:
                label = (FIXED, float(seen.lower[j])) if seen.affine[j] else (INTERIOR, 0.0)
            elif kind in (INTERIOR, SINGULAR) and value < seen.lower[j] - tiny:
                label = (FIXED, float(seen.lower[j]))
            elif kind in (INTERIOR, SINGULAR) and value > seen.upper[j] + tiny:
                label = (FIXED, float(seen.upper[j]))
            new.append(label)
        if new == labels:
            rows.append(row)
            continue
        rows.append(simplified(_joined(row, labels, new, seen.t, slope), schedule.t0))
    return replace(schedule, pieces=tuple(rows))


def _labels_of(row: tuple[Piece, ...], t: Array) -> list[tuple[int, float]]:
    starts = np.array([piece.start for piece in row[1:]])
    return [(row[i].kind, row[i].value) for i in np.searchsorted(starts, t, side="left")]


def _joined(
    row: tuple[Piece, ...],
    old: list[tuple[int, float]],
    new: list[tuple[int, float]],
    t: Array,
    slope: Array,
) -> list[Piece]:
    """Pieces from new labels, with the old times where nothing changed."""
    found = list(from_labels(t, new, slope))
    known = [piece.start for piece in row[1:]]
    gap = float(np.max(np.diff(t), initial=0.0))
    result = []
    for piece in found:
        near = [start for start in known if abs(start - piece.start) <= gap]
        i = int(np.searchsorted(t, piece.start, side="left"))
        unchanged = 0 < i < len(t) and old[i - 1] == new[i - 1] and old[i] == new[i]
        result.append(replace(piece, start=near[0]) if near and unchanged else piece)
    return result
