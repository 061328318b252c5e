"""The Hamiltonian of one phase, its derivatives, and the control that minimises it.

H(t, x, p, u) = L + p . f, costs minimised; x' = H_p, p' = -H_x (Pontryagin et al. 1962; Bryson & Ho, Applied
Optimal Control, ch. 2 and 3), all derivatives by automatic differentiation. A point is `z (1 + 2 n + q,)`:
time, states, costates, parameters.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array, lax

import app.jax_config  # noqa: F401 - float64, before any array is made
from app.leaves import Leaf
from app.problems.functions import PhaseFunctions
from app.solvers.pmp.elimination import solve_symmetric
from app.solvers.pmp.kinds import FIXED, FREE, INTERIOR, SINGULAR

NEWTON_STEPS = 25
SINGULAR_STEPS = 2  # one is exact where H is affine in the singular controls alone


class Law(Enum):
    """What a control law covers; the more, the longer it takes to compile."""

    REGULAR = "no singular controls"
    LINEAR = "singular controls; H is affine in all controls, so that none is found by minimisation"
    MIXED = "singular controls beside others"


class Given(NamedTuple):
    """Numbers of one solve: `k`, bounds of controls and the regularisation 1/2 weight (u - centre)^2, (m,)."""

    k: Leaf
    lower: Leaf
    upper: Leaf
    weight: Leaf
    centre: Leaf


class Rule(NamedTuple):
    """How each control is found on a segment (m,): its kind, and its value where FIXED."""

    kind: Array
    value: Array


class Hamiltonian:
    """H and the control law of a phase with n states, m controls and q parameters.

    `law` is what the control law covers. The object holds no numbers.
    """

    def __init__(self, functions: PhaseFunctions, n: int, m: int, q: int, law: Law) -> None:
        self.functions = functions
        self.n, self.m, self.q = n, m, q
        self.singular = law is not Law.REGULAR
        self._linear = law is Law.LINEAR
        minimise = jax.custom_jvp(self._minimise)
        minimise.defjvp(self._minimise_tangent)
        self._regular: Callable[[Array, Array, Any], Array] = (
            (lambda z, v, rest: v) if self._linear else minimise
        )

    def split(self, z: Array) -> tuple[Array, Array, Array, Array]:
        """Time, states, costates and parameters of a point."""
        n = self.n
        return z[0], z[1 : 1 + n], z[1 + n : 1 + 2 * n], z[1 + 2 * n :]

    def running_cost(self, z: Array, u: Array, given: Given) -> Array:
        """L with the regularisation, ()."""
        t, x, _, p = self.split(z)
        return self.functions.running_cost(t, x, u, p, given.k) + 0.5 * jnp.sum(
            given.weight * (u - given.centre) ** 2
        )

    def value(self, z: Array, u: Array, given: Given) -> Array:
        """H, ()."""
        t, x, costate, p = self.split(z)
        f = self.functions.dynamics(t, x, u, p, given.k)
        return self.running_cost(z, u, given) + costate @ f

    def slope(self, z: Array, u: Array, given: Given) -> Array:
        """H_u (m,): the switching functions where H is affine in a control."""
        found: Array = jax.grad(self.value, 1)(z, u, given)
        return found

    def curvature(self, z: Array, u: Array, given: Given) -> Array:
        """H_uu (m, m)."""
        if self.m == 0:
            return jnp.zeros((0, 0))
        found: Array = jax.jacfwd(self.slope, 1)(z, u, given)
        return found

    def field(self, z: Array, u: Array, given: Given) -> tuple[Array, Array]:
        """The canonical equations: z' with (1, H_p, -H_x, 0), and H_q (q,)."""
        n = self.n
        g = jax.grad(self.value)(z, u, given)
        x, costate, p = g[1 : 1 + n], g[1 + n : 1 + 2 * n], g[1 + 2 * n :]
        return jnp.concatenate([jnp.ones(1), costate, -x, jnp.zeros(self.q)]), p

    def control(self, z: Array, guess: Array, rule: Rule, given: Given) -> Array:
        """The control that the minimum principle asks for, (m,); `guess` chooses between several minima."""
        if self.m == 0:
            return jnp.zeros(0)
        rest = (lax.stop_gradient(guess), rule.kind, given)
        if not self.singular:
            return self._regular(z, rule.value, rest)
        mask = rule.kind == SINGULAR
        v = jnp.where(mask, rest[0], rule.value)
        for _ in range(1 if self._linear else SINGULAR_STEPS):
            base = lax.stop_gradient(self._regular(z, v, rest))
            second, change = self._second(z, v, base, rest)
            v = v - solve_symmetric(-change, -jnp.where(mask, second, 0.0), mask)
        return self._regular(z, v, rest)

    def switching(self, z: Array, u: Array, rule: Rule, given: Given) -> Array:
        """d/dt H_u along the canonical equations, (m,), with singular controls held."""
        base = lax.stop_gradient(u)
        rest = (base, rule.kind, given)
        return self._first(z, jnp.where(rule.kind == FIXED, rule.value, u), base, rest)

    def bracket(self, z: Array, u: Array, rule: Rule, given: Given) -> Array:
        """d/du_j d2/dt2 H_u_j (m,): not positive on singular arcs (generalised Legendre-Clebsch, Kelley)."""
        base = lax.stop_gradient(u)
        rest = (base, rule.kind, given)
        return jnp.diag(self._second(z, jnp.where(rule.kind == FIXED, rule.value, u), base, rest)[1])

    def _near(self, z: Array, v: Array, base: Array, rest: Any) -> Array:
        """The control near where it is `base`, the held ones at v, smooth in both.

        Newton steps from the solution: each doubles the order to which the result is right, so that two give
        the three derivatives that are asked for, without an iteration to differentiate.
        """
        _, kind, given = rest
        held = (kind == FIXED) | (kind == SINGULAR)
        bound = (kind == FREE) & ((base <= given.lower) | (base >= given.upper))
        u = jnp.where(held, v, base)
        if self._linear:
            return u
        for _ in range(2):
            step = solve_symmetric(self.curvature(z, u, given), self.slope(z, u, given), ~(held | bound))
            u = u - step
        return u

    def _first(self, z: Array, v: Array, base: Array, rest: Any) -> Array:
        given = rest[2]
        rate, _ = self.field(z, self._near(z, v, base, rest), given)
        return jax.jvp(lambda z: self.slope(z, self._near(z, v, base, rest), given), (z,), (rate,))[1]

    def _second(self, z: Array, v: Array, base: Array, rest: Any) -> tuple[Array, Array]:
        """d2/dt2 H_u (m,) and its derivative by the held controls (m, m)."""

        def second(v: Array) -> Array:
            rate, _ = self.field(z, self._near(z, v, base, rest), rest[2])
            return jax.jvp(lambda z: self._first(z, v, base, rest), (z,), (rate,))[1]

        return second(v), jax.jacfwd(second)(v)

    def _minimise(self, z: Array, value: Array, rest: Any) -> Array:
        """Projected Newton on H_u = 0 from the guess; FIXED and SINGULAR controls are held at `value`."""
        guess, kind, given = rest
        held = (kind == FIXED) | (kind == SINGULAR)
        lower = jnp.where(kind == INTERIOR, -jnp.inf, given.lower)
        upper = jnp.where(kind == INTERIOR, jnp.inf, given.upper)

        def step(carry: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
            u, _, count = carry
            g, h = self.slope(z, u, given), self.curvature(z, u, given)
            blocked = ((u <= lower) & (g > 0)) | ((u >= upper) & (g < 0))
            new = jnp.clip(u - solve_symmetric(h, g, ~(held | blocked)), lower, upper)
            new = jnp.where(held, value, new)
            change = jnp.max(jnp.abs(new - u) / (1.0 + jnp.abs(u)))
            return new, change, count + 1

        def going(carry: tuple[Array, Array, Array]) -> Array:
            return (carry[1] > 1e-15) & (carry[2] < NEWTON_STEPS)

        start = jnp.where(held, value, jnp.clip(guess, lower, upper))
        u, _, _ = lax.while_loop(going, step, (start, jnp.ones(()), jnp.zeros((), int)))
        return u

    def _minimise_tangent(self, primals: Any, tangents: Any) -> tuple[Array, Array]:
        """The implicit function theorem on the controls that are not held."""
        z, value, rest = primals
        dz, dv, _ = tangents
        _, kind, given = rest
        u = self._regular(z, value, rest)
        held = (kind == FIXED) | (kind == SINGULAR)
        g = self.slope(z, u, given)
        bound = (kind == FREE) & (((u <= given.lower) & (g >= 0)) | ((u >= given.upper) & (g <= 0)))
        moved = jnp.where(held, dv, 0.0)
        change = jax.jvp(lambda z, u: self.slope(z, u, given), (z, u), (dz, moved))[1]
        du = -solve_symmetric(self.curvature(z, u, given), change, ~(held | bound))
        return u, moved + du
