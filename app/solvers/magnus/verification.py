"""The independent check of an answer: another method (explicit Runge-Kutta, scipy), another mesh, no shared
code.

A linear system may be integrated piece by piece from the identity, all pieces at once; their product is the
whole.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.integrate import DOP853

from app.solvers.magnus.control import ControlProblem
from app.solvers.magnus.system import LinearSystem

TOGETHER_DIMENSION = 16
"""Up to here pieces of time are integrated side by side; beyond, the state itself, one piece after the
other."""

PIECES = 256
"""Pieces side by side, fewer for larger matrices: arithmetic of numpy on that many costs little more than on
one."""

_SMALLEST_TOLERANCE = 3e-14


class OutOfTime(Exception):  # noqa: N818 - said as it is
    """The check could not be finished in the time it was given."""


@dataclass(frozen=True)
class Check:
    """`error` of the state against the independent integration, and whether it is within `allowed`."""

    error: float
    allowed: float
    message: str | None = None

    @property
    def passed(self) -> bool:
        """Whether the answer stands."""
        return self.error <= self.allowed

    @classmethod
    def without(cls, message: str) -> Check:
        """The check of an answer that has nothing to be compared with."""
        return cls(np.inf, 0.0, message)

    def to_json(self) -> dict[str, object]:
        """Plain data for the result."""
        plain: dict[str, object] = {
            "method": "Dormand-Prince 8(5,3), piecewise",
            "state_error": None if not np.isfinite(self.error) else self.error,
            "allowed": self.allowed,
            "passed": self.passed,
        }
        return plain if self.message is None else {**plain, "message": self.message}


def check_trajectory(
    system: LinearSystem,
    initial: np.ndarray,
    times: np.ndarray,
    states: np.ndarray,
    tolerance: float,
    seconds: float,
) -> Check:
    """Compare `states` `(n, d, k)` at `times` `(n,)` with an integration of `system` from `initial` `(d,
    k)`."""
    pieces = max(16, min(PIECES, 4096 // system.dimension**2))
    picked = np.unique(np.linspace(0, times.size - 1, min(times.size, pieces + 1)).round().astype(int))
    between = [
        np.linspace(a, b, _cuts(pieces, times[-1] - times[0], b - a) + 1)[:-1]
        for a, b in zip(times[picked[:-1]], times[picked[1:]], strict=True)
    ]
    edges = np.concatenate([*between, times[-1:]])
    at = np.searchsorted(edges, times[picked])

    def coefficients(t: np.ndarray, _: slice) -> np.ndarray:
        return system.coefficients(t)

    there = states[picked]
    return _checked(system.basis, coefficients, edges, initial, at, there, tolerance, seconds)[0]


def check_control(
    problem: ControlProblem,
    system: LinearSystem,
    controls: np.ndarray,
    states: np.ndarray,
    tolerance: float,
    seconds: float,
) -> tuple[Check, np.ndarray]:
    """Compare `states` `(slices + 1, d, k)` at the edges under `controls`; also returns the independent
    final state."""

    def coefficients(t: np.ndarray, piece: slice) -> np.ndarray:
        values = system.coefficients(t).copy()
        values[:, problem.drifts :] *= controls[piece]
        return values

    at = np.arange(problem.slices + 1)
    return _checked(
        system.basis, coefficients, problem.edges, problem.initial, at, states, tolerance, seconds
    )


def _checked(
    basis: np.ndarray,
    coefficients: Callable[[np.ndarray, slice], np.ndarray],
    edges: np.ndarray,
    initial: np.ndarray,
    at: np.ndarray,
    states: np.ndarray,
    tolerance: float,
    seconds: float,
) -> tuple[Check, np.ndarray]:
    """The check of `states` at `edges[at]`, and the final state found.

    Over very many oscillations the errors of the integration itself add up: where the two differ, it is
    repeated at the smallest tolerance before the answer is called wrong.
    """
    check, found = Check(np.inf, _allowed(tolerance)), np.full_like(states, np.nan)
    for rtol in (max(1e-3 * tolerance, _SMALLEST_TOLERANCE), _SMALLEST_TOLERANCE):
        try:
            found = integrate(basis, coefficients, edges, initial, rtol, seconds)[at]
        except OutOfTime:
            return Check(np.inf, _allowed(tolerance), f"not finished within {seconds:g} s"), found[-1]
        check = _compare(found, states, tolerance)
        if check.passed:
            break
    return check, found[-1]


def integrate(
    basis: np.ndarray,
    coefficients: Callable[[np.ndarray, slice], np.ndarray],
    edges: np.ndarray,
    initial: np.ndarray,
    tolerance: float,
    seconds: float,
) -> np.ndarray:
    """The states `(pieces + 1, d, k)` at `edges`; `coefficients(t, pieces)` gives those of each piece at its
    own time."""
    deadline = time.monotonic() + seconds
    d = basis.shape[-1]
    h = np.diff(edges)
    if d > TOGETHER_DIMENSION:
        state = initial.astype(basis.dtype)
        states = [state]
        for piece in range(h.size):
            here = slice(piece, piece + 1)
            state = _integrate(
                basis, coefficients, edges[here], h[here], state[None], here, tolerance, deadline
            )[0]
            states.append(state)
        return np.array(states)
    unit = np.broadcast_to(np.eye(d, dtype=basis.dtype), (h.size, d, d))
    factors = _integrate(basis, coefficients, edges[:-1], h, unit, slice(None), tolerance, deadline)
    states = [initial.astype(basis.dtype)]
    for factor in factors:
        states.append(factor @ states[-1])
    return np.array(states)


def _integrate(
    basis: np.ndarray,
    coefficients: Callable[[np.ndarray, slice], np.ndarray],
    start: np.ndarray,
    h: np.ndarray,
    initial: np.ndarray,
    pieces: slice,
    tolerance: float,
    deadline: float,
) -> np.ndarray:
    """All pieces `start + s h`, `0 <= s <= 1`, side by side from `initial` `(pieces, d, k)`."""
    shape = initial.shape

    def slope(s: float, flat: np.ndarray) -> np.ndarray:
        weights = coefficients(start + s * h, pieces) * h[:, None]
        matrices = np.tensordot(weights, basis, axes=1)
        return np.asarray((matrices @ flat.reshape(shape)).ravel())

    solver = DOP853(slope, 0.0, initial.ravel(), 1.0, rtol=tolerance, atol=tolerance)
    while solver.status == "running":
        if time.monotonic() > deadline:
            raise OutOfTime
        solver.step()
    if solver.status == "failed":
        return np.full(shape, np.nan, basis.dtype)
    return np.asarray(solver.y).reshape(shape)


def _cuts(pieces: int, whole: float, part: float) -> int:
    """Pieces of one interval, so that the whole has about as many as asked for."""
    return max(1, int(np.ceil(pieces * part / whole - 1e-9)))


def _allowed(tolerance: float) -> float:
    """The answer's own error, and that of the integration it is compared with."""
    return 3 * tolerance + 1e3 * max(1e-3 * tolerance, _SMALLEST_TOLERANCE)


def _compare(found: np.ndarray, states: np.ndarray, tolerance: float) -> Check:
    size = float(np.max(np.linalg.norm(found, axis=1)))
    error = float(np.max(np.linalg.norm(found - states, axis=1)))
    relative = error / size if size > 0 else error
    return Check(relative if np.isfinite(relative) else np.inf, _allowed(tolerance))
