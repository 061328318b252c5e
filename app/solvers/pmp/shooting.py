"""The equations of multiple shooting: their residual and sparse Jacobian at given unknowns.

Rows: continuity at every node, end conditions with transversality, boundary rows, parameters, times and
junctions (the Hamiltonian does not jump, or a switching function vanishes; at the entry of a singular arc also
its first derivative: Bryson & Ho, ch. 8; Maurer, J. Optim. Theory Appl. 18 (1976)).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from app.leaves import Leaf
from app.problems.model import Problem
from app.solvers.pmp.boundary import EndConditions
from app.solvers.pmp.extremal import Extremal
from app.solvers.pmp.hamiltonian import Given
from app.solvers.pmp.integration import Shot
from app.solvers.pmp.kinds import FIXED, SINGULAR
from app.solvers.pmp.path import Sizes
from app.solvers.pmp.programs import LANES, Ends, Point, Programs

Array = NDArray[np.float64]


@dataclass(frozen=True)
class System:
    """Scaled residual and Jacobian at an extremal, by unknowns over their scales, and what they came from.

    `groups` names each row by its kind: continuity, start, end, boundary, parameters, t0, tf, junction.
    """

    extremal: Extremal
    residual: Array
    jacobian: sparse.csc_matrix
    groups: NDArray[np.str_]
    shots: Shot
    growth: Array
    points: Point
    ends: Ends

    @property
    def finite(self) -> bool:
        """Whether all is finite."""
        return bool(np.all(np.isfinite(self.residual)) and np.all(np.isfinite(self.jacobian.data)))

    @property
    def cost(self) -> float:
        """As minimised."""
        return float(self.ends.cost) + float(np.sum(self.shots.cost))


@dataclass
class _Rows:
    """Rows being gathered: entries of the Jacobian by row and column."""

    values: list[float] = field(default_factory=list)
    scales: list[float] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    entries: list[tuple[Array, Array, Array]] = field(default_factory=list)

    def add(self, group: str, value: Leaf, scale: float, *parts: tuple[Any, Any]) -> None:
        """One row; each part is columns and derivatives."""
        row = len(self.values)
        self.values.append(float(value))
        self.scales.append(scale)
        self.groups.append(group)
        for columns, derivatives in parts:
            columns = np.atleast_1d(columns)
            self.entries.append((np.full(len(columns), row), columns, np.atleast_1d(derivatives)))


@dataclass(frozen=True)
class Shooting:
    """One problem with its programs, numbers, end conditions and scales."""

    problem: Problem
    programs: Programs
    given: Given
    conditions: EndConditions
    sizes: Sizes

    def scales(self, extremal: Extremal) -> Array:
        """Of all unknowns in a row."""
        e = extremal
        rows = self.sizes.cost / (
            1.0
            + np.abs(
                self.problem.b_lower, where=np.isfinite(self.problem.b_lower), out=np.ones(len(e.multipliers))
            )
        )
        return np.concatenate(
            [
                np.tile(self.sizes.y, len(e.y)),
                np.full(len(e.times), self.sizes.time),
                np.maximum(np.abs(e.p), 1e-3),
                rows,
            ]
        )

    def shots(self, e: Extremal) -> tuple[Shot, Array]:
        """Every segment integrated, with the Jacobians of (end, slope, cost) by (start, span, p)."""
        spans = e.division.spans(e.times)
        kinds, values = e.arcs.kinds[e.division.arc], e.arcs.values[e.division.arc]
        parts = []
        for at in range(0, e.division.count, LANES):
            lanes = np.minimum(np.arange(at, at + LANES), e.division.count - 1)
            shot, jacobian = self.programs.segments(
                e.y[lanes],
                spans[lanes],
                e.guess[lanes],
                kinds[lanes],
                values[lanes],
                e.p,
                self.given,
                self.sizes.y,
            )
            parts.append([np.asarray(a) for a in (*shot, jacobian)])
        joined = [np.concatenate(column)[: e.division.count] for column in zip(*parts, strict=True)]
        return Shot(*joined[:-1]), joined[-1]  # type: ignore[arg-type]  # numpy arrays in place of JAX's

    def growth(self, jacobian: Array) -> Array:
        """By how much errors grow over each segment (M,), in the scales of states and costates."""
        y = self.sizes.y
        found: Array = np.max(np.abs(jacobian[:, : len(y), : len(y)]) * y / y[:, None], axis=(1, 2))
        return found

    def points(self, z: Array, guess: Array, kinds: Any, values: Array) -> Point:
        """H and its derivatives at points `z (S, 1 + 2 n + q)`."""
        parts = []
        for at in range(0, len(z), LANES):
            lanes = np.minimum(np.arange(at, at + LANES), len(z) - 1)
            found = self.programs.points(z[lanes], guess[lanes], kinds[lanes], values[lanes], self.given)
            parts.append([np.asarray(a) for a in found])
        joined = [np.concatenate(column)[: len(z)] for column in zip(*parts, strict=True)]
        return Point(*joined)  # type: ignore[arg-type]  # numpy arrays in place of JAX's

    def system(self, e: Extremal) -> System:
        """Everything at one extremal."""
        shots, jacobian = self.shots(e)
        points = self._arc_ends(e)
        n = e.y.shape[1] // 2
        w = np.concatenate([e.times[:1], e.y[0, :n], e.times[-1:], e.y[-1, :n], e.p])
        ends = Ends(*(np.asarray(a) for a in self.programs.ends(w, e.multipliers, self.problem.k)))  # type: ignore[arg-type]  # numpy
        place = _Columns(e)
        rows = _Rows()
        size = 2 * n
        ends_shot = np.asarray(shots.end)
        for i in range(e.division.count):
            d = e.division
            a, at = d.arc[i], np.arange(size)
            by_a = jacobian[i, :, size] * (1 - d.left[i]) + jacobian[i, :, size + 1] * (1 - d.right[i])
            by_b = jacobian[i, :, size] * d.left[i] + jacobian[i, :, size + 1] * d.right[i]
            block = [place.y(i), np.array([place.time(a), place.time(a + 1)]), place.p]
            columns = np.concatenate(block)
            for r in at:
                derivative = np.concatenate(
                    [jacobian[i, r, :size], [by_a[r], by_b[r]], jacobian[i, r, size + 2 :]]
                )
                rows.add(
                    "continuity",
                    e.y[i + 1, r] - ends_shot[i, r],
                    self.sizes.y[r],
                    (place.y(i + 1)[r], 1.0),
                    (columns, -derivative),
                )
        self._end_rows(rows, place, e, ends, points)
        self._parameter_rows(rows, place, e, ends, shots, jacobian)
        self._junction_rows(rows, place, e, points)
        return self._assembled(rows, e, shots, jacobian, points, ends)

    def _assembled(
        self, rows: _Rows, e: Extremal, shots: Shot, jacobian: Array, points: Point, ends: Ends
    ) -> System:
        scale, unknown = np.array(rows.scales), self.scales(e)
        r, c, v = (np.concatenate(column) for column in zip(*rows.entries, strict=True))
        matrix = sparse.csc_matrix((v * unknown[c] / scale[r], (r, c)), shape=(len(scale), len(unknown)))
        residual, groups = np.array(rows.values) / scale, np.array(rows.groups)
        return System(e, residual, matrix, groups, shots, self.growth(jacobian), points, ends)

    def _arc_ends(self, e: Extremal) -> Point:
        """The points where each arc begins, then those where each ends (2 A)."""
        first, last = e.division.first(e.arcs.count), e.division.last(e.arcs.count)
        nodes = np.concatenate([e.y[first], e.y[last + 1]])
        times = np.concatenate([e.times[:-1], e.times[1:]])
        z = np.concatenate([times[:, None], nodes, np.tile(e.p, (len(times), 1))], axis=1)
        guess = np.concatenate([e.guess[first, 0], e.guess[last, -1]])
        return self.points(z, guess, np.tile(e.arcs.kinds, (2, 1)), np.tile(e.arcs.values, (2, 1)))

    def _end_rows(self, rows: _Rows, place: _Columns, e: Extremal, ends: Ends, points: Point) -> None:
        """End states, times and boundary rows."""
        n, c = place.n, self.conditions
        gradient, hessian = np.asarray(ends.gradient), np.asarray(ends.hessian)
        rows_jacobian = np.asarray(ends.rows_jacobian)
        sizes = self.sizes
        for j in range(n):
            for group, held, node, at, sign in (
                ("start", c.x0, 0, 1 + j, 1.0),
                ("end", c.xf, len(e.y) - 1, 2 + n + j, -1.0),
            ):
                if held.held[j]:
                    rows.add(group, e.y[node, j] - held.value[j], sizes.x[j], (place.y(node)[j], 1.0))
                else:
                    rows.add(
                        group,
                        e.y[node, n + j] + sign * gradient[at],
                        sizes.costate[j],
                        (place.y(node)[n + j], 1.0),
                        (place.ends, sign * hessian[at]),
                        (place.multipliers, sign * rows_jacobian[:, at]),
                    )
        arcs = e.arcs.count
        for group, held, time, point, at, sign in (
            ("t0", c.t0, 0, 0, 0, -1.0),
            ("tf", c.tf, arcs, 2 * arcs - 1, 1 + n, 1.0),
        ):
            if held.held[0]:
                rows.add(group, e.times[time] - held.value[0], sizes.time, (place.time(time), 1.0))
            else:
                rows.add(
                    group,
                    sign * points.values[point, 0] + gradient[at],
                    sizes.rate,
                    (place.point(time), sign * points.jacobian[point, 0]),
                    (place.ends, hessian[at]),
                    (place.multipliers, rows_jacobian[:, at]),
                )
        for b in range(len(e.multipliers)):
            if c.rows.held[b]:
                scale = max(float(np.max(np.abs(rows_jacobian[b]) * place.end_sizes(sizes, e.p))), 1e-12)
                rows.add(
                    "boundary", float(ends.rows[b]) - c.rows.value[b], scale, (place.ends, rows_jacobian[b])
                )
            else:
                rows.add("boundary", e.multipliers[b], sizes.cost, (place.multipliers[b], 1.0))

    def _parameter_rows(
        self, rows: _Rows, place: _Columns, e: Extremal, ends: Ends, shots: Shot, jacobian: Array
    ) -> None:
        n, size, c = place.n, 2 * place.n, self.conditions.p
        d = e.division
        for q in range(len(e.p)):
            scale = max(abs(float(e.p[q])), 1e-3)
            if c.held[q]:
                rows.add("parameters", e.p[q] - c.value[q], scale, (place.p[q], 1.0))
                continue
            at = 2 + 2 * n + q
            parts: list[tuple[Any, Any]] = [
                (place.ends, np.asarray(ends.hessian)[at]),
                (place.multipliers, np.asarray(ends.rows_jacobian)[:, at]),
            ]
            for i in range(d.count):
                row, a = jacobian[i, size + q], d.arc[i]
                by_a = row[size] * (1 - d.left[i]) + row[size + 1] * (1 - d.right[i])
                by_b = row[size] * d.left[i] + row[size + 1] * d.right[i]
                times = np.array([place.time(a), place.time(a + 1)])
                parts += [(place.y(i), row[:size]), (times, [by_a, by_b]), (place.p, row[size + 2 :])]
            value = float(ends.gradient[at]) + float(np.sum(np.asarray(shots.slope)[:, q]))
            rows.add("parameters", value, self.sizes.cost / scale, *parts)

    def _junction_rows(self, rows: _Rows, place: _Columns, e: Extremal, points: Point) -> None:
        """One condition for each junction; two where a singular arc begins, none where it ends."""
        arcs, m = e.arcs, e.arcs.kinds.shape[1]
        for j in range(m):
            if arcs.kinds[0, j] == SINGULAR:
                self._singular_rows(rows, place, points, 0, 0, j)
        for a in range(1, arcs.count):
            j = int(arcs.changing[a - 1])
            before, after = int(arcs.kinds[a - 1, j]), int(arcs.kinds[a, j])
            left, right = arcs.count + a - 1, a
            if after == SINGULAR:
                self._singular_rows(rows, place, points, right, a, j)
            elif before == SINGULAR:
                continue
            elif (before == FIXED) == (after == FIXED):
                value = points.values[left, 0] - points.values[right, 0]
                derivative = points.jacobian[left, 0] - points.jacobian[right, 0]
                rows.add("junction", value, self.sizes.rate, (place.point(a), derivative))
            else:
                at = left if before == FIXED else right
                scale = self.sizes.rate / self.sizes.u[j]
                rows.add(
                    "junction", points.values[at, 1 + j], scale, (place.point(a), points.jacobian[at, 1 + j])
                )

    def _singular_rows(self, rows: _Rows, place: _Columns, points: Point, at: int, time: int, j: int) -> None:
        m = len(points.u[0])
        scale = self.sizes.rate / self.sizes.u[j]
        for index, size in ((1 + j, scale), (1 + m + j, scale / self.sizes.time)):
            rows.add(
                "junction", points.values[at, index], size, (place.point(time), points.jacobian[at, index])
            )


class _Columns:
    """Where each unknown stands in the row of all."""

    def __init__(self, e: Extremal) -> None:
        self.size = e.y.shape[1]
        self.n = self.size // 2
        self.nodes = len(e.y)
        self._node_of = np.append(e.division.first(e.arcs.count), e.division.count)
        at = e.y.size
        self._times = at
        at += len(e.times)
        self.p = np.arange(at, at + len(e.p))
        at += len(e.p)
        self.multipliers = np.arange(at, at + len(e.multipliers))
        self.ends = np.concatenate(
            [
                [self.time(0)],
                self.y(0)[: self.n],
                [self.time(len(e.times) - 1)],
                self.y(self.nodes - 1)[: self.n],
                self.p,
            ]
        )

    def y(self, node: int) -> NDArray[np.int64]:
        """States and costates at a node."""
        return np.arange(node * self.size, (node + 1) * self.size)

    def time(self, index: int) -> int:
        """The time of a junction."""
        return self._times + int(index)

    def point(self, junction: int) -> NDArray[np.int64]:
        """Time, states, costates and parameters at a junction."""
        return np.concatenate([[self.time(junction)], self.y(int(self._node_of[junction])), self.p])

    def end_sizes(self, sizes: Sizes, p: Array) -> Array:
        """Magnitudes of (t0, x0, tf, xf, p)."""
        time = np.array([sizes.time])
        return np.concatenate([time, sizes.x, time, sizes.x, np.maximum(np.abs(p), 1e-3)])
