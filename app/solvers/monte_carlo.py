"""Monte Carlo: the published control flown under constants drawn at random, and the spread of what comes of it.

The control is not optimised again: the figures tell how an open-loop control fares when the constants are not
what it was made for. What optimising again would give is told, to first order, by the sensitivities.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from app.problems.functions import End, functions, numeric_functions
from app.problems.model import Problem, with_constants
from app.solvers.compilation import Program
from app.solvers.flight import Course, Flight
from app.solvers.verification import FlownPhase

Array = NDArray[np.float64]
LANES = 256  # flown side by side
TOLERANCE = 1e-8
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


def spread(
    problem: Problem, phase: FlownPhase, p: Array, scale: Array, asked: Mapping[str, Any]
) -> dict[str, Any]:
    """Mean, standard deviation and quantiles of cost and final states, for a problem of one phase.

    `p (n_p,)` parameters, `scale (n_x,)` magnitudes of the states; `asked` are the fields of `MonteCarlo`. A
    sample starts where the problem's initial values, which may depend on constants, are with its constants.
    """
    drawn = draw(problem, asked)
    names = list(drawn)
    rows = [dict(zip(names, values, strict=True)) for values in zip(*drawn.values(), strict=True)]
    samples = with_constants(problem, rows)
    fixed = problem.phases[0].x0_lower == problem.phases[0].x0_upper
    starts = np.stack([np.where(fixed, sample.phases[0].x0_lower, phase.x[0]) for sample in samples])
    k = np.stack([sample.k for sample in samples])
    final, running = _flown(problem, phase, p, scale, starts, k)
    ends = (End(float(phase.t[0]), starts.T, float(phase.t[-1]), final.T),)
    terminal = np.asarray(numeric_functions(problem).terminal_cost(ends, p, k.T))
    costs = (-1.0 if problem.sense == "max" else 1.0) * (running + terminal)
    good = np.isfinite(costs) & np.all(np.isfinite(final), axis=1)
    return {
        "samples": len(rows),
        "lost": int(np.sum(~good)),
        "cost": _figures(costs[good]),
        "final": {
            name: _figures(column[good])
            for name, column in zip(problem.phases[0].states, final.T, strict=True)
        },
        "method": "the published control flown with constants drawn at random, without feedback",
    }


def draw(problem: Problem, asked: Mapping[str, Any]) -> dict[str, list[float]]:
    """The constants of every sample; the same seed draws the same."""
    random = np.random.default_rng(asked["seed"])
    at = {name: index for index, name in enumerate(problem.statement.constants)}
    found = {}
    for name in sorted(asked["constants"]):
        given = asked["constants"][name]
        mean = float(problem.k[at[name]]) if given["mean"] is None else given["mean"]
        found[name] = _drawn(random, given["distribution"], mean, given["std"], asked["samples"]).tolist()
    return found


def _drawn(random: np.random.Generator, distribution: str, mean: float, std: float, count: int) -> Array:
    """`mean` and `std` are those of the quantity itself, whatever its distribution."""
    if distribution == "uniform":
        return random.uniform(mean - np.sqrt(3.0) * std, mean + np.sqrt(3.0) * std, count)
    if distribution == "lognormal":
        variance = np.log1p((std / mean) ** 2)
        return random.lognormal(np.log(abs(mean)) - 0.5 * variance, np.sqrt(variance), count) * np.sign(mean)
    return random.normal(mean, std, count)


def _flown(
    problem: Problem, phase: FlownPhase, p: Array, scale: Array, starts: Array, k: Array
) -> tuple[Array, Array]:
    """Final states (B, n_x) and integrals of the running cost (B,); NaN where a flight was lost."""
    n_x, n_u, n_g = starts.shape[1], phase.u.shape[1], len(problem.phases[0].g_lower)
    flight = Flight(functions(problem), (n_x,), (n_u,), (n_g,))
    course = Course(phase.t[None], phase.u[None, :-1], phase.u[None, 1:])
    sizes = np.concatenate([scale, np.ones(1)])

    def lane(start: jax.Array, k: jax.Array) -> tuple[jax.Array, jax.Array]:
        flown = flight.fly(
            jnp.asarray(0), k, jnp.asarray(p), jnp.asarray(sizes), jnp.asarray(TOLERANCE), start[None], course
        )
        return flown.x[0, -1], flown.cost[0, -1]

    program = Program(jax.vmap(lane))
    finals, costs = [], []
    for at in range(0, len(starts), LANES):
        chosen = np.minimum(np.arange(at, at + LANES), len(starts) - 1)  # one shape for every piece
        x, cost = program(starts[chosen], k[chosen])
        finals.append(np.asarray(x))
        costs.append(np.asarray(cost))
    return np.concatenate(finals)[: len(starts)], np.concatenate(costs)[: len(starts)]


def _figures(values: Array) -> dict[str, Any] | None:
    """None where no flight reached its end."""
    if not len(values):
        return None
    return {
        "mean": float(np.mean(values)),
        "std": float(np.std(values, ddof=1)) if len(values) > 1 else 0.0,
        "quantiles": {f"{q:g}": float(np.quantile(values, q)) for q in QUANTILES},
    }
