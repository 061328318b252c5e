"""The mesh: where the answer is not yet accurate, and where the next mesh is finer.

The error of an interval is seen by flying the published control from the interval's left node: what the cost
and the next node miss (weighted by the costates, so it is an error in the cost), what states miss, and how
far constraints are violated between places. Intervals with too large an error are divided, at the place
where a control jumps if it does, and neighbours without errors are joined (Betts, Practical Methods, 4.7).
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heapify, heappush, heapreplace
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
SIZES = (8, 16, 32, 64, 128, 256, 512, 1024, 2048)
"""Numbers of intervals that programs are compiled for."""
REFINED = SIZES[::2]
"""Those of refined meshes: a finer mesh costs milliseconds, one more size to compile for costs seconds."""
EXPONENT = 1.0 / 3.0  # parts of an interval for an error, between that of smooth arcs and of jumps
FINEST = 8  # parts of one interval in the next mesh
JOINED = 1e-2  # of the target: neighbours below it may be joined
SHORTEST = 1e-8  # of normalised time: intervals are not divided below this
LARGE_JUMP = 0.15  # change of a control within an interval, of its range: a jump is sought there
BRACKET = 0.06  # part of the interval left on both sides of where the jump should be


@dataclass(frozen=True)
class MeshError:
    """Errors of intervals (P, N): `cost` relative, `state` relative to scales, `violation` relative to scales.

    `jump (P, N)` is the place (0..1) in the interval where a control seems to jump, NaN where none does, and
    `sharp (P, N - 1)` tells at which nodes a control jumps.
    """

    cost: Array
    state: Array
    violation: Array
    jump: Array
    sharp: Array

    @property
    def each(self) -> Array:
        """One figure an interval, on the scale of its part of a relative error of the cost."""
        violation = self.violation / self.violation.shape[-1]  # of violations the largest counts, not the sum
        found: Array = np.maximum(np.abs(self.cost), np.maximum(0.1 * self.state, 0.1 * violation))
        return np.where(np.isfinite(found), found, 1.0)

    @property
    def total(self) -> float:
        """The error of the mesh: costs and state errors add up, of violations the largest counts."""
        finite = [np.where(np.isfinite(a), a, 1.0) for a in (self.cost, self.state, self.violation)]
        added = max(np.sum(np.abs(finite[0])), 0.1 * np.sum(finite[1]))
        return float(max(added, 0.1 * np.max(finite[2])))


def uniform(phases: int, intervals: int) -> Array:
    """Equal intervals, (P, N)."""
    return np.full((phases, intervals), 1.0 / intervals)


def size_for(intervals: float, sizes: tuple[int, ...] = SIZES) -> int:
    """The smallest size that has so many intervals."""
    return next((size for size in sizes if size >= intervals), sizes[-1])


def refine(fractions: Array, error: MeshError, tolerance: float, largest: int) -> Array:
    """The next mesh (P, N'), N' at most 4 N and `largest`."""
    limit = min(4 * fractions.shape[1], largest)
    target = tolerance / fractions.shape[1]
    meshes = [_divided(fractions[i], error, i, target, limit) for i in range(len(fractions))]
    size = min(max(size_for(max(map(len, meshes)), REFINED), fractions.shape[1]), limit)
    return np.stack([_filled(pieces, size) for pieces in meshes])


def _divided(
    fractions: Array, error: MeshError, index: int, target: float, limit: int
) -> list[tuple[float, float]]:
    """Lengths and errors of the next mesh's intervals: divided, or joined, or as they are."""
    each, jump, sharp = error.each[index], error.jump[index], error.sharp[index]
    parts = np.clip(np.ceil((each / target) ** EXPONENT), 1, FINEST)
    parts = np.where(fractions < SHORTEST, 1, parts)
    while np.sum(parts) > limit and np.max(parts) > 1:
        parts = np.maximum(1, np.floor(0.8 * parts))
    pieces: list[tuple[float, float]] = []
    i = 0
    while i < len(fractions):
        small = each[i] < JOINED * target and i + 1 < len(fractions) and each[i + 1] < JOINED * target
        even = small and 0.5 < fractions[i] / fractions[i + 1] < 2.0
        if even and not sharp[i] and fractions[i] + fractions[i + 1] < 0.1:
            pieces.append((fractions[i] + fractions[i + 1], 32.0 * max(each[i], each[i + 1])))
            i += 2
            continue
        if parts[i] >= 2 and np.isfinite(jump[i]):
            pieces += [(length * fractions[i], 0.1 * each[i]) for length in _around(float(jump[i]))]
        else:
            count = int(parts[i])
            pieces += [(fractions[i] / count, each[i] / count**3)] * count
        i += 1
    return pieces


def _around(place: float) -> list[float]:
    """An interval divided at a place, with short pieces on both sides of it."""
    cuts = [place - BRACKET, place, place + BRACKET]
    nodes = [0.0, *(cut for cut in cuts if BRACKET / 2 < cut < 1.0 - BRACKET / 2), 1.0]
    return list(np.diff(nodes))


def _halved(pieces: list[tuple[float, float]], size: int) -> list[tuple[float, float]]:
    """At least `size` pieces, in order: while there are fewer, the one with the largest error is halved."""

    def entry(left: float, length: float, error: float) -> tuple[float, float, float, float]:
        weight = error + 1e-12 * length if length > SHORTEST else 0.0
        return -weight, left, length, error

    lefts = np.cumsum([0.0, *(length for length, _ in pieces[:-1])]).tolist()
    heap = [entry(left, *piece) for left, piece in zip(lefts, pieces, strict=True)]
    heapify(heap)
    while len(heap) < size:
        _, left, length, error = heap[0]
        heapreplace(heap, entry(left, 0.5 * length, error / 8.0))
        heappush(heap, entry(left + 0.5 * length, 0.5 * length, error / 8.0))
    return [(length, error) for _, _, length, error in sorted(heap, key=itemgetter(1))]


def _filled(pieces: list[tuple[float, float]], size: int) -> Array:
    """Exactly `size` intervals: those with the largest errors (and lengths) are halved until there are enough."""
    lengths, errors = (np.array(column) for column in zip(*_halved(pieces, size), strict=True))
    while len(lengths) > size:
        sums = errors[:-1] + errors[1:] + 1e-9 * (lengths[:-1] + lengths[1:])
        at = int(np.argmin(sums))
        lengths[at], errors[at] = lengths[at] + lengths[at + 1], sums[at]
        lengths, errors = np.delete(lengths, at + 1), np.delete(errors, at + 1)
    found: Array = lengths / np.sum(lengths)
    return found
