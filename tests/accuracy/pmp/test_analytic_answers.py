"""Problems whose costs, costates and junctions are known in closed form, or from a Riccati equation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from app.solvers.request import check
from app.solvers.run import run

Array = NDArray[np.float64]
NEGLIGIBLE = 1e-8


@dataclass(frozen=True)
class Known:
    """A problem with its cost, costates as functions of time, and the arcs of its control.

    `arcs`: kinds in order; `junctions`: the times between them.
    """

    problem: dict[str, Any]
    cost: float
    costates: dict[str, Callable[[Array], Array]]
    arcs: tuple[str, ...] = ("interior",)
    junctions: tuple[float, ...] = ()


def energy() -> Known:
    """u = 6 - 12 t, and p_v = -2 u."""
    problem = {
        "states": ["x", "v"],
        "controls": ["u"],
        "time": {"tf": 1},
        "dynamics": {"x": "v", "v": "u"},
        "running_cost": "u^2",
        "initial": {"x": 0, "v": 0},
        "final": {"x": 1, "v": 0},
    }
    costates = {"x": lambda t: np.full_like(t, -24.0), "v": lambda t: 24 * t - 12}
    return Known(problem, 12.0, costates)


def linear_quadratic() -> Known:
    """p = 2 P x, where P solves the Riccati equation backwards from the terminal weight."""
    a, b = np.array([[0.0, 1.0], [-1.0, -0.5]]), np.array([[0.0], [1.0]])
    terminal, tf, start = np.diag([2.0, 0.0]), 3.0, np.array([1.0, -0.5])

    def riccati(_: float, flat: Array) -> Array:
        p = flat.reshape(2, 2)
        return -(a.T @ p + p @ a - p @ b @ b.T @ p + np.eye(2)).ravel()

    accuracy = {"rtol": 1e-12, "atol": 1e-13, "dense_output": True}
    backwards = solve_ivp(riccati, (tf, 0.0), terminal.ravel(), **accuracy).sol

    def closed_loop(t: float, x: Array) -> Array:
        return (a - b @ b.T @ backwards(t).reshape(2, 2)) @ x

    states = solve_ivp(closed_loop, (0.0, tf), start, **accuracy).sol

    def costate(row: int) -> Callable[[Array], Array]:
        return lambda t: np.array([2 * backwards(s).reshape(2, 2)[row] @ states(s) for s in t])

    problem = {
        "states": ["x", "v"],
        "controls": ["u"],
        "time": {"tf": tf},
        "dynamics": {"x": "v", "v": "-x - v/2 + u"},
        "running_cost": "x^2 + v^2 + u^2",
        "terminal_cost": "2*x_f^2",
        "initial": {"x": 1, "v": -0.5},
    }
    cost = float(start @ backwards(0.0).reshape(2, 2) @ start)
    return Known(problem, cost, {"x": costate(0), "v": costate(1)})


def time_dependent() -> Known:
    """u = -p with p = (1 - t^2)/2; the cost is minus half the integral of p^2."""
    problem = {
        "states": ["x"],
        "controls": ["u"],
        "time": {"tf": 1},
        "dynamics": {"x": "u"},
        "running_cost": "u^2/2 + t*x",
        "initial": {"x": 0},
    }
    return Known(problem, -1 / 15, {"x": lambda t: (1 - t**2) / 2})


def minimum_time() -> Known:
    """Full thrust back, then forth, each for one unit of time."""
    problem = {
        "states": ["x", "v"],
        "controls": ["u"],
        "time": {"tf": {"free": True, "lower": 0.1, "upper": 10, "guess": 3}},
        "dynamics": {"x": "v", "v": "u"},
        "terminal_cost": "tf",
        "control_bounds": {"u": [-1, 1]},
        "initial": {"x": 1, "v": 0},
        "final": {"x": 0, "v": 0},
    }
    return Known(problem, 2.0, {"x": np.ones_like, "v": lambda t: 1 - t}, ("lower", "upper"), (1.0,))


def saturated() -> Known:
    """At its bound until p = 1/2; from there on x = A cosh(T - t), p = A sinh(T - t), u = -p."""
    tf, start, bound = 2.0, 2.0, 0.5
    left = brentq(lambda s: bound / np.tanh(s) - start + bound * (tf - s), 0.01, tf)
    amplitude, leaves = bound / np.sinh(left), tf - left

    def costate(t: Array) -> Array:
        early = bound + ((start - bound * t) ** 2 - (start - bound * leaves) ** 2) / (2 * bound)
        return np.where(t < leaves, early, amplitude * np.sinh(tf - t))

    first = (start**3 - (start - bound * leaves) ** 3) / (6 * bound) + bound**2 * leaves / 2
    second = amplitude**2 * np.sinh(2 * left) / 4
    problem = {
        "states": ["x"],
        "controls": ["u"],
        "time": {"tf": tf},
        "dynamics": {"x": "u"},
        "running_cost": "(x^2 + u^2)/2",
        "control_bounds": {"u": [-bound, bound]},
        "initial": {"x": start},
    }
    return Known(problem, first + second, {"x": costate}, ("lower", "interior"), (leaves,))


def singular() -> Known:
    """Down to x = 0 as fast as may be, and there the control is singular: p = 0."""
    problem = {
        "states": ["x"],
        "controls": ["u"],
        "time": {"tf": 2},
        "dynamics": {"x": "u"},
        "running_cost": "x^2",
        "control_bounds": {"u": [-1, 1]},
        "initial": {"x": 1},
    }
    costate = {"x": lambda t: np.maximum(1 - t, 0) ** 2}
    return Known(problem, 1 / 3, costate, ("lower", "singular"), (1.0,))


def fishery() -> Known:
    """The stock grows to half its capacity, where it yields most, is held there, and sold out in the end.

    Clark, Mathematical Bioeconomics, ch. 2. A fish is worth 1 on the singular arc.
    """
    tf, stock = 6.0, 0.2
    grown = float(np.log((1 - stock) / stock))

    def falling(_: float, x: Array) -> Array:
        return x * (1 - x) - 1

    def emptied(_: float, x: Array) -> float:
        return float(x[0] - stock)

    emptied.terminal = True  # type: ignore[attr-defined]  # as scipy asks for it
    sale = solve_ivp(falling, (0, 9), [0.5], events=emptied, rtol=1e-12, atol=1e-13)
    sold = float(sale.t[-1])

    def worth(t: Array) -> Array:
        # H = u + p (x (1 - x) - u) keeps its value 1/4 on all arcs.
        x = 1 / (1 + (1 / stock - 1) * np.exp(-t))
        y = np.interp(t - (tf - sold), sale.t, sale.y[0])
        late = (0.25 - 1) / (y * (1 - y) - 1)
        return np.where(t < grown, 0.25 / (x * (1 - x)), np.where(t < tf - sold, 1.0, late))

    problem = {
        "states": ["x"],
        "controls": ["u"],
        "time": {"tf": tf},
        "sense": "max",
        "dynamics": {"x": "x*(1 - x) - u"},
        "running_cost": "u",
        "control_bounds": {"u": [0, 1]},
        "initial": {"x": stock},
        "final": {"x": stock},
    }
    cost = 0.25 * (tf - sold - grown) + sold
    return Known(problem, cost, {"x": worth}, ("lower", "singular", "upper"), (grown, tf - sold))


def ranges() -> Known:
    """Onto a disc, from the best place of a line, with the best gain allowed: straight ahead, at full gain."""
    problem = {
        "states": ["x", "y"],
        "controls": ["u", "w"],
        "parameters": {"a": {"lower": 0.1, "upper": 1, "guess": 0.5}},
        "time": {"tf": 1},
        "dynamics": {"x": "a*u", "y": "w"},
        "running_cost": "u^2 + w^2 + a^2",
        "initial": {"x": 3, "y": [-1, 2]},
        "boundary_constraints": [{"expr": "x_f^2 + y_f^2", "upper": 1}],
    }
    costates = {"x": lambda t: np.full_like(t, 4.0), "y": np.zeros_like}
    return Known(problem, 5.0, costates, ("interior", "interior"))


KNOWN = {
    made.__name__: made
    for made in (energy, linear_quadratic, time_dependent, minimum_time, saturated, singular, fishery, ranges)
}


@cache
def answer(name: str) -> tuple[Known, dict[str, Any]]:
    known = KNOWN[name]()
    return known, run(check("pmp", {"problem": known.problem}), lambda _: None)


pytestmark = pytest.mark.parametrize("name", KNOWN)


def test_the_cost_is_known_to_ten_digits(name: str) -> None:
    known, result = answer(name)
    assert result["status"] == "converged", result["message"]
    assert result["cost"] == pytest.approx(known.cost, rel=1e-10)
    assert result["verification"]["passed"]


def test_the_costates_are_the_known_ones(name: str) -> None:
    known, result = answer(name)
    t = np.array(result["time"])
    for state, costate in known.costates.items():
        expected = costate(t)
        # Interpolation of the reference of `fishery` is good to six digits, all others to ten.
        allowed = (1e-5 if name == "fishery" else NEGLIGIBLE) * max(1.0, float(np.max(np.abs(expected))))
        assert np.array(result["costates"][state]) == pytest.approx(expected, abs=allowed)


def test_the_arcs_are_the_known_ones_and_change_where_they_should(name: str) -> None:
    known, result = answer(name)
    arcs = result["arcs"]
    assert tuple(arc["kind"] for arc in arcs) == known.arcs
    of_one = [arc for arc in arcs if arc["control"] == arcs[0]["control"]]
    assert [arc["t_start"] for arc in of_one[1:]] == pytest.approx(known.junctions, abs=1e-8)
    assert all(before["t_end"] == pytest.approx(after["t_start"]) for before, after in pairwise(of_one))


def test_no_necessary_condition_is_left_open(name: str) -> None:
    _, result = answer(name)
    stated = dict(result["necessary_conditions"])
    # None is allowed only for conditions that the problem does not have.
    if name == "time_dependent":
        assert stated.pop("hamiltonian_constancy") is None
        assert any("Hamiltonian need not be constant" in warning for warning in result["warnings"])
    if name != "minimum_time":
        assert stated.pop("hamiltonian_end") is None
    assert max(stated.values()) <= NEGLIGIBLE
    assert result["optimality_residual"] == max(stated.values())


def test_the_hamiltonian_is_constant_and_zero_where_the_final_time_is_free(name: str) -> None:
    _, result = answer(name)
    if name == "time_dependent":
        t, x = np.array(result["time"]), np.array(result["states"]["x"])
        expected = t * x - (1 - t**2) ** 2 / 8
        assert np.array(result["hamiltonian"]) == pytest.approx(expected, abs=NEGLIGIBLE)
        return
    hamiltonian = np.array(result["hamiltonian"])
    assert np.ptp(hamiltonian) <= NEGLIGIBLE * (1 + np.max(np.abs(hamiltonian)))
    if name == "minimum_time":
        # H = p . f here, since the cost is the final time: it is minus the price of time.
        assert hamiltonian == pytest.approx(-1.0, abs=NEGLIGIBLE)
