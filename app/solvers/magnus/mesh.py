"""Where the steps lie: many in places where the generator turns fast, few where it rests.

The local error of a Magnus step depends on `A(t)` only, not on the state, so it can be estimated everywhere
at once and the steps be laid before the first is taken: no step is ever rejected, and all of them can be
taken in parallel.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import jax
import numpy as np
from jax import Array

from app.solvers.magnus.expansion import NODES, indicator
from app.solvers.magnus.system import LinearSystem, finite

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
    difference, norm = (np.asarray(a) for a in _indicator(values, h, system.basis, skew=system.skew))
    size = np.sqrt(np.sum(np.abs(system.basis) ** 2, axis=(1, 2)))
    rule = np.concatenate([_TWO_WEIGHTS, -_FIVE_WEIGHTS]) / 2
    quadrature = np.abs(np.einsum("n,inm->im", rule, sampled[:, 3:])) * h[:, None]
    error = difference + quadrature @ size
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


@partial(jax.jit, static_argnames="skew")
def _indicator(values: Array, h: Array, basis: Array, *, skew: bool) -> tuple[Array, Array]:
    return indicator(values, h, basis, skew)
