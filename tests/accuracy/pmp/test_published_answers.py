"""Problems of the literature: published costs, and the minimum principle checked by nothing of the solver's own."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.typing import NDArray

from app.problems.functions import functions
from app.problems.model import parse
from app.solvers.request import check
from app.solvers.run import run

Array = NDArray[np.float64]
PUBLIC = Path(__file__).parents[1] / "problems" / "public.json"
STATED = {problem["id"]: problem for problem in json.loads(PUBLIC.read_text())["problems"]}
WITH_FREE_TIME = ("brachistochrone", "goddard_cops", "robot_arm")
NAMES = (*WITH_FREE_TIME, "projectile_parameters", "cstr_luus", "unstable_plant", "aly_chan")
KINDS = {
    # Goddard's rocket: full thrust, the singular arc, coasting.
    "goddard_cops": {"T": ["upper", "singular", "lower"]},
    # The arm is drawn in and raised while it turns, which makes it lighter to turn.
    "robot_arm": {
        "ur": ["lower", "upper", "lower"],
        "ut": ["upper", "lower"],
        "up": ["lower", "upper", "lower"],
    },
}
MORE: dict[str, dict[str, Any]] = {
    # Errors grow by e^50 on the way; the regulator's Riccati equation gives the cost of both ends.
    "unstable_plant": {
        "states": ["x"],
        "controls": ["u"],
        "time": {"tf": 50},
        "dynamics": {"x": "x + u"},
        "running_cost": "x^2 + u^2",
        "initial": {"x": 1},
        "final": {"x": 1},
        "reference": {"cost": 2 * np.sqrt(2), "cost_rel_tol": 1e-8},
    },
    # Aly and Chan 1973: singular from beginning to end, u = -sin t; the switching function vanishes all along.
    "aly_chan": {
        "states": ["x", "y", "c"],
        "controls": ["u"],
        "time": {"tf": "pi/2"},
        "dynamics": {"x": "y", "y": "u", "c": "(y^2 - x^2)/2"},
        "terminal_cost": "c_f + 1",
        "control_bounds": {"u": [-1, 1]},
        "initial": {"x": 0, "y": 1, "c": 0},
        "reference": {"cost": 1.0, "cost_rel_tol": 1e-8},
    },
}


def stated(name: str) -> dict[str, Any]:
    return MORE.get(name) or STATED[name]


def problem(name: str) -> dict[str, Any]:
    return {key: value for key, value in stated(name).items() if key not in ("reference", "published")}


@cache
def answer(name: str) -> dict[str, Any]:
    return run(check("pmp", {"problem": problem(name)}), lambda _: None)


def hamiltonians(name: str, controls: Array) -> Array:
    """H = L + p . f along the published trajectory with other controls (S, m), costs as the user has them."""
    parsed, result = parse(problem(name)), answer(name)
    phase, of = parsed.phases[0], functions(parsed).phases[0]
    x = np.array([result["states"][state] for state in phase.states]).T
    costates = np.array([result["costates"][state] for state in phase.states]).T
    p = jnp.array([result["parameters"][parameter] for parameter in parsed.parameters])
    sign = -1.0 if parsed.sense == "max" else 1.0  # functions are of the problem as minimised

    def one(t: Array, x: Array, u: Array, costate: Array) -> jax.Array:
        point = (t, x, u, p, parsed.k)
        return sign * of.running_cost(*point) + costate @ of.dynamics(*point)

    return np.asarray(jax.vmap(one)(jnp.array(result["time"]), x, controls, costates))


def controls_of(name: str) -> Array:
    result = answer(name)
    names = parse(problem(name)).phases[0].controls
    columns = [result["controls"][control] for control in names]
    return np.array(columns).reshape(len(names), len(result["time"])).T


@pytest.mark.parametrize("name", NAMES)
def test_the_cost_is_the_published_one(name: str) -> None:
    result, reference = answer(name), stated(name)["reference"]
    assert result["status"] == "converged", result["message"]
    assert result["cost"] == pytest.approx(reference["cost"], rel=reference["cost_rel_tol"])
    assert max(value for value in result["necessary_conditions"].values() if value is not None) <= 1e-7
    assert result["verification"]["passed"]


@pytest.mark.parametrize("name", KINDS)
def test_bang_bang_and_singular_arcs_come_in_the_known_order(name: str) -> None:
    found: dict[str, list[str]] = {control: [] for control in KINDS[name]}
    for arc in answer(name)["arcs"]:
        found[arc["control"]].append(arc["kind"])
    assert found == KINDS[name]


@pytest.mark.parametrize("name", NAMES)
def test_the_published_hamiltonian_is_that_of_the_published_trajectory(name: str) -> None:
    mine = hamiltonians(name, controls_of(name))
    size = 1e-3 + np.max(np.abs(answer(name)["hamiltonian"]))
    assert np.array(answer(name)["hamiltonian"]) == pytest.approx(mine, abs=1e-5 * size)


@pytest.mark.parametrize("name", WITH_FREE_TIME)
def test_time_has_its_price_all_along_where_the_final_time_is_free(name: str) -> None:
    result = answer(name)
    # Where the cost is the final time, H is minus the price of time; in Goddard's problem time is free.
    price = 0.0 if name == "goddard_cops" else 1.0
    assert np.array(result["hamiltonian"]) == pytest.approx(-price, abs=1e-7)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "projectile_parameters"])
def test_no_other_control_within_the_bounds_makes_the_hamiltonian_better(name: str) -> None:
    parsed, best = parse(problem(name)), hamiltonians(name, controls_of(name))
    phase, size = parsed.phases[0], 1e-3 + np.max(np.abs(best))
    sign = -1.0 if parsed.sense == "max" else 1.0
    for j in range(len(phase.controls)):
        taken = controls_of(name)
        low = max(phase.u_lower[j], np.min(taken[:, j]) - 1)
        high = min(phase.u_upper[j], np.max(taken[:, j]) + 1)
        for value in np.linspace(low, high, 21):
            taken[:, j] = value
            assert np.min(sign * (hamiltonians(name, taken) - best)) >= -1e-5 * size


def test_a_flight_that_had_to_be_set_back_says_so() -> None:
    result = answer("unstable_plant")
    assert result["verification"]["restarts"] > 0
    assert result["verification"]["restart_steps"] <= 1e-6
    assert f"set back {result['verification']['restarts']} times" in result["message"]


def test_costates_are_the_derivatives_of_the_cost_by_the_initial_states() -> None:
    statement, step = problem("cstr_luus"), 1e-3
    for state, costate in answer("cstr_luus")["costates"].items():
        costs = []
        for sign in (1, -1):
            initial = {**statement["initial"], state: statement["initial"][state] + sign * step}
            request = check("pmp", {"problem": {**statement, "initial": initial}})
            costs.append(run(request, lambda _: None)["cost"])
        assert (costs[0] - costs[1]) / (2 * step) == pytest.approx(costate[0], rel=1e-4)
