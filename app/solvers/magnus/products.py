"""Propagators by products of exponentials: time is cut into chunks that are multiplied side by side.

Every lane walks through its own chunk of consecutive steps; the few chunk propagators are then joined by a
parallel prefix product. Suits small states, where whole propagators cost little more than one state. Several
meshes are walked at once, as many lanes each as keeps the number of steps in a chunk the same.
"""

from __future__ import annotations

from functools import partial
from itertools import accumulate, pairwise

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from app.solvers.magnus.algebra import exponential, identity, matmul, squarings_for
from app.solvers.magnus.expansion import generator
from app.solvers.magnus.mesh import Density, partial_values
from app.solvers.magnus.system import LinearSystem

LANES = 64
"""Chunks of time of the finest mesh that are multiplied side by side."""


def propagate(
    system: LinearSystem,
    initial: np.ndarray,
    times: np.ndarray,
    density: Density,
    chunk_steps: int,
    order: int,
    lanes: tuple[int, ...] = (LANES,),
) -> np.ndarray:
    """The state at `times` `(n,)`, from `initial` `(d, k)` at the start of `density`, on several meshes.

    One mesh for each entry of `lanes`, coarsest first, of `lanes * chunk_steps` steps; states between two
    steps come from one partial step. Result `(meshes, n, d, k)`.
    """
    meshes = [density.mesh(count * chunk_steps) for count in lanes]
    starts = np.concatenate([mesh[:-1] for mesh in meshes])
    h = np.concatenate([np.diff(mesh) for mesh in meshes])
    room = 1 << (chunk_steps - 1).bit_length()  # trip counts vary, shapes only by powers of two
    # The last step before each time asked for, counted over all meshes, and what is left of it.
    offsets = [chunk_steps * count for count in accumulate((0, *lanes[:-1]))]
    last = np.concatenate(
        [
            offset + np.clip(np.searchsorted(mesh, times, side="right") - 1, 0, mesh.size - 2)
            for offset, mesh in zip(offsets, meshes, strict=True)
        ]
    )
    rest = np.tile(times, len(lanes)) - starts[last]
    squarings = squarings_for(density.largest_norm(meshes[0]), system.dimension)
    found = _propagate(
        system.basis,
        _by_chunk(partial_values(system, starts, h, order), chunk_steps, room),
        _by_chunk(h, chunk_steps, room),
        chunk_steps,
        squarings,
        initial,
        last // chunk_steps,
        last % chunk_steps,
        partial_values(system, starts[last], rest, order),
        rest,
        lanes=lanes,
        skew=system.skew,
    )
    return np.asarray(found).reshape(len(lanes), times.size, *initial.shape)


def _by_chunk(values: np.ndarray, chunk_steps: int, room: int) -> np.ndarray:
    """`(..., chunks * chunk_steps)` to `(room, ..., chunks)`, padded with zeros."""
    split = values.reshape(*values.shape[:-1], -1, chunk_steps)
    split = np.moveaxis(split, -1, 0)
    padded = np.zeros((room, *split.shape[1:]))
    padded[:chunk_steps] = split
    return padded


@partial(jax.jit, static_argnames=("lanes", "skew"))
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
    lanes: tuple[int, ...],
    skew: bool,
) -> Array:
    """`values` `(room, nodes, m, chunks)`, `h` `(room, chunks)`: the first `count` steps are taken."""
    d = basis.shape[-1]
    unit = identity(d, h.shape[-1], basis.dtype)

    def step(i: Array, carried: tuple[Array, Array]) -> tuple[Array, Array]:
        product, before = carried
        before = before.at[i].set(product)
        omega = generator(values[i], h[i], basis, skew)
        return matmul(exponential(omega, squarings, skew), product), before

    start = (unit, jnp.zeros((h.shape[0], *unit.shape), basis.dtype))
    product, before = jax.lax.fori_loop(0, count, step, start)
    bounds = pairwise((0, *accumulate(lanes)))
    prefix = jnp.concatenate([_before(product[..., a:b], unit[..., :1]) for a, b in bounds], axis=-1)
    first = jnp.moveaxis(before[inner, :, :, chunk], 0, -1)
    end = exponential(generator(final, rest, basis, skew), squarings, skew)
    state = jnp.broadcast_to(initial[:, :, None], (*initial.shape, chunk.shape[0])).astype(basis.dtype)
    return jnp.moveaxis(matmul(end, matmul(first, matmul(prefix[..., chunk], state))), -1, 0)


def _before(product: Array, unit: Array) -> Array:
    """The propagator from the start to the start of every chunk, later factors to the left."""
    prefix = jax.lax.associative_scan(lambda a, b: matmul(b, a), product, axis=-1)
    return jnp.concatenate([unit, prefix[..., :-1]], axis=-1)
