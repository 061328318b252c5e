"""Propagators by products of exponentials: time is cut into chunks that are multiplied side by side.

Every lane walks through its own chunk of consecutive steps; the few chunk propagators are then joined by a
parallel prefix product. Suits small states, where whole propagators cost little more than one state.
"""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from app.solvers.magnus.algebra import exponential, identity, matmul, squarings_for
from app.solvers.magnus.expansion import generator
from app.solvers.magnus.mesh import Density, nodal_values, partial_values
from app.solvers.magnus.system import LinearSystem

LANES = 32
"""Chunks of time that are multiplied side by side."""


def propagate(
    system: LinearSystem,
    initial: np.ndarray,
    times: np.ndarray,
    density: Density,
    chunk_steps: int,
    order: int,
) -> np.ndarray:
    """The state at `times` `(n,)`, from `initial` `(d, k)` at the start of `density`: result `(n, d, k)`.

    Takes `LANES * chunk_steps` steps of the given order; states between two steps come from one partial step.
    """
    steps = LANES * chunk_steps
    mesh = density.mesh(steps)
    room = 1 << (chunk_steps - 1).bit_length()  # trip counts vary, shapes only by powers of two
    values = nodal_values(system, mesh, order)
    values = _by_chunk(values, chunk_steps, room)
    h = _by_chunk(np.diff(mesh), chunk_steps, room)
    last = np.clip(np.searchsorted(mesh, times, side="right") - 1, 0, steps - 1)
    # A partial step from mesh[last] to each time asked for.
    rest = times - mesh[last]
    final = partial_values(system, mesh[last], rest, order)
    squarings = squarings_for(density.largest_norm(mesh))
    return np.asarray(
        _propagate(
            system.basis,
            values,
            h,
            chunk_steps,
            squarings,
            initial,
            last // chunk_steps,
            last % chunk_steps,
            final,
            rest,
            skew=system.skew,
        )
    )


def _by_chunk(values: np.ndarray, chunk_steps: int, room: int) -> np.ndarray:
    """`(..., LANES * chunk_steps)` to `(room, ..., LANES)`, padded with zeros."""
    split = values.reshape(*values.shape[:-1], LANES, chunk_steps)
    split = np.moveaxis(split, -1, 0)
    padded = np.zeros((room, *split.shape[1:]))
    padded[:chunk_steps] = split
    return padded


@partial(jax.jit, static_argnames="skew")
def _propagate(
    basis: Array,
    values: Array,
    h: Array,
    count: Array,
    squarings: Array,
    initial: Array,
    chunk: Array,
    inner: Array,
    final: Array,
    rest: Array,
    *,
    skew: bool,
) -> Array:
    """`values` `(room, nodes, m, LANES)`, `h` `(room, LANES)`, of which the first `count` steps are taken."""
    d = basis.shape[-1]
    unit = identity(d, h.shape[-1], basis.dtype)

    def step(i: Array, carried: tuple[Array, Array]) -> tuple[Array, Array]:
        product, before = carried
        before = before.at[i].set(product)
        omega = generator(values[i], h[i], basis, skew)
        return matmul(exponential(omega, squarings, skew), product), before

    start = (unit, jnp.zeros((h.shape[0], *unit.shape), basis.dtype))
    product, before = jax.lax.fori_loop(0, count, step, start)
    prefix = jax.lax.associative_scan(lambda a, b: matmul(b, a), product, axis=-1)
    prefix = jnp.concatenate([unit[..., :1], prefix[..., :-1]], axis=-1)
    first = jnp.moveaxis(before[inner, :, :, chunk], 0, -1)
    end = exponential(generator(final, rest, basis, skew), squarings, skew)
    state = matmul(
        prefix[..., chunk], jnp.broadcast_to(initial[:, :, None], (*initial.shape, chunk.shape[0]))
    )
    return jnp.moveaxis(matmul(end, matmul(first, state)), -1, 0)
