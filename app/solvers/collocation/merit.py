"""What the line search compares: violation of constraints, barrier function, its slope, and the filter.

In an elastic problem (a start that is made softly, or restoration) path and boundary constraints are no longer
constraints but a quadratic penalty; restoration also leaves the cost aside, makes links between phases' ends
elastic, and stays near the point where it began. So restoration is a problem of the same kind, solved by the
same method: where it converges with constraints violated, the problem is locally infeasible.
"""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from app.solvers.collocation.barrier import barrier, distances, violation
from app.solvers.collocation.evaluation import Data, Derivatives, Values
from app.solvers.collocation.kkt import Direction
from app.solvers.collocation.layout import Layout

GAMMA_THETA, GAMMA_PHI = 1e-5, 1e-5  # (18)
S_THETA, S_PHI, DELTA, ETA = 1.1, 2.3, 1.0, 1e-4  # (19), (20)
PROXIMITY = 1e-3  # of restoration: weight of the distance moved
SOFT = 1e-4  # compliance of constraints in restoration
ELASTIC = 1e-6  # compliance from which a problem counts as elastic
HARD = 1e-9  # compliance of links


class Problem(NamedTuple):
    """Which problem is solved: `objective` 1 or 0 (restoration), `elastic` 1 or 0, and the compliances of `rows`
    (path, boundary) and `links`; `near` (flat) weighs the distance from `reference`; `mu` the barrier."""

    objective: Array
    elastic: Array
    rows: Array
    links: Array
    near: Array
    reference: Array
    mu: Array

    @classmethod
    def of(cls, data: Data, restoring: Array, reference: Array, mu: Array) -> Problem:
        """The problem itself, or its restoration."""
        size = jnp.maximum(1.0, jnp.abs(reference))
        return cls(
            objective=jnp.where(restoring, 0.0, 1.0),
            elastic=jnp.where(restoring | (data.elastic > ELASTIC), 1.0, 0.0),
            rows=jnp.where(restoring, jnp.maximum(SOFT, data.elastic), data.elastic),
            links=jnp.where(restoring, SOFT, HARD),
            near=jnp.where(restoring, PROXIMITY, 0.0) * data.weight / size**2,
            reference=reference,
            mu=mu,
        )

    @property
    def link_elastic(self) -> Array:
        """1 where links are elastic."""
        return 1.0 - self.objective


def theta(problem: Problem, values: Values) -> Array:
    """Violation of what is a constraint in this problem."""
    soft = jnp.abs(values.path).sum() + jnp.abs(values.boundary).sum()
    links = jnp.abs(values.link).sum()
    return violation(values) - problem.elastic * soft - problem.link_elastic * links


def phi(layout: Layout, data: Data, problem: Problem, values: Values, w: Array) -> Array:
    """The barrier function, with quadratic pulls and penalties."""
    quadratic = 0.5 * jnp.sum(data.pull * (w - data.pull_target) ** 2)
    quadratic += 0.5 * jnp.sum(problem.near * (w - problem.reference) ** 2)
    weight = layout.unflat(data.weight).g
    rows = jnp.sum(weight * values.path**2) + jnp.sum(values.boundary**2)
    penalty = 0.5 * problem.elastic * rows / problem.rows
    penalty += 0.5 * problem.link_elastic * jnp.sum(values.link**2) / problem.links
    return problem.objective * values.cost + quadratic + penalty + barrier(data, w, problem.mu)


def smooth_gradient(data: Data, problem: Problem, w: Array) -> Array:
    """Gradient of pulls and of the distance from the reference, flat."""
    return data.pull * (w - data.pull_target) + problem.near * (w - problem.reference)


def slope(
    layout: Layout,
    data: Data,
    problem: Problem,
    values: Values,
    derivatives: Derivatives,
    direction: Direction,
    w: Array,
    step: Array,
) -> Array:
    """Derivative of `phi` along the step; `derivatives` have the problem's objective."""
    n, m, left = layout.n, layout.m, int(layout.transcription.left)
    d = distances(data, w)
    push = -problem.mu * data.weight * (d.has_lower / d.lower - d.has_upper / d.upper)
    parts = layout.unflat(step)
    row = derivatives.jacobian[..., n, :]
    found = (push + smooth_gradient(data, problem, w)) @ step
    found += jnp.sum(row[:, :, left:, :n] * parts.x) + jnp.sum(row[..., n : n + m] * parts.u)
    if left:
        nodes = jnp.concatenate([parts.ends[:, None, :n], parts.x[:, :-1, -1]], axis=1)
        found += jnp.sum(row[:, :, 0, :n] * nodes)
    common = jnp.sum(row[..., n + m :], axis=(1, 2))
    if layout.free_time:
        found += jnp.sum(common[:, :2] * parts.ends[:, -2:])
    found += jnp.sum(common[:, layout.q - layout.parameters :] @ parts.p)
    found += derivatives.end_gradient @ jnp.concatenate([parts.ends.ravel(), parts.p])
    weight = layout.unflat(data.weight).g
    rows = jnp.sum(values.path * direction.path) - jnp.sum(weight * values.path**2) / problem.rows
    rows += jnp.sum(values.boundary * direction.boundary) - jnp.sum(values.boundary**2) / problem.rows
    links = jnp.sum(values.link * direction.link) - jnp.sum(values.link**2) / problem.links
    return found + problem.elastic * rows + problem.link_elastic * links


class Measure(NamedTuple):
    """Violation and barrier function at a point."""

    theta: Array
    phi: Array


def acceptable(
    entries: Array,
    theta_max: Array,
    theta_min: Array,
    here: Measure,
    slope: Array,
    alpha: Array,
    there: Measure,
) -> tuple[Array, Array]:
    """Whether the filter line search takes a trial point, and whether by the Armijo condition (A-5.4)."""
    finite = jnp.isfinite(there.theta) & jnp.isfinite(there.phi)
    rounding = 10.0 * jnp.finfo(here.phi.dtype).eps * jnp.maximum(1.0, jnp.abs(here.phi))
    fast = alpha * jnp.maximum(-slope, 0.0) ** S_PHI > DELTA * here.theta**S_THETA
    descends = there.phi - here.phi - rounding <= ETA * alpha * slope
    smaller = there.theta <= (1 - GAMMA_THETA) * here.theta
    lower = there.phi - rounding <= here.phi - GAMMA_PHI * here.theta
    use_armijo = (slope < 0) & fast & (here.theta <= theta_min)
    own = jnp.where(use_armijo, descends, smaller | lower)
    worse = dominated(entries, Measure(there.theta, there.phi - rounding))
    return finite & own & ~worse & (there.theta <= theta_max), use_armijo & descends


def dominated(entries: Array, there: Measure) -> Array:
    """Whether the filter's entries (theta, phi) rule a point out."""
    worse = (there.theta >= (1 - GAMMA_THETA) * entries[:, 0]) & (
        there.phi >= entries[:, 1] - GAMMA_PHI * entries[:, 0]
    )
    return jnp.any(worse)
