"""A primal-dual interior-point method with a filter line search, as one compiled program.

Follows Waechter & Biegler, Math. Program. 106 (2006) 25-57, equation numbers below refer to it, on the
Newton system of `kkt.py`. Where the line search fails, the method leaves the cost aside and takes steps of
least weighted size towards feasibility (`restoring`) until the filter accepts again.
The loop runs in pieces, so that progress is reported and limits are kept between them.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array, lax

from app.solvers.collocation.barrier import (
    SPREAD,
    Errors,
    Multipliers,
    barrier,
    distances,
    errors,
    free,
    interior,
    lagrangian_gradient,
    point_weights,
    to_boundary,
    violation,
)
from app.solvers.collocation.evaluation import Data, Derivatives, Evaluation, Values
from app.solvers.collocation.kkt import Direction, System, solve
from app.solvers.collocation.layout import Layout, Variables

RUNNING, CONVERGED, ACCEPTABLE, INFEASIBLE, STUCK, INVALID = range(6)

FILTER = 48  # entries of the filter; the oldest is dropped
TAU_MIN = 0.99
KAPPA_EPSILON, KAPPA_MU, THETA_MU = 10.0, 0.2, 1.5  # (7)
GAMMA_THETA, GAMMA_PHI = 1e-5, 1e-5  # (18)
S_THETA, S_PHI, DELTA, ETA = 1.1, 2.3, 1.0, 1e-4  # (19), (20)
DELTA_FIRST, DELTA_MIN, DELTA_MAX = 1e-4, 1e-11, 1e12  # (algorithm IC)
SHORTEST = 2.0**-14
ACCEPTABLE_ERROR, ACCEPTABLE_ITERATIONS = 1e-5, 12
FARTHEST = 1.0  # step of a (scaled) variable, relative to 1 + its size: periodic functions mislead beyond
PROXIMITY = 1e-3  # of restoration: weight of the distance moved


class State(NamedTuple):
    """Where the method stands. `w` all variables (flat), `values` there, `y` multipliers; filter entries are
    (theta, phi)."""

    w: Array
    values: Values
    y: Multipliers
    mu: Array
    filter: Array
    filter_next: Array
    theta_max: Array
    theta_min: Array
    delta: Array
    restoring: Array
    reference: Array
    reference_theta: Array
    iteration: Array
    status: Array
    error: Array
    primal: Array
    dual: Array
    cost: Array
    good: Array
    factorizations: Array


class _Search(NamedTuple):
    """One attempt at a step: see `InteriorPoint._attempts`."""

    kind: Array  # 0 Newton, 1 second-order correction, 2 Newton again, with shorter steps only
    delta: Array
    w: Array
    y: Multipliers
    accepted: Array
    armijo: Array
    failed: Array
    residual: Values
    values: Values
    factorizations: Array


class InteriorPoint:
    """The method for one layout and one set of functions; `start` and `advance` are to be jitted."""

    def __init__(self, evaluation: Evaluation, layout: Layout, corrections: bool = True) -> None:
        self.evaluation = evaluation
        self.layout = layout
        self.corrections = corrections

    def start(self, data: Data, v: Variables, y: Multipliers, mu: Array, warm: Array) -> State:
        """The first state. `warm`: bound multipliers are kept, else they follow from the distances."""
        layout = self.layout
        w = interior(data, layout.flat(v))
        inside = layout.unflat(w)
        values = self.evaluation.values(data, inside)
        slack = inside._replace(g=inside.g + values.path, b=inside.b + values.boundary)
        w = interior(data, layout.flat(slack))
        w = jnp.where(jnp.isfinite(w), w, 0.0)
        values = self.evaluation.values(data, layout.unflat(w))
        theta = violation(values)
        d = distances(data, w)
        central = (mu * data.weight / d.lower, mu * data.weight / d.upper)
        lower = jnp.where(
            d.has_lower,
            jnp.where(warm, jnp.clip(y.lower, 0.1 * central[0], 10 * central[0]), central[0]),
            0.0,
        )
        upper = jnp.where(
            d.has_upper,
            jnp.where(warm, jnp.clip(y.upper, 0.1 * central[1], 10 * central[1]), central[1]),
            0.0,
        )
        bad = ~(jnp.isfinite(theta) & jnp.isfinite(values.cost))
        zero = jnp.zeros(())
        return State(
            w=w,
            values=values,
            y=y._replace(lower=lower, upper=upper),
            mu=mu,
            filter=jnp.full((FILTER, 2), jnp.inf),
            filter_next=jnp.zeros((), int),
            theta_max=1e4 * jnp.maximum(1.0, theta),
            theta_min=1e-4 * jnp.maximum(1.0, theta),
            delta=zero,
            restoring=jnp.zeros((), bool),
            reference=w,
            reference_theta=theta,
            iteration=jnp.zeros((), int),
            status=jnp.where(bad, INVALID, RUNNING),
            error=jnp.full((), jnp.inf),
            primal=theta,
            dual=jnp.full((), jnp.inf),
            cost=values.cost,
            good=jnp.zeros((), int),
            factorizations=jnp.zeros((), int),
        )

    def advance(self, data: Data, state: State, tolerance: Array, until: Array) -> State:
        """Iterations until one of the ends, or `until` iterations have been made in all."""

        def running(state: State) -> Array:
            return (state.status == RUNNING) & (state.iteration < until)

        return lax.while_loop(running, lambda state: self._iterate(data, state, tolerance), state)

    def _iterate(self, data: Data, state: State, tolerance: Array) -> State:
        layout = self.layout
        objective = jnp.where(state.restoring, 0.0, 1.0)
        v, values = layout.unflat(state.w), state.values
        weights = point_weights(layout, state.y)
        derivatives = self.evaluation.derivatives(data, v, weights, state.y.boundary)
        derivatives = self._leave_cost(derivatives, objective)
        gradient = lagrangian_gradient(layout, derivatives, state.y) + self._pull(data, state.w)
        final = errors(layout, data, state.w, values, gradient, state.y, jnp.zeros(()))
        state = self._judge(data, state, final, values, tolerance)
        state = self._lower_barrier(data, state, values, gradient, tolerance)

        def move(state: State) -> State:
            search = self._attempts(data, state, values, derivatives)
            return self._update(data, state, values, search)

        return lax.cond(state.status == RUNNING, move, lambda state: state, state)

    def _leave_cost(self, derivatives: Derivatives, objective: Array) -> Derivatives:
        """Restoration ignores the cost and all curvature."""
        jacobian = derivatives.jacobian.at[..., self.layout.n, :].multiply(objective)
        return derivatives._replace(
            jacobian=jacobian,
            hessian=derivatives.hessian * objective,
            end_gradient=derivatives.end_gradient * objective,
            end_hessian=derivatives.end_hessian * objective,
        )

    def _judge(self, data: Data, state: State, final: Errors, values: Values, tolerance: Array) -> State:
        """Convergence tests at the current point."""
        error = final.at()
        normal = ~state.restoring
        done = normal & (error <= tolerance)
        good = jnp.where(normal & (error <= ACCEPTABLE_ERROR), state.good + 1, 0)
        acceptable = good >= ACCEPTABLE_ITERATIONS
        status = jnp.where(done, CONVERGED, jnp.where(acceptable, ACCEPTABLE, state.status))
        return state._replace(
            status=status,
            good=good,
            error=jnp.where(normal, error, jnp.inf),
            primal=final.primal,
            dual=final.dual / final.scale,
            cost=values.cost,
        )

    def _lower_barrier(
        self, data: Data, state: State, values: Values, gradient: Array, tolerance: Array
    ) -> State:
        """The barrier parameter falls while its problem is solved well enough (7); the filter is reset then."""
        least = data.floor

        def solved(mu: Array) -> Array:
            error = errors(self.layout, data, state.w, values, gradient, state.y, mu).at()
            return (error <= KAPPA_EPSILON * mu) & (mu > least) & ~state.restoring

        def lower(mu: Array) -> Array:
            return jnp.maximum(least, jnp.minimum(KAPPA_MU * mu, mu**THETA_MU))

        mu = lax.while_loop(solved, lower, state.mu)
        changed = mu < state.mu
        return state._replace(
            mu=mu,
            filter=jnp.where(changed, jnp.inf, state.filter),
            filter_next=jnp.where(changed, 0, state.filter_next),
        )

    def _system(
        self, data: Data, state: State, derivatives: Derivatives, residual: Values, delta: Array
    ) -> System:
        layout = self.layout
        d = distances(data, state.w)
        movable = free(data)
        weight = data.weight
        sigma = jnp.where(d.has_lower, state.y.lower / d.lower, 0.0)
        sigma = sigma + jnp.where(d.has_upper, state.y.upper / d.upper, 0.0)
        push = jnp.where(d.has_lower, -state.mu * weight / d.lower, 0.0)
        push = push + jnp.where(d.has_upper, state.mu * weight / d.upper, 0.0)
        size = jnp.maximum(1.0, jnp.abs(state.reference))
        near = jnp.where(state.restoring, PROXIMITY, 0.0) * weight / size**2
        diagonal = layout.unflat(sigma + near + data.pull + delta * weight)
        gradient = layout.unflat(push + near * (state.w - state.reference) + self._pull(data, state.w))
        proximal = jnp.where((data.elastic > 1e-6) | state.restoring, 0.0, 1.0)
        held, rows, row_push = layout.unflat(movable), layout.unflat(sigma), layout.unflat(push)
        weights = layout.unflat(weight)
        stiff = 1.0 / data.elastic
        diagonal = diagonal._replace(
            g=jnp.where(held.g > 0, rows.g, weights.g * stiff),
            b=jnp.where(held.b > 0, rows.b, stiff),
        )
        gradient = gradient._replace(
            g=jnp.where(held.g > 0, row_push.g, state.y.path * proximal),
            b=jnp.where(held.b > 0, row_push.b, state.y.boundary * proximal),
        )
        link = state.y.link * jnp.where(state.restoring, 0.0, 1.0)
        compliance = jnp.minimum(data.elastic, 1e-9)
        return System(derivatives, residual, diagonal, gradient, held, link, compliance)

    def _attempts(self, data: Data, state: State, values: Values, derivatives: Derivatives) -> _Search:
        """Factor with growing regularisation until convex, then search along the step; correct it once.

        When the first trial raises the violation, a second-order correction is tried (one more solve with the
        residuals of the trial), and after it the shorter Newton steps.
        """
        begin = _Search(
            kind=jnp.zeros((), int),
            delta=jnp.zeros(()),
            w=state.w,
            y=state.y,
            accepted=jnp.zeros((), bool),
            armijo=jnp.zeros((), bool),
            failed=jnp.zeros((), bool),
            residual=values,
            values=values,
            factorizations=jnp.zeros((), int),
        )

        def attempt(search: _Search) -> _Search:
            system = self._system(data, state, derivatives, search.residual, search.delta)
            direction = solve(self.layout, system)
            grown = jnp.where(
                search.delta > 0,
                search.delta * jnp.where(state.delta > 0, 8.0, 100.0),
                jnp.where(state.delta > 0, jnp.maximum(DELTA_MIN, state.delta / 3.0), DELTA_FIRST),
            )
            again = search._replace(
                delta=grown, failed=grown > DELTA_MAX, factorizations=search.factorizations + 1
            )
            return lax.cond(
                direction.convex,
                lambda: self._search(data, state, values, derivatives, direction, search),
                lambda: again,
            )

        return lax.while_loop(lambda search: ~(search.accepted | search.failed), attempt, begin)

    def _search(
        self,
        data: Data,
        state: State,
        values: Values,
        derivatives: Derivatives,
        direction: Direction,
        search: _Search,
    ) -> _Search:
        layout = self.layout
        step = layout.flat(direction.step) * free(data)
        tau = jnp.maximum(TAU_MIN, 1.0 - state.mu)
        reach = jnp.max(jnp.abs(step) / (1.0 + jnp.abs(state.w)))
        longest = jnp.minimum(to_boundary(data, state.w, step, tau), FARTHEST / jnp.maximum(reach, 1e-30))
        theta, phi, slope = self._merit(data, state, values, derivatives, step)

        def trial(alpha: Array) -> tuple[Array, Array, Array, Values]:
            w = state.w + alpha * step
            there = self.evaluation.values(data, layout.unflat(w))
            theta_t = violation(there)
            phi_t = self._phi(data, state, there, w)
            ok, armijo = self._acceptable(state, alpha, theta, phi, slope, theta_t, phi_t)
            return ok, armijo, theta_t, there

        first = jnp.where(search.kind == 2, 0.5 * longest, longest)
        tiny = jnp.max(jnp.abs(step) / (1.0 + jnp.abs(state.w))) < 1e-13

        def body(
            carry: tuple[Array, Array, Array, Array, Values],
        ) -> tuple[Array, Array, Array, Array, Values]:
            alpha, _, _, count, _ = carry
            ok, armijo, theta_t, there = trial(alpha)
            ok = ok | tiny
            worse = ~ok & (search.kind == 0) & (count == 0) & (theta_t >= theta) & jnp.isfinite(theta_t)
            correct = worse & ~state.restoring if self.corrections else jnp.zeros((), bool)
            stop = jnp.where(ok, 1, jnp.where(correct, 2, jnp.where(search.kind == 1, 3, 0)))
            following = jnp.where(ok, alpha, 0.5 * alpha)
            return following, stop, armijo, count + 1, there

        def going(carry: tuple[Array, Array, Array, Array, Values]) -> Array:
            return (carry[1] == 0) & (carry[0] > SHORTEST * jnp.minimum(longest, 1.0))

        none = jnp.zeros((), int)
        alpha, stop, armijo, _, there = lax.while_loop(
            going, body, (first, none, jnp.zeros((), bool), none, values)
        )
        accepted = stop == 1
        to_correct, corrected = stop == 2, stop == 3
        residual = Values(
            *(
                jnp.where(to_correct, 2.0 * alpha * old + new, old) if name in _RESIDUALS else old
                for name, old, new in zip(Values._fields, values, there, strict=True)
            )
        )
        return _Search(
            kind=jnp.where(to_correct, 1, jnp.where(corrected, 2, search.kind)),
            delta=search.delta,
            w=jnp.where(accepted, state.w + alpha * step, state.w),
            y=self._duals(data, state, direction, step, alpha, tau),
            accepted=accepted,
            armijo=armijo,
            failed=~(accepted | to_correct | corrected),
            residual=residual,
            values=jax.tree.map(lambda new, old: jnp.where(accepted, new, old), there, state.values),
            factorizations=search.factorizations + 1,
        )

    def _pull(self, data: Data, w: Array) -> Array:
        """Gradient of the quadratic pulls."""
        return data.pull * (w - data.pull_target)

    def _phi(self, data: Data, state: State, values: Values, w: Array) -> Array:
        """The barrier function that the filter compares, quadratic pulls included."""
        pull = 0.5 * jnp.sum(data.pull * (w - data.pull_target) ** 2)
        return values.cost + pull + barrier(data, w, state.mu)

    def _merit(
        self, data: Data, state: State, values: Values, derivatives: Derivatives, step: Array
    ) -> tuple[Array, Array, Array]:
        """Violation, barrier function and its slope along the step."""
        layout = self.layout
        n, m = layout.n, layout.m
        d = distances(data, state.w)
        push = -state.mu * data.weight * (d.has_lower / d.lower - d.has_upper / d.upper)
        parts = layout.unflat(step)
        cost_row = derivatives.jacobian[..., n, :]
        left = int(layout.transcription.left)
        slope = (push + self._pull(data, state.w)) @ step
        slope += jnp.sum(cost_row[:, :, left:, :n] * parts.x) + jnp.sum(cost_row[..., n : n + m] * parts.u)
        if left:
            nodes = jnp.concatenate([parts.ends[:, None, :n], parts.x[:, :-1, -1]], axis=1)
            slope += jnp.sum(cost_row[:, :, 0, :n] * nodes)
        common = jnp.sum(cost_row[..., n + m :], axis=(1, 2))
        if layout.free_time:
            slope += jnp.sum(common[:, :2] * parts.ends[:, -2:])
        slope += jnp.sum(common[:, layout.q - layout.parameters :] @ parts.p)
        slope += derivatives.end_gradient @ jnp.concatenate([parts.ends.ravel(), parts.p])
        return violation(values), self._phi(data, state, values, state.w), slope

    def _acceptable(
        self,
        state: State,
        alpha: Array,
        theta: Array,
        phi: Array,
        slope: Array,
        theta_t: Array,
        phi_t: Array,
    ) -> tuple[Array, Array]:
        """Whether the filter line search takes a trial point, and whether by the Armijo condition."""
        finite = jnp.isfinite(theta_t) & jnp.isfinite(phi_t)
        rounding = 10.0 * jnp.finfo(theta.dtype).eps * jnp.maximum(1.0, jnp.abs(phi))
        switching = (slope < 0) & (alpha * jnp.maximum(-slope, 0.0) ** S_PHI > DELTA * theta**S_THETA)
        descends = phi_t - phi - rounding <= ETA * alpha * slope
        smaller = (theta_t <= (1 - GAMMA_THETA) * theta) | (phi_t - rounding <= phi - GAMMA_PHI * theta)
        use_armijo = switching & (theta <= state.theta_min)
        own = jnp.where(use_armijo, descends, smaller)
        worse = (theta_t >= (1 - GAMMA_THETA) * state.filter[:, 0]) & (
            phi_t - rounding >= state.filter[:, 1] - GAMMA_PHI * state.filter[:, 0]
        )
        normal = own & ~jnp.any(worse) & (theta_t <= state.theta_max)
        restored = theta_t <= (1.0 - 1e-4 * alpha) * theta
        return finite & jnp.where(state.restoring, restored, normal), use_armijo & descends

    def _duals(
        self, data: Data, state: State, direction: Direction, step: Array, alpha: Array, tau: Array
    ) -> Multipliers:
        d = distances(data, state.w)
        y = state.y
        central = state.mu * data.weight
        lower = jnp.where(d.has_lower, (central - y.lower * step) / d.lower - y.lower, 0.0)
        upper = jnp.where(d.has_upper, (central + y.upper * step) / d.upper - y.upper, 0.0)
        ratios = [
            jnp.where(dz < 0, -tau * z / jnp.where(dz < 0, dz, -1.0), 1.0)
            for z, dz in ((y.lower, lower), (y.upper, upper))
        ]
        reach = jnp.minimum(1.0, jnp.minimum(jnp.min(ratios[0]), jnp.min(ratios[1])))
        return Multipliers(
            defect=y.defect + alpha * (direction.defect - y.defect),
            path=y.path + alpha * (direction.path - y.path),
            link=y.link + alpha * (direction.link - y.link),
            boundary=y.boundary + alpha * (direction.boundary - y.boundary),
            lower=y.lower + reach * lower,
            upper=y.upper + reach * upper,
        )

    def _update(self, data: Data, state: State, values: Values, search: _Search) -> State:
        """The next state: step taken, filter extended, or restoration begun or ended."""
        theta = violation(values)
        phi = self._phi(data, state, values, state.w)
        theta_t, phi_t = violation(search.values), self._phi(data, state, search.values, search.w)
        entry = jnp.stack([theta, phi])

        extend = (search.accepted & ~search.armijo & ~state.restoring) | (search.failed & ~state.restoring)
        place = state.filter_next % FILTER
        entries = jnp.where(extend, state.filter.at[place].set(entry), state.filter)
        place_next = jnp.where(extend, state.filter_next + 1, state.filter_next)

        feasible = theta <= 1e-8 * jnp.maximum(1.0, state.theta_min * 1e4)
        begin = search.failed & ~state.restoring & ~feasible
        stuck = search.failed & ~begin
        worse = (theta_t >= (1 - GAMMA_THETA) * entries[:, 0]) & (
            phi_t >= entries[:, 1] - GAMMA_PHI * entries[:, 0]
        )
        clean = theta_t <= 1e-3 * state.reference_theta  # so feasible that the filter's past matters no more
        better = (theta_t <= 0.9 * state.reference_theta) & ~jnp.any(worse)
        leave = state.restoring & search.accepted & (better | clean)
        entries = jnp.where(leave & clean, jnp.inf, entries)
        keep = jnp.where(begin | leave | (state.restoring & ~leave), 0.0, 1.0)
        d = distances(data, search.w)
        fresh_lower = jnp.where(d.has_lower, state.mu * data.weight / d.lower, 0.0)
        fresh_upper = jnp.where(d.has_upper, state.mu * data.weight / d.upper, 0.0)
        y = search.y
        lower = jnp.clip(y.lower, fresh_lower / SPREAD, fresh_lower * SPREAD)
        upper = jnp.clip(y.upper, fresh_upper / SPREAD, fresh_upper * SPREAD)
        renew = begin | leave
        y = Multipliers(
            defect=y.defect * keep,
            path=y.path * keep,
            link=y.link * keep,
            boundary=y.boundary * keep,
            lower=jnp.where(renew, fresh_lower, lower),
            upper=jnp.where(renew, fresh_upper, upper),
        )
        y = Multipliers(
            *(jnp.where(search.failed & ~begin, old, new) for old, new in zip(state.y, y, strict=True))
        )
        status = jnp.where(
            stuck,
            jnp.where(
                state.restoring,
                INFEASIBLE,
                jnp.where(state.error <= 10 * ACCEPTABLE_ERROR, ACCEPTABLE, STUCK),
            ),
            state.status,
        )
        return state._replace(
            w=search.w,
            values=search.values,
            y=y,
            filter=entries,
            filter_next=place_next,
            delta=jnp.where(search.delta > 0, search.delta, state.delta),
            restoring=(state.restoring | begin) & ~leave,
            reference=jnp.where(begin, state.w, state.reference),
            reference_theta=jnp.where(begin, theta, state.reference_theta),
            iteration=state.iteration + 1,
            status=status,
            factorizations=state.factorizations + search.factorizations,
        )


_RESIDUALS = frozenset({"defect", "path", "link", "boundary"})
