"""The cost of piecewise-constant controls and its exact gradient (GRAPE).

Khaneja, Reiss, Kehlet, Schulte-Herbrueggen and Glaser, Journal of Magnetic Resonance 172 (2005) 296, with
the exact derivative of the exponential (de Fouquieres, Schirmer, Glaser and Kuprov, JMR 212 (2011) 412) by
automatic differentiation. Every slice of every member of the ensemble is a lane.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from app.solvers.magnus.algebra import exponential, matmul, squarings_for
from app.solvers.magnus.control import ControlProblem
from app.solvers.magnus.expansion import NODES, generator
from app.solvers.magnus.system import finite


@dataclass(frozen=True)
class Evaluation:
    """`cost` with penalties, its gradient `(slices, controls)`, and the infidelity of every member
    `(members,)`."""

    cost: float
    gradient: np.ndarray
    infidelities: np.ndarray


class Objective:
    """Evaluates a `ControlProblem`; `substeps` Magnus steps of `order` in every slice."""

    def __init__(self, problem: ControlProblem, substeps: int, order: int) -> None:
        self._problem = problem
        steps = problem.slices * substeps
        mesh = np.interp(np.arange(steps + 1) / substeps, np.arange(problem.slices + 1), problem.edges)
        h = np.diff(mesh)
        places = (mesh[:-1, None] + h[:, None] * NODES[order]).ravel()
        values = [finite(member.coefficients(places), places) for member in problem.ensemble.members]
        # (members, steps, nodes, m) -> (nodes, m, steps, members)
        self._values = (
            np.stack(values).reshape(len(values), steps, NODES[order].size, -1).transpose(2, 3, 1, 0).copy()
        )
        self._h = np.broadcast_to(h[:, None], (steps, len(values)))
        self._basis = problem.nominal.basis
        self._norms = np.abs(self._basis).sum(axis=1).max(axis=1)
        self._largest = np.max(np.abs(self._values) * self._h, axis=(0, 3))  # (m, steps)
        self._substeps = substeps

    def states(self, controls: np.ndarray) -> np.ndarray:
        """The state at every edge for the first member, `(slices + 1, d, k)`."""
        found = _states(
            controls,
            self._basis,
            self._values[..., :1],
            self._h[:, :1],
            self._squarings(controls),
            self._problem.initial,
            drifts=self._problem.drifts,
            skew=self._problem.nominal.skew,
        )
        return np.concatenate(
            [
                self._problem.initial[None].astype(self._basis.dtype),
                np.asarray(found)[self._substeps - 1 :: self._substeps],
            ]
        )

    def _squarings(self, controls: np.ndarray) -> int:
        drifts = self._problem.drifts
        size = np.repeat(np.abs(controls), self._substeps, axis=0).T
        norm = self._norms[:drifts] @ self._largest[:drifts]
        norm = norm + self._norms[drifts:] @ (self._largest[drifts:] * size)
        # Higher orders add commutators to the sum that the norm bounds.
        most = float(norm.max()) * (1.0 if self._values.shape[0] == 1 else 1.5)
        return squarings_for(most)

    def __call__(self, controls: np.ndarray) -> Evaluation:
        """Evaluate at `controls` `(slices, controls)`."""
        problem = self._problem
        (cost, infidelities), gradient = _value_and_gradient(
            controls,
            self._basis,
            self._values,
            self._h,
            self._squarings(controls),
            problem.initial,
            problem.target,
            problem.ensemble.weights,
            np.array([problem.smoothness, problem.energy]),
            np.diff(problem.edges),
            drifts=problem.drifts,
            measure=problem.measure,
            skew=problem.nominal.skew,
        )
        return Evaluation(float(cost), np.asarray(gradient), np.asarray(infidelities))


@partial(jax.jit, static_argnames=("drifts", "measure", "skew"))
@partial(jax.value_and_grad, has_aux=True)
def _value_and_gradient(
    controls: Array,
    basis: Array,
    values: Array,
    h: Array,
    squarings: Array,
    initial: Array,
    target: Array,
    weights: Array,
    penalties: Array,
    dt: Array,
    *,
    drifts: int,
    measure: str,
    skew: bool,
) -> tuple[Array, Array]:
    """`values` `(nodes, m, steps, members)`, `h` `(steps, members)`; returns the cost and the members'
    infidelities."""
    d, (steps, members) = basis.shape[-1], h.shape
    propagators = _propagators(controls, basis, values, h, squarings, drifts, skew)
    whole = _ordered_product(propagators.reshape(d, d, steps, members))
    start = jnp.broadcast_to(initial.astype(basis.dtype)[:, :, None], (*initial.shape, members))
    infidelities = _infidelity(matmul(whole, start), target.astype(basis.dtype), measure)
    smoothness = jnp.sum(jnp.diff(controls, axis=0) ** 2 / ((dt[1:] + dt[:-1]) / 2)[:, None])
    energy = jnp.sum(controls**2 * dt[:, None])
    return weights @ infidelities + penalties @ jnp.stack([smoothness, energy]), infidelities


@partial(jax.jit, static_argnames=("drifts", "skew"))
def _states(
    controls: Array,
    basis: Array,
    values: Array,
    h: Array,
    squarings: Array,
    initial: Array,
    *,
    drifts: int,
    skew: bool,
) -> Array:
    """The state after every step, `(steps, d, k)`, of one member."""
    propagators = jnp.moveaxis(_propagators(controls, basis, values, h, squarings, drifts, skew), -1, 0)

    def step(state: Array, propagator: Array) -> tuple[Array, Array]:
        state = propagator @ state
        return state, state

    return jax.lax.scan(step, initial.astype(basis.dtype), propagators)[1]


def _propagators(
    controls: Array, basis: Array, values: Array, h: Array, squarings: Array, drifts: int, skew: bool
) -> Array:
    """The propagator of every step of every member, `(d, d, steps * members)`."""
    nodes, m, steps, members = values.shape
    factors = jnp.repeat(controls, steps // controls.shape[0], axis=0).T[None, :, :, None]
    driven = jnp.concatenate([values[:, :drifts], values[:, drifts:] * factors], axis=1)
    lanes = driven.reshape(nodes, m, steps * members)
    return exponential(generator(lanes, h.reshape(-1), basis, skew), squarings, skew)


def _ordered_product(factors: Array) -> Array:
    """The product over time, later factors to the left, as a tree: `(d, d, steps, members)` to `(d, d,
    members)`."""
    while factors.shape[2] > 1:
        d, _, steps, members = factors.shape
        half = steps // 2
        early = factors[:, :, 0 : 2 * half : 2].reshape(d, d, half * members)
        late = factors[:, :, 1 : 2 * half : 2].reshape(d, d, half * members)
        joined = matmul(late, early).reshape(d, d, half, members)
        factors = joined if steps % 2 == 0 else jnp.concatenate([joined, factors[:, :, -1:]], axis=2)
    return factors[:, :, 0]


def _infidelity(final: Array, target: Array, measure: str) -> Array:
    """How far each member's `final` `(d, k, members)` is from `target` `(d, k)`."""
    if measure == "distance":
        return jnp.sum(jnp.abs(final - target[:, :, None]) ** 2, axis=(0, 1)) / 2
    overlap = jnp.sum(jnp.conj(target)[:, :, None] * final, axis=(0, 1)) / target.shape[1]
    if measure == "overlap":
        return 1 - overlap.real
    return 1 - (overlap.real**2 + overlap.imag**2)
