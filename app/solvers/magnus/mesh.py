"""Where the steps lie: many in places where the generator turns fast, few where it rests.

The local error of a Magnus step depends on `A(t)` only, not on the state, so it can be estimated everywhere
at once and the steps be laid before the first is taken: no step is ever rejected, and all of them can be
taken in parallel.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from app.solvers.magnus.expansion import NODES, exponent, moments
from app.solvers.magnus.system import LinearSystem, finite
from app.solvers.magnus.words import bracket, lifted

PILOTS = 256
"""Intervals on which the error of a step is estimated before the steps are laid."""

FLOOR = 0.05
"""The least density of steps, as part of the mean: an indicator that vanishes somewhere must not leave a
gap."""

_TWO_POINT, _TWO_WEIGHTS = np.polynomial.legendre.leggauss(2)
_FIVE_POINT, _FIVE_WEIGHTS = np.polynomial.legendre.leggauss(5)


@dataclass(frozen=True)
class Density:
    """The cumulative density of steps over time: `times` `(n + 1,)` and `mass` `(n + 1,)` from 0 to 1.

    `work` is the number of steps over which a fourth-order method has unit error; `norm` `(n,)` bounds the
    1-norm of the generator over each interval.
    """

    times: np.ndarray
    mass: np.ndarray
    work: float
    norm: np.ndarray

    def mesh(self, steps: int) -> np.ndarray:
        """The ends of `steps` steps of equal mass, `(steps + 1,)`."""
        inner = np.interp(np.arange(1, steps) / steps, self.mass, self.times)
        return np.concatenate([self.times[:1], inner, self.times[-1:]])

    def largest_norm(self, mesh: np.ndarray) -> float:
        """A bound on the 1-norm of the generator over any step of `mesh`."""
        rate = self.norm / np.diff(self.times)
        cells = np.clip(np.searchsorted(self.times, mesh, side="right") - 1, 0, rate.size - 1)
        # The rate is sampled; a step may see the larger of its two ends' and a little more between them.
        return float(1.1 * np.max(np.diff(mesh) * np.maximum(rate[cells[:-1]], rate[cells[1:]]), initial=0.0))


def density(system: LinearSystem, t0: float, tf: float, pilots: int = PILOTS) -> Density:
    """Estimate the local error of a step everywhere on `[t0, tf]` and the density of steps that levels it.

    The indicator joins the difference of the orders 4 and 6 with the error of Gauss quadrature; both shrink
    as `h^5`.
    """
    times = np.linspace(t0, tf, pilots + 1)
    h = np.diff(times)
    places = np.concatenate([NODES[6], (_TWO_POINT + 1) / 2, (_FIVE_POINT + 1) / 2])
    sampled_at = (times[:-1, None] + h[:, None] * places).ravel()
    sampled = finite(system.coefficients(sampled_at), sampled_at)
    sampled = sampled.reshape(h.size, places.size, -1)
    values = np.ascontiguousarray(sampled[:, :3].transpose(1, 2, 0))
    difference, norm = _indicator(system, values, h)
    rule = np.concatenate([_TWO_WEIGHTS, -_FIVE_WEIGHTS]) / 2
    quadrature = np.abs(np.einsum("n,inm->im", rule, sampled[:, 3:])) * h[:, None]
    error = difference + quadrature @ _stretch(system.basis)
    # Rounding leaves an indicator of 1e-16 where nothing changes: no reason for a step.
    error = np.where(error > 1e-15 * (1 + norm), error, 0.0)
    weight = error**0.2
    work = float(weight.sum())
    weight = weight + (FLOOR * work / pilots if work > 0 else 1.0)
    mass = np.concatenate([[0.0], np.cumsum(weight)])
    return Density(times, mass / mass[-1], work, norm)


def nodal_values(system: LinearSystem, mesh: np.ndarray, order: int) -> np.ndarray:
    """The coefficients at the Gauss nodes of every step, `(nodes, m, steps)`."""
    return partial_values(system, mesh[:-1], np.diff(mesh), order)


def partial_values(system: LinearSystem, start: np.ndarray, h: np.ndarray, order: int) -> np.ndarray:
    """The coefficients at the Gauss nodes of steps `h` `(n,)` from `start` `(n,)`: `(nodes, m, n)`."""
    places = start[:, None] + h[:, None] * NODES[order]
    values = finite(system.coefficients(places.ravel()), places.ravel())
    return np.ascontiguousarray(values.reshape(h.size, -1, values.shape[-1]).transpose(1, 2, 0))


def _indicator(system: LinearSystem, values: np.ndarray, h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How far orders 4 and 6 differ in every step, of size `h^5`, and a bound on the 1-norm of `Omega`: two
    arrays `(L,)`, from values `(3, m, L)` at the nodes."""
    plain, words = moments(values, h), system.words
    commutator: Callable[[np.ndarray, np.ndarray], np.ndarray]
    if words is None:
        scaled, commutator = [_sum(moment, system.basis) for moment in plain], _commutator
    else:
        scaled, commutator = [lifted(moment) for moment in plain], bracket
    a1, a2, a3 = scaled
    difference = exponent(scaled, commutator) - exponent((a1, a2), commutator) - a3 / 12
    stretch = _stretch(difference if words is None else _sum(difference, words))
    norms = np.abs(system.basis).sum(axis=1).max(axis=1)
    largest = h * (norms @ np.abs(values)).max(axis=0)
    turned = (norms @ np.abs(plain[0])) * (norms @ np.abs(plain[1])) / 6
    return stretch, largest + turned + system.dimension * stretch


def _sum(coefficients: np.ndarray, matrices: np.ndarray) -> np.ndarray:
    """`sum_m c_m A_m`, `(..., d, d)`, of coefficients `(m, ...)`."""
    return np.tensordot(coefficients, matrices, axes=(0, 0))


def _commutator(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.asarray(a @ b - b @ a)


def _stretch(matrices: np.ndarray) -> np.ndarray:
    """The root of the mean square by which matrices `(..., d, d)` stretch a state: Frobenius norm over
    `sqrt d`."""
    *shape, d, _ = matrices.shape
    numbers = np.ascontiguousarray(matrices).reshape(*shape, d * d).view(float)
    return np.sqrt(np.einsum("...i,...i->...", numbers, numbers) / d)
