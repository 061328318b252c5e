"""Units of states, where the numbers of a problem and its dynamics tell different things."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import jax
import numpy as np
import pytest

from app.problems.functions import functions
from app.problems.model import Problem, parse
from app.solvers.collocation.discretization import Discretization, guess_of
from app.solvers.collocation.evaluation import Evaluation
from app.solvers.collocation.layout import Layout
from app.solvers.collocation.mesh import uniform
from app.solvers.collocation.programs import gradients
from app.solvers.collocation.scaling import Scales
from app.solvers.collocation.transcription import TRANSCRIPTIONS

INERTIA = np.array([[[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]])
"""What a unit of x, v and u changes in x and v over the horizon, all units being 1."""


def cart(**given: Any) -> Problem:
    return parse(
        {
            "states": ["x", "v"],
            "controls": ["u"],
            "time": {"t0": 0, "tf": 1},
            "dynamics": {"x": "v", "v": "u"},
            "running_cost": "u^2",
            "initial": {"x": 0, "v": 0},
            "final": {"x": 1, "v": 0},
            **given,
        }
    )


def scales(problem: Problem) -> Scales:
    return Scales.of(problem, Layout.of(problem, TRANSCRIPTIONS["radau"], 8))


def balanced(problem: Problem) -> Scales:
    """With the coupling of `INERTIA` in the units that the problem's numbers give."""
    found = scales(problem)
    units = np.append(found.x[0], found.u[0])
    return found.balanced(problem, INERTIA * units / found.x[0][:, None])


def test_units_that_fit_the_dynamics_stand() -> None:
    problem = cart()
    found = scales(problem)
    assert found.balanced(problem, INERTIA) is found


@pytest.mark.parametrize("speed", [1e-4, 1e-8])
def test_a_state_that_happens_to_begin_near_zero_gets_its_unit_from_the_dynamics(speed: float) -> None:
    problem = cart(initial={"x": 0, "v": speed})
    assert scales(problem).x[0, 1] == speed
    assert balanced(problem).x[0] == pytest.approx([1.0, 1.0])


def test_a_state_that_drives_no_other_gets_the_unit_of_what_drives_it() -> None:
    problem = cart(initial={"x": 1e-4, "v": 1}, final={"v": 2})
    assert balanced(problem).x[0] == pytest.approx([2.0, 2.0])


def test_a_nominal_value_stands() -> None:
    problem = cart(initial={"x": 0, "v": 1e-4}, nominal={"v": 1e-4})
    assert balanced(problem).x[0, 1] == 1e-4


def test_no_unit_is_raised_beyond_bounds_on_both_sides() -> None:
    problem = cart(initial={"x": 0, "v": 1e-4}, state_bounds={"v": [-0.05, 0.02]})
    assert balanced(problem).x[0, 1] == pytest.approx(0.05)


def test_dynamics_without_a_value_change_no_unit() -> None:
    problem = cart(initial={"x": 0, "v": 1e-4})
    found = scales(problem)
    assert found.balanced(problem, np.full((1, 2, 3), np.nan)) is found


def test_phases_are_balanced_apart() -> None:
    problem = cart(initial={"x": 0, "v": 1e-4})
    twice = replace(problem, phases=problem.phases * 2)
    one = scales(problem)
    both = replace(one, x=np.repeat(one.x, 2, axis=0))
    units = np.append(one.x[0], one.u[0])
    coupling = np.concatenate([INERTIA * units / one.x[0][:, None], np.zeros((1, 2, 3))])
    assert both.balanced(twice, coupling).x == pytest.approx(np.array([[1.0, 1.0], [1.0, 1e-4]]))


def test_a_cost_that_nothing_changes_is_not_scaled_by_its_rounding_errors() -> None:
    problem = parse(
        {
            "states": ["x"],
            "controls": ["angle"],
            "constants": {"speed": 2.138},
            "time": {"t0": 0, "tf": 1},
            "dynamics": {"x": "speed*cos(angle)"},
            "running_cost": "(speed*cos(angle))^2+(speed*sin(angle))^2",
            "initial": {"x": 0},
            "guess": {"angle": [0.3, 1.1]},
        }
    )
    layout = Layout.of(problem, TRANSCRIPTIONS["radau"], 8)
    mesh = Discretization(problem, layout, uniform(1, 8), Scales.of(problem, layout))
    found = jax.jit(partial(gradients, Evaluation(functions(problem), layout)))(
        mesh.data(), mesh.variables(guess_of(problem))
    )
    assert mesh.scales.measured(*map(np.asarray, found[:4])).cost == 1.0
