"""Segments of the canonical equations integrated by an explicit Runge-Kutta pair of order 8(7).

Dormand & Prince's pair with 13 stages (Prince & Dormand, J. Comput. Appl. Math. 7 (1981); the tableau is
diffrax's), STEPS equal steps a segment; where they do not meet the tolerance the segment is divided, which
multiple shooting is glad of anyway.
"""

from __future__ import annotations

from typing import NamedTuple

import diffrax
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from app.solvers.pmp.hamiltonian import Given, Hamiltonian, Rule

STEPS = 4  # of one segment
_TABLEAU = diffrax.Dopri8.tableau
STAGES = len(_TABLEAU.c)  # but the last, which only serves the next step
_A = np.zeros((STAGES, STAGES))
for _row, _weights in enumerate(_TABLEAU.a_lower[: STAGES - 1]):
    _A[_row + 1, : _row + 1] = _weights
_C = np.concatenate([[0.0], np.asarray(_TABLEAU.c)[: STAGES - 1]])
_B = np.asarray(_TABLEAU.b_sol)[:STAGES]
_E = np.asarray(_TABLEAU.b_error)[:STAGES]


class Shot(NamedTuple):
    """One segment integrated.

    `end (2 n,)`, `cost ()` (integral of L), `slope (q,)` (integral of H_q), `error ()` (largest local error
    relative to the scales), `nodes (STEPS + 1, 2 n)`, `costs (STEPS + 1,)`, `controls (STEPS + 1, m)`.
    """

    end: Array
    cost: Array
    slope: Array
    error: Array
    nodes: Array
    costs: Array
    controls: Array


def shoot(
    hamiltonian: Hamiltonian,
    start: Array,
    span: Array,
    p: Array,
    guess: Array,
    rule: Rule,
    given: Given,
    scale: Array,
) -> Shot:
    """Integrate from `start (2 n,)` over `span (2,)`.

    `guess (STEPS + 1, m)`: near which control to look, linear in between; `scale (2 n,)`: what errors of
    states and costates are measured by.
    """
    n2, q = 2 * hamiltonian.n, hamiltonian.q
    h = (span[1] - span[0]) / STEPS
    a, b, c, e = (jnp.asarray(part) for part in (_A, _B, _C, _E))

    def point(place: Array, y: Array) -> Array:
        return jnp.concatenate([(span[0] + h * place)[None], y, p])

    def control(place: Array, y: Array) -> Array:
        left = jnp.clip(jnp.floor(place).astype(int), 0, STEPS - 1)
        near = guess[left] + (guess[left + 1] - guess[left]) * (place - left)
        return hamiltonian.control(point(place, y), near, rule, given)

    def rate(place: Array, y: Array) -> Array:
        u = control(place, y)
        z = point(place, y)
        motion, slope = hamiltonian.field(z, u, given)
        return jnp.concatenate([motion[1 : 1 + n2], slope, hamiltonian.running_cost(z, u, given)[None]])

    def step(carry: tuple[Array, Array], index: Array) -> tuple[tuple[Array, Array], Array]:
        y, worst = carry

        def stage(rates: Array, row: tuple[Array, Array, Array]) -> tuple[Array, None]:
            weights, at, number = row
            value = rate(index + at, (y + h * (weights @ rates))[:n2])
            return rates.at[number].set(value), None

        rates, _ = lax.scan(stage, jnp.zeros((STAGES, n2 + q + 1)), (a, c, jnp.arange(STAGES)))
        missed = jnp.max(jnp.abs(h * (e @ rates)[:n2]) / scale, initial=0.0)
        new = y + h * (b @ rates)
        return (new, jnp.maximum(worst, missed)), new

    first = jnp.concatenate([start, jnp.zeros(q + 1)])
    (last, error), after = lax.scan(step, (first, jnp.zeros(())), jnp.arange(STEPS))
    nodes = jnp.concatenate([first[None], after])
    controls = jax.vmap(control)(jnp.arange(STEPS + 1.0), nodes[:, :n2])
    return Shot(last[:n2], last[-1], last[n2:-1], error, nodes[:, :n2], nodes[:, -1], controls)
