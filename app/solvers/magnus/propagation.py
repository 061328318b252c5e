"""Propagation to a requested accuracy: meshes ever finer, extrapolated, until two extrapolations agree."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from app.solvers.magnus import actions, products
from app.solvers.magnus.mesh import Density, density
from app.solvers.magnus.system import LinearSystem

PRODUCT_DIMENSION = 12
"""Up to this length of the state whole propagators are multiplied; beyond, exponentials act on it
(measured)."""

MAX_BYTES = 1 << 29
"""Memory that one propagation may take; it bounds the number of steps."""

_FIRST_STEPS = 1.4
"""First number of steps, as part of what the indicator of the mesh says (measured)."""


@dataclass(frozen=True)
class Trajectory:
    """`states` `(n, d, k)` at the times asked for; `error` estimated over all, relative to the largest state.

    `steps` are those of the finest mesh, `passes` the number of meshes. `outcome` is `converged`,
    `max_iterations` (as many steps as memory allows), `time_limit`, or `diverged` when the state overflows.
    """

    states: np.ndarray
    error: float
    steps: int
    passes: int
    outcome: str

    @property
    def converged(self) -> bool:
        """Whether the error asked for was reached."""
        return self.outcome == "converged"


def propagate(
    system: LinearSystem,
    initial: np.ndarray,
    times: np.ndarray,
    *,
    order: int = 6,
    tolerance: float = 1e-8,
    method: str = "auto",
    seconds: float = math.inf,
) -> Trajectory:
    """Solve `x' = A(t) x` from `initial` `(d, k)` at `times[0]`; `times` rise.

    UndefinedError names the time where the coefficients are not finite. No mesh is begun after `seconds`.

    `method`: `magnus` multiplies propagators, `commutator_free` lets exponentials act on the state, `auto`
    chooses by the length of the state.

    Magnus methods of even order are symmetric in time, so that their error is a series in even powers of the
    step: answers on three meshes are extrapolated (Hairer, Lubich and Wanner, Geometric Numerical
    Integration, II.4 and Hairer, Norsett and Wanner, Solving Ordinary Differential Equations I, II.9), and
    the error is the distance of the extrapolations of three and of two. It holds for the whole path, not
    step by step. The unitarity that extrapolation spoils, by less than that error, is restored.
    """
    deadline = time.monotonic() + seconds
    span = density(system, float(times[0]), float(times[-1]))
    by_products = method == "magnus" or (
        method == "auto" and (system.dimension <= PRODUCT_DIMENSION or initial.shape[1] == system.dimension)
    )
    unit = products.finest_lanes(system.dimension) if by_products else 4
    most = _most_steps(system, initial, order, by_products, unit)

    def solve(counts: list[int]) -> list[np.ndarray]:
        """The answers on meshes of so many steps, the last the finest."""
        if not by_products:
            return [actions.propagate(system, initial, times, span, count, order) for count in counts]
        chunk_steps = counts[-1] // unit
        lanes = tuple(count // chunk_steps for count in counts)
        return list(products.propagate(system, initial, times, span, chunk_steps, order, lanes))

    steps = min(_round(_predicted(span, order, tolerance), unit), most)
    counts = [steps // 4, steps // 2, steps]
    answers = solve(counts)
    while True:
        with np.errstate(invalid="ignore", over="ignore"):  # where the state overflows
            finer = _extrapolated(counts[-3:], answers[-3:], order)
            error = _difference(finer, _extrapolated(counts[-2:], answers[-2:], order))
        outcome = _outcome(error, tolerance, overflowed=not np.all(np.isfinite(answers[-1])))
        if outcome is None and counts[-1] >= most:
            outcome = "max_iterations"
        if outcome is None and time.monotonic() > deadline:
            outcome = "time_limit"
        if outcome is not None:
            states = answers[-1] if outcome == "diverged" else finer
            states = _unitary(states, initial) if system.skew else states
            return Trajectory(states, error, counts[-1], len(counts), outcome)
        counts.append(min(_next(counts[-1], error, tolerance, order, unit), most))
        answers = [*answers[-2:], *solve(counts[-1:])]


def _outcome(error: float, tolerance: float, *, overflowed: bool) -> str | None:
    if overflowed:
        return "diverged"
    return "converged" if error <= tolerance else None


def _predicted(span: Density, order: int, tolerance: float) -> float:
    """Steps that may be needed: `work` is where the fourth order has unit error."""
    return float(_FIRST_STEPS * span.work * (span.work / tolerance) ** (1 / (order + 2)))


def _next(steps: int, error: float, tolerance: float, order: int, unit: int) -> int:
    """The next number of steps: by the order where the error falls by it, at least half as many again."""
    growth = 1.1 * (error / tolerance) ** (1 / (order + 2)) if math.isfinite(error) else 2.0
    return _round(steps * min(max(growth, 1.5), 8.0), unit)


def _round(steps: float, unit: int) -> int:
    return unit * max(1, math.ceil(steps / unit))


def _most_steps(system: LinearSystem, initial: np.ndarray, order: int, by_products: bool, unit: int) -> int:
    kept = 2 * system.dimension**2 if by_products else initial.size  # exponents and products
    per_step = kept * system.basis.itemsize + 8 * system.basis.shape[0] * order
    per_step *= 2  # coarser meshes are held at the same time
    return max(4 * unit, int(MAX_BYTES / (2 * per_step)) // (4 * unit) * 4 * unit)


def _extrapolated(counts: list[int], answers: list[np.ndarray], order: int) -> np.ndarray:
    """The limit of answers whose error is a series in `N^-order, N^-(order + 2), ...`."""
    weights = _weights(tuple(counts), order)
    total = weights[0] * answers[0]
    for weight, answer in zip(weights[1:], answers[1:], strict=True):
        total = total + weight * answer
    return total


@lru_cache(maxsize=1024)
def _weights(counts: tuple[int, ...], order: int) -> list[float]:
    """Weights of the answers that cancel the first terms of the series."""
    relative = counts[-1] / np.array(counts, float)
    powers = np.array([0, *(order + 2 * k for k in range(len(counts) - 1))])
    return list(map(float, np.linalg.solve(relative[None, :] ** powers[:, None], np.eye(len(counts))[0])))


def _unitary(states: np.ndarray, initial: np.ndarray) -> np.ndarray:
    """States `(n, d, k)` nearby whose inner products are those of `initial` again (Newton and Schulz)."""
    wanted = initial.conj().T @ initial
    unit = np.eye(initial.shape[1])
    orthonormal = np.array_equal(wanted, unit)
    inverse = unit if orthonormal else np.linalg.pinv(wanted)
    for _ in range(2):
        defect = inverse @ (np.swapaxes(states.conj(), 1, 2) @ states) - inverse @ wanted
        states = np.asarray(states @ (unit - defect / 2))
    return states


def _difference(fine: np.ndarray, coarse: np.ndarray) -> float:
    """The largest distance of the two over time, relative to the largest state."""
    if not (np.all(np.isfinite(fine)) and np.all(np.isfinite(coarse))):
        return math.inf
    size = float(np.max(np.linalg.norm(fine, axis=1)))
    distance = float(np.max(np.linalg.norm(fine - coarse, axis=1)))
    return distance / size if size > 0 else distance
