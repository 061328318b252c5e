"""Guesses of states whose ends only boundary constraints and links tell."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from app.problems.model import Problem, parse

BURN: dict[str, Any] = {
    "states": ["m"],
    "controls": ["u"],
    "time": {"t0": 0, "tf": 1},
    "dynamics": {"m": "-u"},
    "running_cost": "u^2/m",
    "control_bounds": {"u": [0, 1]},
}
PAYLOAD = {"parameters": {"load": {"lower": 10, "upper": 30}}}


def ends(problem: Problem, phase: int = 0) -> list[float]:
    return [float(x) for x in problem.phases[phase].guess_x[[0, -1], 0]]


def stated(*rows: dict[str, Any], **more: Any) -> Problem:
    return parse({**BURN, **PAYLOAD, **more, "boundary_constraints": list(rows)})


def test_a_mass_that_is_the_sum_of_its_parts_is_guessed_so() -> None:
    problem = stated({"expr": "m_0 - (100 + load)", "lower": 0, "upper": 0})
    assert ends(problem) == pytest.approx([120, 120])
    assert problem.faults == ()  # the running cost divides by it


def test_both_ends_may_be_told() -> None:
    first = {"expr": "m_0 - m_f", "lower": 50, "upper": 50}
    problem = stated(first, {"expr": "2*m_f", "lower": 20, "upper": 20})
    assert ends(problem) == pytest.approx([60, 10])


def test_links_tell_it_from_phase_to_phase() -> None:
    phases = [
        {**BURN, "name": "one", "initial": {"m": 100}},
        {**BURN, "name": "two", "time": {"t0": 1, "tf": 2}},
        {**BURN, "name": "three", "time": {"t0": 2, "tf": 3}, "initial": {"m": 40}},
    ]
    links = [{"expr": "two_m_0 - (one_m_f - 20)"}, {"expr": "three_m_0 - two_m_f"}]
    problem = parse({"phases": phases, "links": links})
    assert ends(problem, 1) == pytest.approx([80, 40], rel=1e-6)


@pytest.mark.parametrize(
    "more",
    [{"guess": {"m": 7}}, {"initial": {"m": 7}}, {"final": {"m": 7}}, {"state_bounds": {"m": [6, 8]}}],
)
def test_what_is_said_of_a_state_stands(more: dict[str, Any]) -> None:
    problem = stated({"expr": "m_0 + m_f", "lower": 200, "upper": 200}, **more)
    assert ends(problem) == pytest.approx([7, 7])


def test_a_guess_stays_within_its_bound() -> None:
    problem = stated({"expr": "m_0", "lower": -5, "upper": -5}, state_bounds={"m": [1, None]})
    assert np.min(problem.phases[0].guess_x) == 1


@pytest.mark.parametrize("expression", ["1/m_0", "m_f^0.5"])
def test_what_has_no_value_at_the_guess_tells_nothing(expression: str) -> None:
    problem = stated(
        {"expr": expression, "lower": 1, "upper": 1}, {"expr": "m_0 - load", "lower": 80, "upper": 80}
    )
    assert ends(problem)[0] == pytest.approx(100)


def test_every_row_of_a_sweep_has_its_own() -> None:
    problem = stated({"expr": "m_0 - dry", "lower": 0, "upper": 0}, constants={"dry": [50, 60]})
    assert [ends(row)[0] for row in problem.rows()] == pytest.approx([50, 60])
