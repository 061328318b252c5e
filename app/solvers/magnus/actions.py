"""Propagation of a state by exponentials that act on it: no propagator is ever formed.

Commutator-free steps, one after the other; each exponential is a Taylor polynomial of its action, as in
Al-Mohy and Higham, SIAM Journal on Scientific Computing 33 (2011) 488. Suits large states.
"""

from __future__ import annotations

import math
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from app.solvers.magnus.commutator_free import exponents
from app.solvers.magnus.mesh import Density, nodal_values, partial_values
from app.solvers.magnus.system import LinearSystem

DEGREES = ((0.2, 10), (0.75, 16), (2.0, 24))
"""1-norm of the exponent -> degree of the polynomial exact to rounding (`norm^(n+1) / (n+1)! < 2^-53`)."""


def propagate(
    system: LinearSystem, initial: np.ndarray, times: np.ndarray, density: Density, steps: int, order: int
) -> np.ndarray:
    """The state at `times` `(n,)`, from `initial` `(d, k)` at the start of `density`: result `(n, d, k)`."""
    mesh = density.mesh(steps)
    room = 1 << (steps - 1).bit_length()
    values = np.moveaxis(nodal_values(system, mesh, order), -1, 0)
    values = np.concatenate([values, np.zeros((room - steps, *values.shape[1:]))])
    h = np.concatenate([np.diff(mesh), np.zeros(room - steps)])
    last = np.clip(np.searchsorted(mesh, times, side="right") - 1, 0, steps - 1)
    rest = times - mesh[last]
    final = np.moveaxis(partial_values(system, mesh[last], rest, order), -1, 0)
    norm = density.largest_norm(mesh)
    radius, degree = next((pair for pair in DEGREES if norm <= pair[0]), DEGREES[-1])
    parts = max(1, math.ceil(norm / radius))
    return np.asarray(
        _propagate(system.basis, values, h, steps, parts, initial, last, final, rest, degree=degree)
    )


@partial(jax.jit, static_argnames="degree")
def _propagate(
    basis: Array,
    values: Array,
    h: Array,
    count: Array,
    parts: Array,
    initial: Array,
    last: Array,
    final: Array,
    rest: Array,
    *,
    degree: int,
) -> Array:
    """`values` `(room, nodes, m)`, `h` `(room,)`, of which `count` steps are taken; `final`, `rest`: the
    partial steps."""

    def advance(state: Array, nodes: Array, step: Array) -> Array:
        weights = exponents(nodes[..., None], step[None])[..., 0]
        for exponent in weights:
            matrix = jnp.tensordot(exponent.astype(basis.dtype), basis, axes=1) / parts
            state = jax.lax.fori_loop(0, parts, lambda _, x, a=matrix: _act(a, x, degree), state)
        return state

    def step(i: Array, carried: tuple[Array, Array]) -> tuple[Array, Array]:
        state, before = carried
        return advance(state, values[i], h[i]), before.at[i].set(state)

    start = initial.astype(basis.dtype)
    before = jnp.zeros((h.shape[0], *start.shape), basis.dtype)
    _, before = jax.lax.fori_loop(0, count, step, (start, before))
    ends: Array = jax.lax.map(lambda args: advance(before[args[0]], args[1], args[2]), (last, final, rest))
    return ends


def _act(matrix: Array, state: Array, degree: int) -> Array:
    """`exp(matrix) @ state` by the Taylor polynomial of its action."""

    def term(k: Array, carried: tuple[Array, Array]) -> tuple[Array, Array]:
        power, total = carried
        power = matrix @ power / k
        return power, total + power

    total: Array = jax.lax.fori_loop(1, degree + 1, term, (state, state))[1]
    return total
