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
    distances,
    errors,
    free,
    interior,
    lagrangian_gradient,
    largest_violation,
    point_weights,
    to_boundary,
    violation,
)
from app.solvers.collocation.evaluation import Data, Derivatives, Evaluation, Values
from app.solvers.collocation.kkt import Direction, System, solve
from app.solvers.collocation.layout import Layout, Variables
from app.solvers.collocation.merit import (
    Measure,
    Problem,
    acceptable,
    phi,
    slope,
    smooth_gradient,
    theta,
)

OPTIMISING, RESTORING, ESTIMATING = range(3)
RUNNING, CONVERGED, ACCEPTABLE, INFEASIBLE, STUCK, INVALID = range(6)

FILTER = 48  # entries of the filter; the oldest is dropped
TAU_MIN = 0.99
KAPPA_EPSILON, KAPPA_MU, THETA_MU = 10.0, 0.2, 1.5  # (7)
DELTA_FIRST, DELTA_MIN, DELTA_MAX = 1e-4, 1e-11, 1e12  # (algorithm IC)
FADING = 0.1  # what is left of the last regularisation after an iteration that needed none
SHORT, LONG, STRONGER, WEAKER = (
    0.1,
    0.5,
    8.0,
    0.5,
)  # parts of a regularised step, and what follows: `State.least`
SHORTEST = 2.0**-14
ACCEPTABLE_ERROR, ACCEPTABLE_ITERATIONS = 1e-5, 30
NEARLY = 1e-2  # error that will do for a point whose cost stands where the error was acceptable
STANDING = 1e-7  # relative change of the cost over these
RESTORED = 1e-4  # error at which restoration has converged
LARGEST_ESTIMATE = 1e3  # multipliers estimated larger than this are of no use: zero then
LARGEST_MULTIPLIER, VIOLATED = 1e6, 1e-3  # of constraints so violated: beyond, their Jacobian is singular
HARDLY = 1e-6  # violated: less than this, and a problem is not infeasible
PATIENCE = 80  # iterations of one restoration
ENOUGH = 0.5  # part of the violation at which restoration ends


class State(NamedTuple):
    """Where the method stands. `w` all variables (flat), `values` there, `y` multipliers; filter entries are
    (theta, phi). `estimating`: the next iteration finds multipliers and does not move (section 3.6).
    `least`: regularisation to begin with. A Hessian that is only just convex makes steps far beyond where its
    model holds: where the line search cut one short, the next is regularised more (as Levenberg & Marquardt do).
    `good`: iterations whose error was acceptable since the cost left `good_cost`."""

    w: Array
    values: Values
    y: Multipliers
    mu: Array
    filter: Array
    filter_next: Array
    theta_max: Array
    theta_min: Array
    delta: Array
    least: Array
    estimating: Array
    restoring: Array
    reference: Array
    reference_theta: Array
    since: Array
    iteration: Array
    status: Array
    error: Array
    primal: Array
    dual: Array
    cost: Array
    good: Array
    good_cost: Array
    factorizations: Array


class _Search(NamedTuple):
    """One attempt at a step: see `InteriorPoint._attempts`."""

    kind: Array  # 0 Newton, 1 second-order correction, 2 Newton again, with shorter steps only
    delta: Array
    w: Array
    y: Multipliers
    accepted: Array
    part: Array  # of the longest step allowed: how much was accepted
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

    def start(self, data: Data, v: Variables, y: Multipliers, mu: Array, mode: Array) -> State:
        """The first state; bound multipliers follow from the distances where larger ones are not given. `mode` is
        what comes first.

        OPTIMISING, RESTORING (feasibility) or ESTIMATING (multipliers, by least squares).
        """
        layout = self.layout
        w = interior(data, layout.flat(v), mu)
        inside = layout.unflat(w)
        values = self.evaluation.values(data, inside)
        slack = inside._replace(g=inside.g + values.path, b=inside.b + values.boundary)
        w = interior(data, layout.flat(slack), mu)
        w = jnp.where(jnp.isfinite(w), w, 0.0)
        values = self.evaluation.values(data, layout.unflat(w))
        theta = violation(values)
        d = distances(data, w)
        lower = jnp.where(d.has_lower, jnp.maximum(y.lower, mu * data.weight / d.lower), 0.0)
        upper = jnp.where(d.has_upper, jnp.maximum(y.upper, mu * data.weight / d.upper), 0.0)
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
            least=zero,
            estimating=mode == ESTIMATING,
            restoring=mode == RESTORING,
            reference=w,
            reference_theta=theta,
            since=jnp.zeros((), int),
            iteration=jnp.zeros((), int),
            status=jnp.where(bad, INVALID, RUNNING),
            error=jnp.full((), jnp.inf),
            primal=theta,
            dual=jnp.full((), jnp.inf),
            cost=values.cost,
            good=jnp.zeros((), int),
            good_cost=jnp.full((), jnp.inf),
            factorizations=jnp.zeros((), int),
        )

    def advance(self, data: Data, state: State, tolerance: Array, until: Array) -> State:
        """Iterations until one of the ends, or `until` iterations have been made in all."""

        def running(state: State) -> Array:
            return (state.status == RUNNING) & (state.iteration < until)

        return lax.while_loop(running, lambda state: self._iterate(data, state, tolerance), state)

    def _iterate(self, data: Data, state: State, tolerance: Array) -> State:
        layout = self.layout
        problem = Problem.of(data, state.restoring, state.reference, state.mu)
        v, values = layout.unflat(state.w), state.values
        weights = point_weights(layout, state.y)
        derivatives = self.evaluation.derivatives(data, v, weights, state.y.boundary)
        derivatives = self._without(derivatives, problem.objective, state.estimating)
        gradient = lagrangian_gradient(layout, derivatives, state.y)
        gradient = gradient + smooth_gradient(data, problem, state.w)
        yielding = self._yielding(data, problem, state)
        found = errors(layout, data, state.w, yielding, gradient, state.y)
        state = self._judge(state, found, values, tolerance)
        state = self._judge_restoration(state, found)
        state = self._lower_barrier(data, state, found, tolerance)

        def move(state: State) -> State:
            current = problem._replace(mu=state.mu)
            here = self._measure(data, current, values, state.w)
            search = self._attempts(data, current, state, values, derivatives, here)
            return self._update(data, state, values, search, here)

        return lax.cond(state.status == RUNNING, move, lambda state: state, state)

    def _yielding(self, data: Data, problem: Problem, state: State) -> Values:
        """Residuals less what elastic rows yield under their multipliers."""
        weight = self.layout.unflat(data.weight).g
        values, y = state.values, state.y
        return values._replace(
            path=values.path - problem.elastic * problem.rows * y.path / weight,
            boundary=values.boundary - problem.elastic * problem.rows * y.boundary,
            link=values.link - problem.link_elastic * problem.links * y.link,
        )

    def _judge_restoration(self, state: State, found: Errors) -> State:
        """Restoration that has converged while constraints are violated: locally infeasible."""
        ended = (found.at(state.mu) <= RESTORED) | (state.since >= PATIENCE)
        over = state.restoring & ended & (state.status == RUNNING)
        return state._replace(status=jnp.where(over, self._unrestored(state), state.status))

    def _unrestored(self, state: State) -> Array:
        """How restoration ends that leaves constraints violated; hardly violated, they tell nothing."""
        return jnp.where(largest_violation(state.values) > HARDLY, INFEASIBLE, STUCK)

    def _without(self, derivatives: Derivatives, objective: Array, estimating: Array) -> Derivatives:
        """Restoration ignores the cost and all curvature, the estimate of multipliers curvature."""
        curved = objective * jnp.where(estimating, 0.0, 1.0)
        return derivatives._replace(
            jacobian=derivatives.jacobian.at[..., self.layout.n, :].multiply(objective),
            hessian=derivatives.hessian * curved,
            end_gradient=derivatives.end_gradient * objective,
            end_hessian=derivatives.end_hessian * curved,
        )

    def _judge(self, state: State, found: Errors, values: Values, tolerance: Array) -> State:
        """Convergence tests at the current point."""
        error = found.at(jnp.zeros(()))
        normal = ~state.restoring
        done = normal & (error <= tolerance)
        near = normal & (error <= ACCEPTABLE_ERROR)
        moved = self._moved(state, values)
        good = jnp.where(near, jnp.where(moved, 0, state.good) + 1, state.good)
        acceptable = near & (good >= ACCEPTABLE_ITERATIONS)
        status = jnp.where(done, CONVERGED, jnp.where(acceptable, ACCEPTABLE, state.status))
        return state._replace(
            status=status,
            good=good,
            good_cost=jnp.where(near & moved, values.cost, state.good_cost),
            error=jnp.where(normal, error, jnp.inf),
            primal=largest_violation(values),
            dual=found.dual / found.scale,
            cost=values.cost,
        )

    def _moved(self, state: State, values: Values) -> Array:
        """Whether the cost has left the one at which the error was acceptable."""
        return jnp.abs(values.cost - state.good_cost) > STANDING * jnp.abs(values.cost)

    def _lower_barrier(self, data: Data, state: State, found: Errors, tolerance: Array) -> State:
        """The barrier parameter falls while its problem is solved well enough (7); the filter is reset then.

        Not below what the tolerance asks for: bounds that are met more closely only make the system stiffer.
        """
        least = jnp.maximum(data.floor, tolerance / (KAPPA_EPSILON + 1.0))

        def solved(mu: Array) -> Array:
            return (found.at(mu) <= KAPPA_EPSILON * mu) & (mu > least) & ~state.restoring

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
        self,
        data: Data,
        problem: Problem,
        state: State,
        derivatives: Derivatives,
        residual: Values,
        delta: Array,
    ) -> System:
        layout = self.layout
        d = distances(data, state.w)
        weight = data.weight
        sigma = jnp.where(d.has_lower, state.y.lower / d.lower, 0.0)
        sigma = sigma + jnp.where(d.has_upper, state.y.upper / d.upper, 0.0)
        push = jnp.where(d.has_lower, -state.mu * weight / d.lower, 0.0)
        push = push + jnp.where(d.has_upper, state.mu * weight / d.upper, 0.0)
        held, rows, rows_push = layout.unflat(free(data)), layout.unflat(sigma), layout.unflat(push)
        give_path, give_rows = problem.rows / layout.unflat(weight).g, problem.rows
        old = 1.0 - problem.elastic
        old_path, old_rows = old * state.y.path, old * state.y.boundary

        def stiffness(held: Array, sigma: Array, push: Array, give: Array, old: Array) -> tuple[Array, Array]:
            """Of a row with its slack, in series with its compliance: stiffness, multiplier at rest."""
            yielding = 1.0 + sigma * give
            return (
                jnp.where(held > 0, sigma / yielding, 1.0 / give),
                jnp.where(held > 0, (push + sigma * give * old) / yielding, old),
            )

        stiff_g, rest_g = stiffness(held.g, rows.g, rows_push.g, give_path, old_path)
        stiff_b, rest_b = stiffness(held.b, rows.b, rows_push.b, give_rows, old_rows)
        diagonal = layout.unflat(sigma + problem.near + data.pull + delta * weight)
        gradient = layout.unflat(push + smooth_gradient(data, problem, state.w))
        return System(
            derivatives=derivatives,
            residual=residual,
            diagonal=diagonal._replace(g=stiff_g, b=stiff_b),
            gradient=gradient._replace(g=rest_g, b=rest_b),
            free=held,
            y=state.y,
            link_multiplier=state.y.link * problem.objective,
            compliance=problem.links,
            give_path=give_path,
            give_rows=give_rows,
            old_path=old_path,
            old_rows=old_rows,
        )

    def _attempts(
        self,
        data: Data,
        problem: Problem,
        state: State,
        values: Values,
        derivatives: Derivatives,
        here: Measure,
    ) -> _Search:
        """Factor with growing regularisation until convex, then search along the step; correct it once.

        When the first trial raises the violation, a second-order correction is tried (one more solve with the
        residuals of the trial), and after it the shorter Newton steps.
        """
        moving = jnp.where(state.estimating, 0.0, 1.0)
        rest = {name: getattr(values, name) * moving for name in _RESIDUALS}
        begin = _Search(
            kind=jnp.zeros((), int),
            delta=jnp.where(state.estimating, 1.0, state.least),
            w=state.w,
            y=state.y,
            accepted=jnp.zeros((), bool),
            part=jnp.ones(()),
            armijo=jnp.zeros((), bool),
            failed=jnp.zeros((), bool),
            residual=values._replace(**rest),
            values=values,
            factorizations=jnp.zeros((), int),
        )

        def attempt(search: _Search) -> _Search:
            system = self._system(data, problem, state, derivatives, search.residual, search.delta)
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
                lambda: self._search(data, problem, state, values, derivatives, direction, here, search),
                lambda: again,
            )

        return lax.while_loop(lambda search: ~(search.accepted | search.failed), attempt, begin)

    def _search(
        self,
        data: Data,
        problem: Problem,
        state: State,
        values: Values,
        derivatives: Derivatives,
        direction: Direction,
        here: Measure,
        search: _Search,
    ) -> _Search:
        layout = self.layout
        step = layout.flat(direction.step) * free(data) * jnp.where(state.estimating, 0.0, 1.0)
        tau = jnp.maximum(TAU_MIN, 1.0 - state.mu)
        reach = jnp.max(jnp.abs(step) / (1.0 + jnp.abs(state.w)))
        longest = jnp.minimum(to_boundary(data, state.w, step, tau), data.reach / jnp.maximum(reach, 1e-30))
        longest = jnp.minimum(longest, self._shrinking(state, step))
        down = slope(layout, data, problem, values, derivatives, direction, state.w, step)

        def trial(alpha: Array) -> tuple[Array, Array, Array, Values]:
            w = state.w + alpha * step
            there = self.evaluation.values(data, layout.unflat(w))
            measure = self._measure(data, problem, there, w)
            limits = (state.filter, state.theta_max, state.theta_min)
            ok, armijo = acceptable(*limits, here, down, alpha, measure)
            return ok, armijo, measure.theta, there

        first = jnp.where(search.kind == 2, 0.5 * longest, longest)
        tiny = jnp.max(jnp.abs(step) / (1.0 + jnp.abs(state.w))) < 1e-13

        def body(
            carry: tuple[Array, Array, Array, Array, Values],
        ) -> tuple[Array, Array, Array, Array, Values]:
            alpha, _, _, count, _ = carry
            ok, armijo, theta_t, there = trial(alpha)
            ok = ok | tiny
            worse = ~ok & (search.kind == 0) & (count == 0) & (theta_t >= here.theta) & jnp.isfinite(theta_t)
            correct = worse & (problem.elastic == 0) if self.corrections else jnp.zeros((), bool)
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
            part=alpha / jnp.maximum(longest, 1e-30),
            armijo=armijo,
            failed=~(accepted | to_correct | corrected),
            residual=residual,
            values=jax.tree.map(lambda new, old: jnp.where(accepted, new, old), there, state.values),
            factorizations=search.factorizations + 1,
        )

    def _shrinking(self, state: State, step: Array) -> Array:
        """The longest step that shortens no phase to less than half: linear models of short phases mislead."""
        if not self.layout.free_time:
            return jnp.ones(())
        ends, moves = self.layout.unflat(state.w).ends, self.layout.unflat(step).ends
        duration, change = ends[:, -1] - ends[:, -2], moves[:, -1] - moves[:, -2]
        shrinks = (change < 0) & (duration > 0)
        return jnp.min(jnp.where(shrinks, -0.5 * duration / jnp.where(shrinks, change, -1.0), jnp.inf))

    def _measure(self, data: Data, problem: Problem, values: Values, w: Array) -> Measure:
        return Measure(theta(problem, values), phi(self.layout, data, problem, values, w))

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

    def _update(self, data: Data, state: State, values: Values, search: _Search, here: Measure) -> State:
        """The next state: step taken, filter extended, or restoration begun or ended."""
        entry = jnp.stack([here.theta, here.phi])
        extend = search.accepted & ~search.armijo & ~state.estimating
        entries = jnp.where(extend, state.filter.at[state.filter_next % FILTER].set(entry), state.filter)

        violated, after = violation(values), violation(search.values)
        feasible = violated <= 1e-8 * jnp.maximum(1.0, state.theta_min * 1e4)
        stood = (state.good > 0) & ~self._moved(state, values)  # it was acceptable, and the cost is the same
        stood = stood & (state.error <= NEARLY)
        settled = feasible | stood  # nothing is to be restored
        begin = search.failed & ~state.restoring & ~settled
        leave = state.restoring & search.accepted & (after <= ENOUGH * state.reference_theta)
        turn = begin | leave  # another problem from here on: its own filter and multipliers
        barred = (
            jnp.full((FILTER, 2), jnp.inf).at[0].set(jnp.stack([ENOUGH * state.reference_theta, -jnp.inf]))
        )
        fresh = jnp.where(leave, barred, jnp.full((FILTER, 2), jnp.inf))
        status = jnp.where(
            search.failed & ~begin,
            jnp.where(
                state.restoring,
                self._unrestored(state),
                jnp.where(stood | (state.error <= 10 * ACCEPTABLE_ERROR), ACCEPTABLE, STUCK),
            ),
            state.status,
        )
        faded = jnp.where(state.delta > DELTA_FIRST, FADING * state.delta, 0.0)
        # with restoration the limits of the filter are those of its own, smaller violation
        size = jnp.where(begin, jnp.sum(jnp.abs(values.defect)), after)
        return state._replace(
            w=search.w,
            values=search.values,
            y=self._next_multipliers(data, state, search, turn),
            filter=jnp.where(turn, fresh, entries),
            filter_next=jnp.where(turn, 1, jnp.where(extend, state.filter_next + 1, state.filter_next)),
            theta_max=jnp.where(turn, 1e4 * jnp.maximum(1.0, size), state.theta_max),
            theta_min=jnp.where(turn, 1e-4 * jnp.maximum(1.0, size), state.theta_min),
            delta=jnp.where(state.estimating, state.delta, jnp.where(search.delta > 0, search.delta, faded)),
            least=jnp.where(turn | state.estimating, 0.0, self._least(state, search)),
            estimating=leave,
            restoring=(state.restoring | begin) & ~leave,
            reference=jnp.where(begin, state.w, state.reference),
            reference_theta=jnp.where(begin, violated, state.reference_theta),
            since=jnp.where(state.restoring & ~leave, state.since + 1, 0),
            iteration=state.iteration + 1,
            status=status,
            factorizations=state.factorizations + search.factorizations,
        )

    def _least(self, state: State, search: _Search) -> Array:
        """The regularisation that the next iteration begins with; see `State.least`."""
        raised = STRONGER * jnp.maximum(search.delta, DELTA_FIRST * jnp.minimum(1.0, state.mu))
        lowered = jnp.where(state.least > DELTA_MIN, WEAKER * state.least, 0.0)
        kept = jnp.where(search.part >= LONG, lowered, state.least)
        return jnp.where(search.accepted & (search.delta > 0) & (search.part < SHORT), raised, kept)

    def _next_multipliers(self, data: Data, state: State, search: _Search, turn: Array) -> Multipliers:
        """Those of the step, bound multipliers kept near the central path; fresh ones for another problem."""
        d = distances(data, search.w)
        lower = jnp.where(d.has_lower, state.mu * data.weight / d.lower, 0.0)
        upper = jnp.where(d.has_upper, state.mu * data.weight / d.upper, 0.0)
        y = Multipliers(
            *(jnp.where(search.failed, old, new) for old, new in zip(state.y, search.y, strict=True))
        )
        size = jnp.max(
            jnp.stack([jnp.max(jnp.abs(part), initial=0.0) for part in (y.defect, y.path, y.link)])
        )
        violated = largest_violation(search.values) > VIOLATED
        useless = state.estimating & ~(size <= LARGEST_ESTIMATE)
        useless = useless | (violated & ~(size <= LARGEST_MULTIPLIER))
        keep = jnp.where(turn | useless, 0.0, 1.0)
        return Multipliers(
            defect=y.defect * keep,
            path=y.path * keep,
            link=y.link * keep,
            boundary=y.boundary * keep,
            lower=jnp.where(turn, lower, jnp.clip(y.lower, lower / SPREAD, lower * SPREAD)),
            upper=jnp.where(turn, upper, jnp.clip(y.upper, upper / SPREAD, upper * SPREAD)),
        )


_RESIDUALS = frozenset({"defect", "path", "link", "boundary"})
