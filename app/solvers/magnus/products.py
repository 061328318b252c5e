"""Propagators by products of exponentials: time is cut into chunks that are multiplied side by side.

Every lane walks through its own chunk of consecutive steps; the few chunk propagators are then joined by a
parallel prefix product. Suits small states, where whole propagators cost little more than one state. Several
meshes are walked at once, as many lanes each as keeps the number of steps in a chunk the same.
"""

from __future__ import annotations

from functools import partial
from itertools import accumulate

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from app.solvers.magnus.algebra import exponential, identity, materialise, matmul, squarings_for
from app.solvers.magnus.expansion import generator
from app.solvers.magnus.mesh import Density, partial_values
from app.solvers.magnus.system import LinearSystem
from app.solvers.magnus.words import generator as word_generator

VECTOR_WIDTH = 512
"""Bits that the compiler fills where the processor has them; it takes half by itself (measured: a third faster)."""


def finest_lanes(dimension: int) -> int:
    """Chunks of time of the finest mesh that are multiplied side by side: fewer of larger matrices, so that
    those at hand stay in the cache next to the processor (measured)."""
    return 64 if dimension <= 5 else 32


def propagate(
    system: LinearSystem,
    initial: np.ndarray,
    times: np.ndarray,
    density: Density,
    chunk_steps: int,
    order: int,
    lanes: tuple[int, ...],
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
    values = partial_values(system, np.concatenate([starts, starts[last]]), np.concatenate([h, rest]), order)
    squarings = squarings_for(density.largest_norm(meshes[0]))
    found = _propagate(
        system.basis if system.words is None else system.words,
        _by_chunk(values[..., : h.size], chunk_steps, room),
        _by_chunk(h, chunk_steps, room),
        chunk_steps,
        squarings,
        initial,
        last // chunk_steps,
        last % chunk_steps,
        values[..., h.size :],
        rest,
        lanes=lanes,
        words=system.words is not None,
        skew=system.skew,
    )
    return np.asarray(found).reshape(len(lanes), times.size, *initial.shape)


def _by_chunk(values: np.ndarray, chunk_steps: int, room: int) -> np.ndarray:
    """`(..., chunks * chunk_steps)` to `(..., room, chunks)`, padded with zeros."""
    split = values.reshape(*values.shape[:-1], -1, chunk_steps)
    padded = np.zeros((*values.shape[:-1], room, split.shape[-2]))
    padded[..., :chunk_steps, :] = split.swapaxes(-1, -2)
    return padded


@partial(
    jax.jit,
    static_argnames=("lanes", "words", "skew"),
    compiler_options={"xla_cpu_prefer_vector_width": VECTOR_WIDTH},
)
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
    words: bool,
    skew: bool,
) -> Array:
    """`values` `(nodes, m, room, chunks)`, `h` `(room, chunks)`: the first `count` steps are taken. `basis`
    holds the words of two generators when `words`."""
    d, (room, chunks) = basis.shape[-1], h.shape
    unit = identity(d, chunks, basis.dtype)
    if words:
        flat = values.reshape(*values.shape[:2], room * chunks)
        omegas = word_generator(flat, h.ravel(), basis).reshape(d, d, room, chunks)

    def step(i: Array, carried: tuple[Array, Array]) -> tuple[Array, Array]:
        product, before = carried
        before = before.at[i].set(product)
        omega = omegas[:, :, i] if words else generator(values[:, :, i], h[i], basis, skew)
        return matmul(exponential(omega, squarings, skew), product), before

    start = (unit, jnp.zeros((room, *unit.shape), basis.dtype))
    product, before = jax.lax.fori_loop(0, count, step, start)
    first = jnp.moveaxis(before[inner, :, :, chunk], 0, -1)
    ends = word_generator(final, rest, basis) if words else generator(final, rest, basis, skew)
    end = exponential(ends, squarings, skew)
    state = jnp.broadcast_to(initial[:, :, None], (*initial.shape, chunk.shape[0])).astype(basis.dtype)
    path = matmul(end, matmul(first, matmul(_before(product, lanes)[..., chunk], state)))
    return jnp.moveaxis(path, -1, 0)


def _before(product: Array, lanes: tuple[int, ...]) -> Array:
    """The propagator from the start of its mesh to the start of every chunk, later factors to the left.

    Every pass doubles the number of chunks that each product spans (Hillis and Steele, Communications of the
    ACM 29 (1986) 1170).
    """
    place = np.concatenate([np.arange(count) for count in lanes])
    unit = identity(product.shape[0], place.size, product.dtype)

    def earlier(factors: Array, by: int) -> Array:
        moved = jnp.concatenate([unit[..., :by], factors[..., :-by]], axis=-1)
        return materialise(jnp.where(place >= by, moved, unit))[0]

    prefix, by = earlier(product, 1), 1
    while by < max(lanes):
        (prefix,) = materialise(matmul(prefix, earlier(prefix, by)))
        by *= 2
    return prefix
