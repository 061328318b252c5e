"""Values and exact derivatives of the discretised problem, point by point.

At each place of the mesh one function of `z = (x, u, q)` gives, all scaled, the dynamics times the length
of the interval, the cost weighted by quadrature, and the path constraints. It is differentiated by JAX and
vmapped over all places; nothing is unrolled over the mesh.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from app.leaves import Leaf
from app.problems.functions import End, PhaseFunctions, ProblemFunctions
from app.solvers.collocation.layout import Layout, Variables


class Data(NamedTuple):
    """The numbers of a discretised problem; changing them never recompiles.

    `k (n_k,)` the problem's numbers; `ds, s (P, N)` lengths and left ends of the intervals in normalised
    time; scales: variables are divided by `x (P, n)`, `u (P, m)`, `t (P,)`, `p (n_p,)`, path constraints by
    `g (P, g)`, boundary constraints by `b (rows,)`, the cost multiplied by `cost ()`. `lower`, `upper`,
    `weight` are flat over all variables, scaled (`weight`: the part of normalised time a variable stands
    for, 1 at ends). `pull`, `pull_target` (flat) add half `pull (w - pull_target)^2` to the cost: towards fixed
    ends that are not yet enforced, and towards a smooth control on singular arcs. `elastic ()` is the
    compliance of equality constraints, tiny but where a start is sought.
    `floor ()`: where the barrier parameter stops; `reach ()`: longest step of a scaled variable relative to
    1 + its size (beyond, periodic functions mislead).
    """

    k: Leaf
    ds: Leaf
    s: Leaf
    scale_x: Leaf
    scale_u: Leaf
    scale_g: Leaf
    scale_t: Leaf
    scale_p: Leaf
    scale_b: Leaf
    scale_cost: Leaf
    lower: Leaf
    upper: Leaf
    weight: Leaf
    pull: Leaf
    pull_target: Leaf
    elastic: Leaf
    floor: Leaf
    reach: Leaf


class Values(NamedTuple):
    """What the discretised problem evaluates to.

    `f (P, N, s, n)` scaled dynamics times interval length, `running (P, N, s)` scaled cost of each place,
    `cost ()` of all, residuals: `defect (P, N, unknowns, n)`,
    `path (P, N, s, g)` (constraint minus slack), `link (P, n)` (last node minus final state), `boundary (rows,)`.
    """

    f: Array
    running: Array
    cost: Array
    defect: Array
    path: Array
    link: Array
    boundary: Array


class Derivatives(NamedTuple):
    """Derivatives at every place, and at the ends.

    `jacobian (P, N, s, n + 1 + g, z)` of dynamics, cost and path constraints with respect to `z = (x, u, q)`,
    `hessian (P, N, s, z, z)` of their Lagrangian; `end_gradient (G,)`, `end_jacobian (rows, G)` and
    `end_hessian (G, G)` of terminal cost and boundary constraints with respect to `ends` and `p`, flat.
    """

    jacobian: Array
    hessian: Array
    end_gradient: Array
    end_jacobian: Array
    end_hessian: Array


class Evaluation:
    """Evaluates one problem's functions on one layout; holds no numbers."""

    def __init__(self, functions: ProblemFunctions, layout: Layout) -> None:
        self.functions = functions
        self.layout = layout
        self.a = jnp.asarray(layout.transcription.a)

    def values(self, data: Data, v: Variables) -> Values:
        """Cost and residuals at the variables (scaled)."""
        layout = self.layout
        outputs = self._map(lambda point, z, weights: point(z), data, v, None)
        n = layout.n
        f, cost, path = outputs[..., :n], outputs[..., n], outputs[..., n + 1 :]
        ends = self._ends(data, v.ends, v.p)
        nodes = self.nodes(v)
        integral = jnp.einsum("jl,pilx->pijx", self.a, f)
        return Values(
            f=f,
            running=cost,
            cost=jnp.sum(cost) + ends[0],
            defect=v.x - nodes[:, :-1, None, :] - integral,
            path=path - v.g,
            link=nodes[:, -1] - v.ends[:, n : 2 * n],
            boundary=ends[1:] - v.b,
        )

    def derivatives(self, data: Data, v: Variables, weights: Array, rows: Array) -> Derivatives:
        """Derivatives; `weights (P, N, s, n + 1 + g)` and `rows (rows,)` make the Lagrangian of the Hessian."""

        def both(point: Callable[[Array], Array], z: Array, w: Array) -> tuple[Array, Array]:
            def pair(z: Array) -> tuple[Array, Array]:
                outputs, pull = jax.vjp(point, z)
                return outputs, pull(w)[0]

            return jax.jacfwd(pair)(z)

        jacobian, hessian = self._map(both, data, v, weights)
        shape = v.ends.shape
        size = v.ends.size

        def ends(flat: Array) -> Array:
            return self._ends(data, flat[:size].reshape(shape), flat[size:])

        def end_pair(flat: Array) -> tuple[Array, Array]:
            outputs, pull = jax.vjp(ends, flat)
            return outputs, pull(jnp.concatenate([jnp.ones(1), rows]))[0]

        end_jacobian, end_hessian = jax.jacfwd(end_pair)(jnp.concatenate([v.ends.ravel(), v.p]))
        return Derivatives(jacobian, hessian, end_jacobian[0], end_jacobian[1:], end_hessian)

    def jacobians(self, data: Data, v: Variables) -> tuple[Array, Array, Array, Array]:
        """First derivatives alone: as in `Derivatives`, and of (terminal cost, rows) at the ends.

        With the scaled cost of every place, (P, N, s), and the terminal cost ().
        """

        def with_value(function: Callable[[Array], Array]) -> Callable[[Array], tuple[Array, Array]]:
            def both(z: Array) -> tuple[Array, Array]:
                value = function(z)
                return value, value

            return jax.jacfwd(both, has_aux=True)

        jacobian, values = self._map(lambda point, z, weights: with_value(point)(z), data, v, None)
        shape, size = v.ends.shape, v.ends.size

        def ends(flat: Array) -> Array:
            return self._ends(data, flat[:size].reshape(shape), flat[size:])

        end_jacobian, end_values = with_value(ends)(jnp.concatenate([v.ends.ravel(), v.p]))
        return jacobian, end_jacobian, values[..., self.layout.n], end_values[0]

    def nodes(self, v: Variables) -> Array:
        """States at the nodes, (P, N + 1, n)."""
        start = v.ends[:, None, : self.layout.n]
        return jnp.concatenate([start, v.x[:, :, -1]], axis=1)

    def times(self, data: Data, v: Variables) -> Array:
        """Times of all places, (P, N, s), in the problem's unit."""
        ends = v.ends[:, -2:] * data.scale_t[:, None]
        c = jnp.asarray(self.layout.transcription.places)
        at = data.s[:, :, None] + data.ds[:, :, None] * c
        return ends[:, 0, None, None] + (ends[:, 1] - ends[:, 0])[:, None, None] * at

    def _map(self, use, data: Data, v: Variables, weights: Array | None):  # type: ignore[no-untyped-def]  # generic
        """`use(point, z, weights)` at every place of every phase, stacked (P, N, s, ...)."""
        layout = self.layout
        x = v.x
        if layout.transcription.left:
            x = jnp.concatenate([self.nodes(v)[:, :-1, None], x], axis=2)
        grid = (layout.intervals, layout.transcription.stages)
        found = []
        for index, phase in enumerate(self.functions.phases):
            q = v.p
            if layout.free_time:
                q = jnp.concatenate([v.ends[index, -2:], v.p])
            z = jnp.concatenate([x[index], v.u[index], jnp.broadcast_to(q, (*grid, layout.q))], axis=-1)
            places = jnp.asarray(layout.transcription.places)
            at = data.s[index, :, None] + data.ds[index, :, None] * places
            ds = jnp.broadcast_to(data.ds[index, :, None], grid)
            b = jnp.broadcast_to(jnp.asarray(layout.transcription.b), grid)
            w = jnp.zeros((*grid, 0)) if weights is None else weights[index]

            def one(z, at, ds, b, w, phase=phase, index=index):  # type: ignore[no-untyped-def]  # arrays all
                return use(self._point(phase, index, data, v.ends[index, -2:], at, ds, b), z, w)

            flat = [array.reshape(grid[0] * grid[1], *array.shape[2:]) for array in (z, at, ds, b, w)]
            out = jax.vmap(one)(*flat)
            found.append(jax.tree.map(lambda array: array.reshape(*grid, *array.shape[1:]), out))
        return jax.tree.map(lambda *arrays: jnp.stack(arrays), *found)

    def _point(
        self, phase: PhaseFunctions, index: int, data: Data, ends: Array, at: Array, ds: Array, b: Array
    ) -> Callable[[Array], Array]:
        """The function of `z` at one place: scaled `(h f, h b L, g)`, shape (n + 1 + g,)."""
        layout = self.layout
        n, m = layout.n, layout.m
        n_x, n_u, n_g = layout.states[index], layout.controls[index], layout.paths[index]
        scale_x, scale_u = data.scale_x[index, :n_x], data.scale_u[index, :n_u]

        def point(z: Array) -> Array:
            x, u, q = z[:n_x] * scale_x, z[n : n + n_u] * scale_u, z[n + m :]
            moments = q[:2] if layout.free_time else ends
            t0, tf = moments[0] * data.scale_t[index], moments[1] * data.scale_t[index]
            p = (q[2:] if layout.free_time else q) * data.scale_p
            t, h = t0 + (tf - t0) * at, (tf - t0) * ds
            f = h * phase.dynamics(t, x, u, p, data.k) / scale_x
            cost = h * b * phase.running_cost(t, x, u, p, data.k) * data.scale_cost
            path = phase.path(t, x, u, p, data.k) / data.scale_g[index, :n_g]
            zeros_f, zeros_g = jnp.zeros(n - n_x), jnp.zeros(layout.path - n_g)
            return jnp.concatenate([f, zeros_f, cost[None], path, zeros_g])

        return point

    def _ends(self, data: Data, ends: Array, p: Array) -> Array:
        """Scaled terminal cost, then boundary constraints and durations: (1 + rows,)."""
        layout = self.layout
        n = layout.n
        p = p * data.scale_p
        found = []
        for index, n_x in enumerate(layout.states):
            scale, time = data.scale_x[index, :n_x], data.scale_t[index]
            e = ends[index]
            found.append(End(e[-2] * time, e[:n_x] * scale, e[-1] * time, e[n : n + n_x] * scale))
        cost = self.functions.terminal_cost(tuple(found), p, data.k) * data.scale_cost
        rows = self.functions.boundary(tuple(found), p, data.k) / data.scale_b[: layout.boundary]
        durations = (ends[:, -1] - ends[:, -2]) if layout.free_time else jnp.zeros(0)
        return jnp.concatenate([cost[None], rows, durations])
