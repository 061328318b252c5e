"""Compiled programs: one set for each structure and mesh size, kept while the process lives.

What is compiled once is also found again by the next process where a persistent cache folder is set.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache
from threading import Lock

import jax
import jax.numpy as jnp
from jax import Array

import app.jax_config  # noqa: F401 - float64, before any array is made
from app.problems.functions import functions
from app.problems.model import Problem
from app.solvers.collocation.evaluation import Data, Evaluation
from app.solvers.collocation.interior_point import InteriorPoint
from app.solvers.collocation.layout import Layout, Variables
from app.solvers.compilation import Program
from app.solvers.flight import Flight

KEPT = 64  # sets of programs in a process


@dataclass
class Programs:
    """The programs of one layout of one structure."""

    layout: Layout
    start: Program
    advance: Program
    measure: Program
    flight: Program = field(repr=False)
    journey: Program = field(repr=False)


@dataclass
class BatchPrograms:
    """Those of `Programs` that solve `BATCH` problems side by side: a leading axis on data, variables, state."""

    start: Program
    advance: Program
    measure: Program


BATCH = 32  # problems solved side by side by one program


def programs(problem: Problem, layout: Layout) -> Programs:
    """The programs for a problem's structure on a layout; the same objects when asked again."""
    with _lock:
        return _programs(_Key(problem, layout))


def batch_programs(problem: Problem, layout: Layout) -> BatchPrograms:
    """The same for a batch."""
    with _lock:
        return _batch_programs(_Key(problem, layout))


_lock = Lock()  # two threads that ask at once get the same objects


@dataclass(frozen=True, eq=False)
class _Key:
    """Equal for problems of one structure and one layout."""

    problem: Problem
    layout: Layout

    def __hash__(self) -> int:
        return hash((self.problem.structure, self.layout))

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, _Key)
            and self.layout == other.layout
            and self.problem.structure == other.problem.structure
        )


@lru_cache(maxsize=KEPT)
def _programs(key: _Key) -> Programs:
    layout = key.layout
    found = functions(key.problem)
    evaluation = Evaluation(found, layout)
    method = InteriorPoint(evaluation, layout)

    def measure(data: Data, v: Variables) -> tuple[Array, Array, Array]:
        return sensitivities(evaluation, data, v)

    flights = _flights(_Key(key.problem, _without_mesh(layout)))
    return Programs(layout, Program(method.start), Program(method.advance), Program(measure), *flights)


@lru_cache(maxsize=KEPT)
def _batch_programs(key: _Key) -> BatchPrograms:
    one = _programs(key)
    return BatchPrograms(
        Program(jax.vmap(one.start.function, in_axes=(0, 0, 0, None, None))),
        Program(jax.vmap(one.advance.function, in_axes=(0, 0, None, None))),
        Program(jax.vmap(one.measure.function)),
    )


@lru_cache(maxsize=KEPT)
def _flights(key: _Key) -> tuple[Program, Program]:
    """Programs that fly many lanes side by side, and one lane far; they do not depend on the mesh."""
    layout = key.layout
    flight = Flight(functions(key.problem), layout.states, layout.controls, layout.paths)
    return Program(flight.fly), Program(flight.fly)


def _without_mesh(layout: Layout) -> Layout:
    return replace(layout, intervals=1)


def sensitivities(evaluation: Evaluation, data: Data, v: Variables) -> tuple[Array, Array, Array]:
    """Largest gradients of path constraints (P, g), boundary rows (rows,) and cost per unit of time ()."""
    layout = evaluation.layout
    jacobian, end_jacobian = evaluation.jacobians(data, v)
    n, m = layout.n, layout.m
    free = jnp.concatenate([jnp.ones(n + m), jnp.zeros(layout.q)])
    path = jnp.max(jnp.abs(jacobian[..., n + 1 :, :]) * free, axis=(1, 2, 4), initial=0.0)
    weight = data.ds[:, :, None] * jnp.asarray(layout.transcription.b)
    rate = jnp.max(jnp.abs(jacobian[..., n, :]) * free, axis=-1) / weight
    running = jnp.median(jnp.where(jnp.isfinite(rate), rate, 0.0))
    largest = jnp.max(jnp.where(jnp.isfinite(rate), rate, 0.0))
    times = jnp.max(jnp.abs(jnp.sum(jacobian[..., n, n + m :], axis=(0, 1, 2))), initial=0.0)
    end = jnp.max(jnp.abs(end_jacobian[0]), initial=0.0)
    cost = jnp.max(jnp.stack([running, 1e-2 * largest, end, times]))
    return path, jnp.max(jnp.abs(end_jacobian[1 : 1 + layout.rows]), axis=1, initial=0.0), cost
