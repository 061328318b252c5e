"""The barrier problem: bounds, their multipliers, and how far a point is from satisfying its conditions.

The barrier is weighted: a control at a place stands for a part of time, so its logarithm is weighted by that
part. Then the barrier problem, its multipliers per unit of time and its conditioning do not depend on the
mesh. Notation as in Waechter & Biegler, Math. Program. 106 (2006).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from app.leaves import Leaf
from app.solvers.collocation.evaluation import Data, Derivatives, Values
from app.solvers.collocation.layout import Layout, Variables

PUSH = 1e-2  # kappa_1, kappa_2: the start is moved this far inside its bounds, at most
NEAR = 10.0  # times the barrier parameter: as far as that when it begins near a solution
FARTHEST = 1e300  # product of distances beyond which a barrier is as good as none
SPREAD = 1e10  # kappa_Sigma: bound multipliers stay within this factor of mu / distance


class Multipliers(NamedTuple):
    """Multipliers of `defect (P, N, unknowns, n)`, `path (P, N, s, g)`, `link (P, n)`, `boundary (rows,)`,
    and of the lower and upper bounds (flat over all variables)."""

    defect: Leaf
    path: Leaf
    link: Leaf
    boundary: Leaf
    lower: Leaf
    upper: Leaf


class Distances(NamedTuple):
    """Distance to each bound (1 where there is none) and where there is one; flat."""

    lower: Array
    upper: Array
    has_lower: Array
    has_upper: Array


def free(data: Data) -> Array:
    """1 where a variable may move."""
    return (data.lower < data.upper).astype(data.lower.dtype)


def distances(data: Data, w: Array) -> Distances:
    """Distances of the point `w` (flat) from its bounds."""
    movable = data.lower < data.upper
    has_lower, has_upper = movable & jnp.isfinite(data.lower), movable & jnp.isfinite(data.upper)
    below = jnp.where(has_lower, w - data.lower, 1.0)
    above = jnp.where(has_upper, data.upper - w, 1.0)
    return Distances(below, above, has_lower, has_upper)


def interior(data: Data, w: Array, mu: Array) -> Array:
    """The point moved inside its bounds, less for a small barrier parameter; fixed variables take their value."""
    push = jnp.minimum(PUSH, NEAR * mu)
    width = data.upper - data.lower
    inside = jnp.where(jnp.isfinite(width), push * width, jnp.inf)
    low = data.lower + jnp.minimum(push * jnp.maximum(1.0, jnp.abs(data.lower)), inside)
    high = data.upper - jnp.minimum(push * jnp.maximum(1.0, jnp.abs(data.upper)), inside)
    low = jnp.where(jnp.isfinite(data.lower), low, -jnp.inf)
    high = jnp.where(jnp.isfinite(data.upper), high, jnp.inf)
    return jnp.where(data.lower < data.upper, jnp.clip(w, low, high), data.lower)


def barrier(data: Data, w: Array, mu: Array) -> Array:
    """The weighted logarithmic barrier, to be added to the cost."""
    d = distances(data, w)
    # One logarithm of both: on a CPU logarithms cost as much as the rest of a solve.
    both = jnp.minimum(d.lower * d.upper, FARTHEST)
    return -mu * jnp.sum(data.weight * jnp.log(both))


def violation(values: Values) -> Array:
    """Sum of all residuals, theta."""
    residuals = (values.defect, values.path, values.link, values.boundary)
    return sum((jnp.sum(jnp.abs(r)) for r in residuals), jnp.zeros(()))


def largest_violation(values: Values) -> Array:
    """The largest scaled residual."""
    residuals = (values.defect, values.path, values.link, values.boundary)
    return jnp.max(jnp.stack([jnp.max(jnp.abs(r), initial=0.0) for r in residuals]))


def to_boundary(data: Data, w: Array, step: Array, tau: Array) -> Array:
    """The longest step that keeps the fraction `1 - tau` of every distance."""
    d = distances(data, w)
    down = jnp.where(d.has_lower & (step < 0), -tau * d.lower / jnp.where(step < 0, step, -1.0), 1.0)
    up = jnp.where(d.has_upper & (step > 0), tau * d.upper / jnp.where(step > 0, step, 1.0), 1.0)
    return jnp.minimum(1.0, jnp.minimum(jnp.min(down, initial=1.0), jnp.min(up, initial=1.0)))


def point_weights(layout: Layout, y: Multipliers) -> Array:
    """Weights of (dynamics, cost, path) in the Lagrangian at each place, (P, N, s, n + 1 + g)."""
    a = jnp.asarray(layout.transcription.a)
    dynamics = -jnp.einsum("jl,pijx->pilx", a, y.defect)
    one = jnp.ones((*dynamics.shape[:-1], 1))
    return jnp.concatenate([dynamics, one, y.path], axis=-1)


def lagrangian_gradient(layout: Layout, derivatives: Derivatives, y: Multipliers) -> Array:
    """Gradient of cost plus multipliers times residuals, without bounds; flat over all variables."""
    n, m, left = layout.n, layout.m, int(layout.transcription.left)
    weights = point_weights(layout, y)
    z = jnp.einsum("pilyz,pily->pilz", derivatives.jacobian, weights)
    total = jnp.sum(y.defect, axis=2)  # of the interval's left node, (P, N, n)
    at_left = -total
    if left:
        at_left = at_left + z[:, :, 0, :n]
    x = y.defect + z[:, :, left:, :n]
    x = x.at[:, :-1, -1].add(at_left[:, 1:]).at[:, -1, -1].add(y.link)
    common = jnp.sum(z[..., n + m :], axis=(1, 2))
    flat = derivatives.end_gradient + derivatives.end_jacobian.T @ y.boundary
    extent = layout.phases * (2 * n + 2)
    ends = flat[:extent].reshape(layout.phases, 2 * n + 2)
    ends = ends.at[:, :n].add(at_left[:, 0]).at[:, n : 2 * n].add(-y.link)
    if layout.free_time:
        ends = ends.at[:, -2:].add(common[:, :2])
    p = flat[extent:] + jnp.sum(common[:, layout.q - layout.parameters :], axis=0)
    return layout.flat(Variables(x, z[..., n : n + m], -y.path, ends, p, -y.boundary))


class Errors(NamedTuple):
    """Largest scaled violations of the optimality conditions: stationarity and feasibility; of complementarity the
    `least` and the `largest` product of a distance and its multiplier, which tell it for every mu."""

    dual: Array
    primal: Array
    least: Array
    largest: Array
    scale: Array

    def at(self, mu: Array) -> Array:
        """The largest of them for one barrier parameter, E_mu (5)."""
        complementarity = jnp.maximum(self.largest - mu, mu - self.least)
        return jnp.maximum(jnp.maximum(self.dual, complementarity) / self.scale, self.primal)


def errors(layout: Layout, data: Data, w: Array, values: Values, gradient: Array, y: Multipliers) -> Errors:
    """Errors of the barrier problem's conditions; `gradient` as `lagrangian_gradient` gives it."""
    d = distances(data, w)
    rest = (gradient - y.lower + y.upper) * free(data) / data.weight
    inactive = jnp.isinf(data.lower) & jnp.isinf(data.upper)
    z = layout.unflat(inactive.astype(w.dtype))
    rows = layout.flat(Variables(*(jnp.zeros_like(part) for part in z))._replace(g=z.g, b=z.b))
    dual = jnp.max(jnp.abs(rest * (1.0 - rows)))
    below, above = d.lower * y.lower / data.weight, d.upper * y.upper / data.weight

    def over_bounds(pick: Callable[[Array], Array], none: float) -> tuple[Array, Array]:
        return pick(jnp.where(d.has_lower, below, none)), pick(jnp.where(d.has_upper, above, none))

    largest, least = over_bounds(jnp.max, -jnp.inf), over_bounds(jnp.min, jnp.inf)
    count = jnp.sum(d.has_lower) + jnp.sum(d.has_upper)
    bounds = jnp.sum((y.lower + y.upper) / data.weight) / jnp.maximum(count, 1)
    costate = jnp.mean(jnp.abs(jnp.sum(y.defect, axis=2)))
    scale = jnp.maximum(100.0, jnp.maximum(bounds, costate)) / 100.0
    return Errors(dual, largest_violation(values), jnp.minimum(*least), jnp.maximum(*largest), scale)
