"""Propagation to a requested accuracy: the number of steps is doubled until two answers agree."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from app.solvers.magnus import actions, products
from app.solvers.magnus.mesh import Density, density
from app.solvers.magnus.system import LinearSystem

PRODUCT_DIMENSION = 12
"""Up to this length of the state whole propagators are multiplied; beyond, exponentials act on the state
(measured)."""

MAX_BYTES = 1 << 29
"""Memory that one propagation may take; it bounds the number of steps."""

_FIRST_STEPS = {2: 0.35, 4: 0.35, 6: 0.6}
"""Order -> first number of steps, as part of what the indicator of the mesh says: it is a bound, errors
mostly cancel."""


@dataclass(frozen=True)
class Trajectory:
    """`states` `(n, d, k)` at the times asked for; `error` estimated over all of them, relative to the
    largest state.

    `converged` is False when the error asked for was not reached within the memory allowed.
    """

    states: np.ndarray
    error: float
    steps: int
    passes: int
    converged: bool


def propagate(
    system: LinearSystem,
    initial: np.ndarray,
    times: np.ndarray,
    *,
    order: int = 6,
    tolerance: float = 1e-8,
    method: str = "auto",
) -> Trajectory:
    """Solve `x' = A(t) x` from `initial` `(d, k)` at `times[0]`; `times` rise.

    `method`: `magnus` multiplies propagators, `commutator_free` lets exponentials act on the state, `auto`
    chooses by the length of the state. The finer of two meshes, one with half the steps of the other, is
    returned; its error is taken from their difference (Richardson), so that it holds for the whole path and
    not only step by step.
    """
    span = density(system, float(times[0]), float(times[-1]))
    by_products = method == "magnus" or (
        method == "auto" and (system.dimension <= PRODUCT_DIMENSION or initial.shape[1] == system.dimension)
    )
    unit = 2 * products.LANES if by_products else 2
    most = _most_steps(system, initial, order, by_products)

    def solve(steps: int) -> np.ndarray:
        if by_products:
            return products.propagate(system, initial, times, span, steps // products.LANES, order)
        return actions.propagate(system, initial, times, span, steps, order)

    steps = min(_round(_predicted(span, order, tolerance), unit), most)
    coarse_steps = steps // 2
    coarse = solve(coarse_steps)
    passes = 1
    while True:
        fine = solve(steps)
        passes += 1
        error = _difference(fine, coarse) / ((steps / coarse_steps) ** order - 1)
        if error <= tolerance or steps >= most:
            return Trajectory(fine, error, steps, passes, bool(error <= tolerance))
        coarse, coarse_steps = fine, steps
        steps = min(_next(steps, error, tolerance, order, unit), most)


def _predicted(span: Density, order: int, tolerance: float) -> float:
    """Steps that a method of this order may need: `work` is where the fourth order has unit error."""
    return float(_FIRST_STEPS[order] * span.work * (span.work / tolerance) ** (1 / order))


def _next(steps: int, error: float, tolerance: float, order: int, unit: int) -> int:
    """The next number of steps: by the order where the error already falls by it, at least half as many
    again."""
    growth = 1.1 * (error / tolerance) ** (1 / order) if math.isfinite(error) else 2.0
    return _round(steps * min(max(growth, 1.5), 8.0), unit)


def _round(steps: float, unit: int) -> int:
    return unit * max(1, math.ceil(steps / unit))


def _most_steps(system: LinearSystem, initial: np.ndarray, order: int, by_products: bool) -> int:
    kept = system.dimension**2 if by_products else initial.size
    per_step = kept * system.basis.itemsize + 8 * system.basis.shape[0] * order
    unit = 2 * products.LANES
    return max(unit, int(MAX_BYTES / (2 * per_step)) // unit * unit)


def _difference(fine: np.ndarray, coarse: np.ndarray) -> float:
    """The largest distance of the two over time, relative to the largest state."""
    size = float(np.max(np.linalg.norm(fine, axis=1)))
    distance = float(np.max(np.linalg.norm(fine - coarse, axis=1)))
    if not math.isfinite(size) or not math.isfinite(distance):
        return math.inf
    return distance / size if size > 0 else distance
