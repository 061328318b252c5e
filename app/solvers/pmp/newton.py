"""Newton's method for shooting, damped by the natural level function.

Steps are shortened until the simplified Newton correction shrinks (Deuflhard, Newton Methods for Nonlinear
Problems, section 3.3): a test that does not change when rows are scaled. Systems that are not square or
singular are solved in the least-squares sense; then redundant conditions do no harm.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse
from scipy.sparse.linalg import SuperLU, splu

from app.solvers.pmp.extremal import Extremal
from app.solvers.pmp.shooting import Shooting, System

Array = NDArray[np.float64]
SMALLEST = 1e-4  # damping factor
DENSE = 2500  # unknowns of the largest least-squares problem
CONVERGED, STUCK, LATE, LONG, LOST = "converged", "stalled", "time_limit", "max_iterations", "invalid_start"


@dataclass
class Budget:
    """Iterations left, and the time when all must end."""

    iterations: int
    deadline: float
    spent: int = 0

    @property
    def late(self) -> bool:
        """Whether time is up."""
        return time.monotonic() >= self.deadline

    @property
    def over(self) -> bool:
        """Whether no iteration is left."""
        return self.spent >= self.iterations


@dataclass(frozen=True)
class Found:
    """Where Newton ended: `status` as in the result of the API, the system there, size of the last step."""

    status: str
    shooting: Shooting
    system: System
    step: float

    @property
    def extremal(self) -> Extremal:
        """The unknowns."""
        return self.system.extremal

    @property
    def converged(self) -> bool:
        """Whether it did."""
        return self.status == CONVERGED


class _Factors:
    """A factorised Jacobian."""

    def __init__(self, matrix: sparse.csc_matrix) -> None:
        self._matrix = matrix
        self._lu: SuperLU | None = None
        if matrix.shape[0] == matrix.shape[1]:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", sparse.linalg.MatrixRankWarning)
                try:
                    self._lu = splu(matrix)
                except RuntimeError:  # exactly singular
                    self._lu = None

    @cached_property
    def _inverse(self) -> Array:
        found: Array = linalg.pinv(self._matrix.toarray(), rtol=1e-13)
        return found

    def solve(self, right: Array) -> Array | None:
        """The solution, or one of least norm; None where neither can be had."""
        if self._lu is not None:
            x: Array = self._lu.solve(right)
            rest = np.max(np.abs(self._matrix @ x - right), initial=0.0)
            if np.all(np.isfinite(x)) and rest <= 1e-6 * np.max(np.abs(right), initial=1e-300):
                return x
        if max(self._matrix.shape) > DENSE:
            return None
        try:
            return self._inverse @ right
        except (linalg.LinAlgError, ValueError):
            return None


def solve(
    shooting: Shooting,
    extremal: Extremal,
    tolerance: float,
    budget: Budget,
    report: Callable[[System, int], None],
    iterations: int = 60,
) -> Found:
    """Newton from an extremal until step and residual (scaled) are within the tolerance."""
    system = shooting.system(extremal)
    if not system.finite:
        return Found(LOST, shooting, system, np.inf)
    unknown = shooting.scales(extremal)
    step = np.inf
    damping = 1.0
    for _ in range(iterations):
        if budget.late or budget.over:
            return Found(LATE if budget.late else LONG, shooting, system, step)
        budget.spent += 1
        report(system, budget.spent)
        factors = _Factors(system.jacobian)
        full = factors.solve(-system.residual)
        if full is None or not np.all(np.isfinite(full)):
            return Found(STUCK, shooting, system, step)
        step = float(np.max(np.abs(full)))
        tried, damping = _advanced(shooting, system, factors, full * unknown, full, damping)
        if tried is None:
            # A residual of rounding size with no better step: two junctions coincide. It is a solution.
            accurate = np.max(np.abs(system.residual)) <= (
                tolerance if step <= tolerance else 1e-3 * tolerance
            )
            return Found(CONVERGED if accurate else STUCK, shooting, system, step)
        system = tried
        if step * damping <= tolerance and np.max(np.abs(system.residual)) <= tolerance:
            return Found(CONVERGED, shooting, system, step)
    return Found(STUCK, shooting, system, step)


def _advanced(
    shooting: Shooting, system: System, factors: _Factors, move: Array, full: Array, damping: float
) -> tuple[System | None, float]:
    """The system after a step that makes progress, and how much of the full step that was."""
    e = system.extremal
    flat, times = e.flat(), np.diff(e.times)
    change = np.diff(e.moved(flat + move).times) - times
    total, total_change = float(np.sum(times)), float(np.sum(change))
    alpha = min(1.0, 4.0 * damping)
    if total_change * np.sign(total) < 0:
        alpha = min(alpha, 0.5 * abs(total) / abs(total_change))
    size = float(np.linalg.norm(full))
    rounding = 1e-13 * np.sqrt(len(full))
    while alpha >= SMALLEST:
        new = shooting.system(e.moved(flat + alpha * move))
        if new.finite:
            simplified = factors.solve(-new.residual)
            if simplified is not None:
                after = float(np.linalg.norm(simplified))
                if after <= (1.0 - 0.5 * alpha) * size + rounding or size <= rounding:
                    guess = np.asarray(new.shots.controls)
                    return replace(new, extremal=replace(new.extremal, guess=guess)), alpha
        alpha *= 0.5
    return None, alpha
