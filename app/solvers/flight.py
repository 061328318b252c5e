"""Flights: the published control integrated through the dynamics, apart from any transcription.

An explicit Runge-Kutta pair of order 5(4) with step control (Dormand & Prince, J. Comput. Appl. Math. 6
(1980); step control as in Hairer, Norsett & Wanner, Solving ODEs I, II.4). Controls are linear over each
segment, exactly as they are published.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array, lax

from app.leaves import Leaf
from app.problems.functions import ProblemFunctions

_A = (
    (0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
    (1 / 5, 0.0, 0.0, 0.0, 0.0, 0.0),
    (3 / 40, 9 / 40, 0.0, 0.0, 0.0, 0.0),
    (44 / 45, -56 / 15, 32 / 9, 0.0, 0.0, 0.0),
    (19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729, 0.0, 0.0),
    (9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656, 0.0),
    (35 / 384, 0.0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84),
)
_C = (0.0, 1 / 5, 3 / 10, 4 / 5, 8 / 9, 1.0, 1.0)
_E = (71 / 57600, 0.0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40)
MAX_STEPS = 2000  # of one segment


class Course(NamedTuple):
    """What is flown in one lane: times `t (S + 1,)`, controls at the left and right of each segment (S, m)."""

    t: Leaf
    left: Leaf
    right: Leaf


class Flown(NamedTuple):
    """States (B, S + 1, n) and accumulated cost (B, S + 1), NaN where lost; path constraints (B, S, g) at the
    left and right ends of the segments."""

    x: Array
    cost: Array
    path_left: Array
    path_right: Array


class Flight:
    """Integrates the phases of a problem, padded to `n` states and `paths` path constraints.

    `fly` is to be jitted; an object holds no numbers. `states[i]`, `controls[i]`, `paths[i]`: of phase i.
    """

    def __init__(
        self,
        functions: ProblemFunctions,
        states: tuple[int, ...],
        controls: tuple[int, ...],
        paths: tuple[int, ...],
    ) -> None:
        self.functions = functions
        self.states = states
        self.controls = controls
        self.paths = paths

    def fly(
        self, phase: Array, k: Array, p: Array, scale: Array, tolerance: Array, x: Array, course: Course
    ) -> Flown:
        """B lanes side by side, each from its own state in `x (B, n)`.

        `scale (n + 1,)` are magnitudes of states and cost for the error of a step, `tolerance ()` relative.
        """

        def lane(x: Array, course: Course) -> Flown:
            start = jnp.concatenate([x, jnp.zeros(1)])

            def segment(y: Array, piece: tuple[Array, Array, Array, Array]) -> tuple[Array, Array]:
                end = self._segment(phase, k, p, scale, tolerance, y, piece)
                return end, end

            pieces = (course.t[:-1], course.t[1:], course.left, course.right)
            _, after = lax.scan(segment, start, pieces)
            y = jnp.concatenate([start[None], after])
            x = y[:, :-1]
            path = jax.vmap(lambda t, x, u: self._path(phase, t, x, u, p, k))
            begin, end = path(course.t[:-1], x[:-1], course.left), path(course.t[1:], x[1:], course.right)
            return Flown(x, y[:, -1], begin, end)

        return jax.vmap(lane)(x, course)

    def _segment(
        self,
        phase: Array,
        k: Array,
        p: Array,
        scale: Array,
        tolerance: Array,
        y: Array,
        piece: tuple[Array, Array, Array, Array],
    ) -> Array:
        """The end of one segment, control linear over it."""
        begin, end, left, right = piece
        span = end - begin
        a, c, e = jnp.asarray(_A), jnp.asarray(_C), jnp.asarray(_E)

        def rate(place: Array, y: Array) -> Array:
            u = left + (right - left) * place
            return span * self._rate(phase, begin + span * place, y[:-1], u, p, k)

        def step(carry: tuple[Array, Array, Array, Array]) -> tuple[Array, Array, Array, Array]:
            place, y, h, count = carry
            h = jnp.minimum(h, 1.0 - place)

            def stage(rates: Array, row: tuple[Array, Array, Array]) -> tuple[Array, None]:
                weights, at, index = row
                slope = rate(place + at * h, y + h * (weights @ rates[:6]))
                return rates.at[index].set(slope), None

            rates, _ = lax.scan(stage, jnp.zeros((7, y.shape[0])), (a, c, jnp.arange(7)))
            new = y + h * (a[6] @ rates[:6])
            size = scale + jnp.maximum(jnp.abs(y), jnp.abs(new))
            error = jnp.max(jnp.abs(h * (e @ rates)) / size) / tolerance
            error = jnp.where(jnp.isfinite(error), error, 1e10)
            good = error <= 1.0
            factor = jnp.clip(0.9 * jnp.maximum(error, 1e-10) ** -0.2, 0.1, 5.0)
            return jnp.where(good, place + h, place), jnp.where(good, new, y), h * factor, count + 1

        def going(carry: tuple[Array, Array, Array, Array]) -> Array:
            place, _, _, count = carry
            return (place < 1.0 - 1e-14) & (count < MAX_STEPS) & (span > 0.0) & jnp.all(jnp.isfinite(y))

        zero = jnp.zeros(())
        place, y_end, _, _ = lax.while_loop(going, step, (zero, y, jnp.ones(()), jnp.zeros((), int)))
        reached = (place >= 1.0 - 1e-14) | (span <= 0.0)
        return jnp.where(reached, y_end, jnp.nan)

    def _rate(self, phase: Array, t: Array, x: Array, u: Array, p: Array, k: Array) -> Array:
        """Dynamics and running cost of a phase, padded: (n + 1,)."""

        def rate(index: int, t: Array, x: Array, u: Array, p: Array, k: Array) -> Array:
            f = self.functions.phases[index].dynamics(t, x, u, p, k)
            cost = self.functions.phases[index].running_cost(t, x, u, p, k)
            return jnp.concatenate([f, jnp.zeros(max(self.states) - len(f)), cost[None]])

        return self._choose(phase, rate, (t, x, u, p, k))

    def _path(self, phase: Array, t: Array, x: Array, u: Array, p: Array, k: Array) -> Array:
        """Path constraints of a phase, padded with zeros: (g,)."""

        def path(index: int, t: Array, x: Array, u: Array, p: Array, k: Array) -> Array:
            g = self.functions.phases[index].path(t, x, u, p, k)
            return jnp.concatenate([g, jnp.zeros(max(self.paths) - len(g))])

        return self._choose(phase, path, (t, x, u, p, k))

    def _choose(
        self, phase: Array, of: Callable[..., Array], point: tuple[Array, Array, Array, Array, Array]
    ) -> Array:
        """`of(index, ...)` of the phase that is flown, at a point cut to its true dimensions."""

        def branch(index: int) -> Callable[..., Array]:
            def at(t: Array, x: Array, u: Array, p: Array, k: Array) -> Array:
                return of(index, t, x[: self.states[index]], u[: self.controls[index]], p, k)

            return at

        branches = [branch(index) for index in range(len(self.states))]
        if len(branches) == 1:
            return branches[0](*point)
        found: Array = lax.switch(phase, branches, *point)
        return found
