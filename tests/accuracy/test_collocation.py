"""Collocation against the known answers in `problems/`, with default options, as a user would send them."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from app.problems.functions import End, functions
from app.problems.model import Problem, parse
from app.solvers.request import check
from app.solvers.run import run

PROBLEMS: dict[str, dict[str, Any]] = {
    problem["id"]: problem
    for file in sorted((Path(__file__).parent / "problems").glob("*.json"))
    for problem in json.loads(file.read_text())["problems"]
}
STEPS = 8
"""Runge-Kutta steps between two published times."""


def statement(name: str) -> dict[str, Any]:
    return {key: value for key, value in PROBLEMS[name].items() if key not in ("reference", "published")}


@cache
def solved(name: str) -> dict[str, Any]:
    request = check("collocation", {"problem": statement(name)})
    return run(request, lambda _: None)


def published(result: dict[str, Any]) -> list[dict[str, Any]]:
    return list(result["phases"]) if result.get("phases") else [result]


pytestmark = pytest.mark.parametrize("name", PROBLEMS)


def test_the_cost_is_the_known_one(name: str) -> None:
    result, reference = solved(name), PROBLEMS[name]["reference"]
    assert result["status"] == "converged", result["message"]
    assert result["cost"] == pytest.approx(reference["cost"], rel=reference["cost_rel_tol"])


def test_known_points_lie_on_the_trajectory(name: str) -> None:
    reference = PROBLEMS[name]["reference"]
    for point in reference.get("points", ()):
        phase = published(solved(name))[point.get("phase", 0)]
        times = np.asarray(phase["time"])
        moment = point["t"] if "t" in point else times[0] + point["s"] * (times[-1] - times[0])
        values = phase["states"].get(point["var"]) or phase["controls"][point["var"]]
        assert np.interp(moment, times, values) == pytest.approx(point["value"], abs=point["tol"]), point
    if "tf" in reference:
        tolerance = reference.get("tf_rel_tol", 1e-3)
        assert published(solved(name))[-1]["time"][-1] == pytest.approx(reference["tf"], rel=tolerance)
    for parameter, value in reference.get("parameters", {}).items():
        assert solved(name)["parameters"][parameter] == pytest.approx(value, rel=1e-3)


def test_flying_the_published_control_gives_the_published_cost(name: str) -> None:
    """By an integrator of the test's own, the control linear between the published times."""
    result = solved(name)
    problem = parse(statement(name))
    cost = flown_cost(problem, result)
    sign = -1.0 if problem.sense == "max" else 1.0
    tolerance = max(PROBLEMS[name]["reference"]["cost_rel_tol"], 1e-4)
    assert sign * cost == pytest.approx(result["cost"], rel=tolerance)


def test_the_control_keeps_its_bounds_everywhere(name: str) -> None:
    for phase, given in zip(published(solved(name)), parse(statement(name)).phases, strict=True):
        for control, lower, upper in zip(given.controls, given.u_lower, given.u_upper, strict=True):
            values = np.asarray(phase["controls"][control])
            slack = 1e-9 * (1 + np.abs(values))
            assert np.all(values >= lower - slack)
            assert np.all(values <= upper + slack)


def flown_cost(problem: Problem, result: dict[str, Any]) -> float:
    """Cost of the published control, flown from the published initial states (to be minimised)."""
    compiled = functions(problem)
    k, p = jnp.asarray(problem.k), jnp.asarray([result["parameters"][name] for name in problem.parameters])
    running, ends = 0.0, []
    for phase, given, of_phase in zip(published(result), problem.phases, compiled.phases, strict=True):
        times = jnp.asarray(phase["time"])
        states = np.array([phase["states"][name] for name in given.states]).T
        controls = np.array([phase["controls"][name] for name in given.controls]).reshape(-1, len(times)).T

        def rate(t: Any, z: Any, u: Any, of_phase: Any = of_phase) -> Any:
            cost = of_phase.running_cost(t, z[:-1], u, p, k)
            return jnp.append(of_phase.dynamics(t, z[:-1], u, p, k), cost)

        def interval(z: Any, piece: Any, rate: Any = rate) -> Any:
            t0, t1, u0, u1 = piece
            h = (t1 - t0) / STEPS

            def at(share: Any) -> Any:
                return t0 + share * (t1 - t0), u0 + share * (u1 - u0)

            def step(i: Any, z: Any) -> Any:
                (ta, ua), (tm, um), (tb, ub) = at(i / STEPS), at((i + 0.5) / STEPS), at((i + 1) / STEPS)
                k1 = rate(ta, z, ua)
                k2 = rate(tm, z + h / 2 * k1, um)
                k3 = rate(tm, z + h / 2 * k2, um)
                k4 = rate(tb, z + h * k3, ub)
                return z + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)

            return jax.lax.fori_loop(0, STEPS, step, z), None

        pieces = (times[:-1], times[1:], jnp.asarray(controls[:-1]), jnp.asarray(controls[1:]))
        start = jnp.append(jnp.asarray(states[0]), 0.0)
        final, _ = jax.jit(lambda z, pieces, interval=interval: jax.lax.scan(interval, z, pieces))(
            start, pieces
        )
        running += float(final[-1])
        ends.append(End(times[0], start[:-1], times[-1], final[:-1]))
    return running + float(compiled.terminal_cost(tuple(ends), p, k))
