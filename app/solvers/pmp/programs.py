"""The compiled programs of one problem structure: segments and points in fixed batches, and the ends."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

import app.jax_config  # noqa: F401 - float64, before any array is made
from app.problems.functions import End, ProblemFunctions, functions
from app.problems.model import Problem
from app.problems.structure import Structure
from app.solvers.compilation import Program, kept_in
from app.solvers.flight import Flight
from app.solvers.pmp.hamiltonian import Given, Hamiltonian, Law, Rule
from app.solvers.pmp.integration import Shot, shoot

LANES = 32  # segments or points of one call
KEPT = 64  # sets of programs in a process


class Point(NamedTuple):
    """One point of an arc: H, H_u (m,) and d/dt H_u (m,) with their derivatives by z, and what checks need.

    `values (1 + 2 m,)`, `jacobian (1 + 2 m, 1 + 2 n + q)`, `u (m,)`, `curvature (m, m)`, `bracket (m,)`.
    """

    values: Array
    jacobian: Array
    u: Array
    curvature: Array
    bracket: Array


class Ends(NamedTuple):
    """What is asked at the ends, of w = (t0, x0, tf, xf, q): E = terminal cost + multipliers . boundary.

    `cost ()`, `rows (b,)`, `rows_jacobian (b, w)`, `gradient (w,)` of E, its `hessian (w, w)`.
    """

    cost: Array
    rows: Array
    rows_jacobian: Array
    gradient: Array
    hessian: Array


@dataclass
class Programs:
    """The programs of one structure, with one law."""

    segments: Program
    points: Program
    ends: Program
    journey: Program


def programs(problem: Problem, law: Law) -> Programs:
    """The programs for a problem's structure; the same objects when asked again."""
    return _programs(_Key(problem, law))


@dataclass(frozen=True, eq=False)
class _Key:
    problem: Problem
    law: Law

    def __hash__(self) -> int:
        return hash((self.problem.structure, self.law))

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, _Key)
            and self.law == other.law
            and self.problem.structure == other.problem.structure
        )


@lru_cache(maxsize=KEPT)
def _programs(key: _Key) -> Programs:
    found = functions(key.problem)
    shape = _shape(key.problem.structure)
    hamiltonian = Hamiltonian(found.phases[0], *shape, law=key.law)
    n, m, _ = shape
    flight = Flight(found, (n,), (m,), (0,))
    return Programs(
        Program(_segments(hamiltonian)),
        Program(_points(hamiltonian)),
        Program(_ends(found, n)),
        Program(flight.fly),
    )


def _shape(structure: Structure) -> tuple[int, int, int]:
    phase = structure.phases[0]
    return len(phase.states), len(phase.controls), len(structure.parameters)


def _segments(hamiltonian: Hamiltonian):  # type: ignore[no-untyped-def]
    n2 = 2 * hamiltonian.n

    def one(
        start: Array,
        span: Array,
        guess: Array,
        kind: Array,
        value: Array,
        p: Array,
        given: Given,
        scale: Array,
    ) -> tuple[Shot, Array]:
        def of(w: Array) -> tuple[Array, Shot]:
            shot = shoot(
                hamiltonian, w[:n2], w[n2 : n2 + 2], w[n2 + 2 :], guess, Rule(kind, value), given, scale
            )
            return jnp.concatenate([shot.end, shot.slope, shot.cost[None]]), shot

        jacobian, shot = jax.jacfwd(of, has_aux=True)(jnp.concatenate([start, span, p]))
        return shot, jacobian

    return jax.vmap(one, in_axes=(0, 0, 0, 0, 0, None, None, None))


def _points(hamiltonian: Hamiltonian):  # type: ignore[no-untyped-def]
    def one(z: Array, guess: Array, kind: Array, value: Array, given: Given) -> Point:
        rule = Rule(kind, value)

        def of(z: Array) -> tuple[Array, Array]:
            u = hamiltonian.control(z, guess, rule, given)
            first = (
                hamiltonian.switching(z, u, rule, given) if hamiltonian.singular else jnp.zeros(hamiltonian.m)
            )
            values = [hamiltonian.value(z, u, given)[None], hamiltonian.slope(z, u, given), first]
            return jnp.concatenate(values), u

        values, u = of(z)
        jacobian, _ = jax.jacfwd(of, has_aux=True)(z)
        bracket = hamiltonian.bracket(z, u, rule, given) if hamiltonian.singular else jnp.zeros(hamiltonian.m)
        return Point(values, jacobian, u, hamiltonian.curvature(z, u, given), bracket)

    return jax.vmap(one, in_axes=(0, 0, 0, 0, None))


def _ends(found: ProblemFunctions, n: int):  # type: ignore[no-untyped-def]
    def unpack(w: Array) -> tuple[tuple[End, ...], Array]:
        return (End(w[0], w[1 : 1 + n], w[1 + n], w[2 + n : 2 + 2 * n]),), w[2 + 2 * n :]

    def ends(w: Array, multipliers: Array, k: Array) -> Ends:
        def total(w: Array) -> Array:
            return found.terminal_cost(*unpack(w), k) + multipliers @ found.boundary(*unpack(w), k)

        def rows(w: Array) -> Array:
            return found.boundary(*unpack(w), k)

        return Ends(
            found.terminal_cost(*unpack(w), k),
            rows(w),
            jax.jacfwd(rows)(w),
            jax.grad(total)(w),
            jax.jacfwd(jax.grad(total))(w),
        )

    return ends


kept_in(_programs.cache_clear)
