"""Compiled programs: one set for each structure and mesh size, kept while the process lives.

What is compiled once is also found again by the next process where a persistent cache folder is set.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache
from threading import Lock
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

import app.jax_config  # noqa: F401 - float64, before any array is made
from app.leaves import Leaf
from app.problems.functions import functions
from app.problems.model import Problem
from app.solvers.collocation.barrier import Multipliers
from app.solvers.collocation.evaluation import Data, Evaluation
from app.solvers.collocation.interior_point import InteriorPoint
from app.solvers.collocation.layout import Layout, Variables
from app.solvers.compilation import Program, ahead, kept_in
from app.solvers.flight import Course, Flight
from app.solvers.verification import PIECE

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
SEGMENTS = 8  # of an interval, as it is flown and published
ROUNDING = 1e-12  # of the cost: gradients below that are rounding errors of a cost that nothing changes
LANES = 64  # intervals flown side by side by one program


def programs(problem: Problem, layout: Layout) -> Programs:
    """The programs for a problem's structure on a layout; the same objects when asked again."""
    with _lock:
        return _programs(_Key(problem, layout))


def compile_flights(problem: Problem, found: Programs) -> None:
    """Compile what flies controls in another thread, while the first solve compiles in this one."""
    n, m = found.layout.n, found.layout.m
    p, scale = np.zeros(found.layout.parameters), np.ones(n + 1)

    def course(lanes: int, segments: int) -> tuple[Any, ...]:
        control = np.zeros((lanes, segments, m))
        ways = Course(np.zeros((lanes, segments + 1)), control, control)
        return 0, problem.k, p, scale, 1.0, np.zeros((lanes, n)), ways

    ahead(lambda: found.flight.compile(*course(LANES, SEGMENTS)))
    ahead(lambda: found.journey.compile(*course(1, PIECE)))


def compile_method(found: Programs, data: Data, variables: Variables, multipliers: Multipliers) -> None:
    """Compile the method for arguments of these shapes in another thread."""

    def compiled() -> None:
        begin = data, variables, multipliers, 0.0, 0
        found.start.compile(*begin)
        found.advance.compile(data, found.start(*begin), 0.0, 0)

    ahead(compiled)


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

    def identity(self, name: str) -> str:
        """Of one program among all of all structures and layouts."""
        return f"collocation {name} {self.problem.structure.digest} {self.layout!r}"

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

    def measure(data: Data, v: Variables) -> Gradients:
        return gradients(evaluation, data, v)

    return Programs(
        layout,
        Program(method.start, key.identity("start")),
        Program(method.advance, key.identity("advance")),
        Program(measure, key.identity("measure")),
        *_flights(_Key(key.problem, _without_mesh(layout))),
    )


@lru_cache(maxsize=KEPT)
def _batch_programs(key: _Key) -> BatchPrograms:
    one = _programs(key)
    return BatchPrograms(
        Program(jax.vmap(one.start.function, in_axes=(0, 0, 0, None, None)), key.identity("batch start")),
        Program(jax.vmap(one.advance.function, in_axes=(0, 0, None, None)), key.identity("batch advance")),
        Program(jax.vmap(one.measure.function), key.identity("batch measure")),
    )


@lru_cache(maxsize=KEPT)
def _flights(key: _Key) -> tuple[Program, Program]:
    """Programs that fly many lanes side by side, and one lane far; they do not depend on the mesh."""
    layout = key.layout
    flight = Flight(functions(key.problem), layout.states, layout.controls, layout.paths)
    return Program(flight.fly, key.identity("flight")), Program(flight.fly, key.identity("journey"))


def fleet_program(problem: Problem, layout: Layout) -> Program:
    """The program that flies the controls of many problems side by side, each in one lane."""
    with _lock:
        return _fleet(_Key(problem, _without_mesh(layout)))


@lru_cache(maxsize=KEPT)
def _fleet(key: _Key) -> Program:
    one = _flights(key)[1].function
    return Program(jax.vmap(one, in_axes=(None, 0, 0, 0, None, 0, 0)), key.identity("fleet"))


def _without_mesh(layout: Layout) -> Layout:
    return replace(layout, intervals=1)


class Gradients(NamedTuple):
    """Largest gradients at a point: of path constraints `path (P, g)`, of boundary `rows (rows,)`, of the cost.

    The cost's are those per unit of time at every place, `rates (P, N, s)`, and with respect to ends and times,
    `rest ()`. `coupling (P, n, n + m)`: what each state and control changes in each state over the horizon.
    """

    path: Leaf
    rows: Leaf
    rates: Leaf
    rest: Leaf
    coupling: Leaf


def gradients(evaluation: Evaluation, data: Data, v: Variables) -> Gradients:
    """The gradients at the variables, all scaled."""
    layout = evaluation.layout
    jacobian, end_jacobian, costs, end_cost = evaluation.jacobians(data, v)
    n, m = layout.n, layout.m
    free = jnp.concatenate([jnp.ones(n + m), jnp.zeros(layout.q)])
    path = jnp.max(jnp.abs(jacobian[..., n + 1 :, :]) * free, axis=(1, 2, 4), initial=0.0)
    b = jnp.asarray(layout.transcription.b)
    rates = jnp.max(jnp.abs(jacobian[..., n, :]) * free, axis=-1) / (data.ds[:, :, None] * b)
    times = jnp.max(jnp.abs(jnp.sum(jacobian[..., n, n + m :], axis=(0, 1, 2))), initial=0.0)
    end = jnp.max(jnp.abs(end_jacobian[0]), initial=0.0)
    rows = jnp.max(jnp.abs(end_jacobian[1 : 1 + layout.rows]), axis=1, initial=0.0)
    coupling = jnp.einsum("pisxz,s->pxz", jnp.abs(jacobian[..., :n, : n + m]), b)
    sizes = jnp.abs(jnp.append(costs, end_cost))
    noise = ROUNDING * jnp.sum(sizes, where=jnp.isfinite(sizes))
    rates, rest = jnp.where(rates > noise, rates, 0.0), jnp.maximum(end, times)
    return Gradients(path, rows, rates, jnp.where(rest > noise, rest, 0.0), coupling)


for _kept in (_programs, _batch_programs, _flights, _fleet):
    kept_in(_kept.cache_clear)
