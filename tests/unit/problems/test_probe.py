from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from app.problems.model import parse
from app.problems.probe import diagnose, probe

Ocp = dict[str, Any]


def test_worked_examples_have_finite_values_at_their_guess(public_problems: dict[str, Ocp]) -> None:
    for ocp in public_problems.values():
        assert probe(parse(ocp)) == []


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        (
            {"dynamics": {"x": "v", "v": "u/(x-1)"}},
            "dynamics.v",
            "'u/(x-1)' has no finite value with u = 0, x = 1",
        ),
        ({"running_cost": "u^2+log(x-3)"}, "running_cost", "'log(x-3)' has no finite value"),
        ({"running_cost": "exp(1000*x)"}, "running_cost", "'exp(1000*x)' has no finite value"),
        ({"path_constraints": [{"expr": "sqrt(-x)", "lower": 0}]}, "path_constraints.0.expr", "'sqrt(-x)'"),
        ({"terminal_cost": "1/(x_f-1)"}, "terminal_cost", "'1/(x_f-1)' has no finite value with x_f = 1"),
        ({"boundary_constraints": [{"expr": "1/v_0", "lower": 0}]}, "boundary_constraints.0.expr", "'1/v_0'"),
        (
            {"definitions": {"q": "1/v"}, "running_cost": "u*q"},
            "running_cost",
            "'q' has no finite value ('1/v'",
        ),
    ],
)
def test_a_singular_guess_is_named_with_its_cause(
    double_integrator: Ocp, change: Ocp, field: str, message: str
) -> None:
    fault, *_ = probe(parse({**double_integrator, "guess": {"x": 1, "v": 0, "u": 0}, **change}))
    assert fault.field == field
    assert message in fault.message


def test_the_time_of_the_first_singular_point_is_named(double_integrator: Ocp) -> None:
    double_integrator |= {"running_cost": "u^2+log(0.52-t)", "time": {"t0": 0, "tf": 1}}
    (fault,) = probe(parse(double_integrator))
    assert 0.52 <= fault.time < 0.56
    assert "t = 0.5" in fault.to_error().message


def test_a_value_that_is_singular_only_at_an_end_is_no_fault(double_integrator: Ocp) -> None:
    assert probe(parse({**double_integrator, "running_cost": "u^2+1/sqrt(t)"})) == []


def test_a_default_guess_is_moved_off_a_singular_value(double_integrator: Ocp) -> None:
    double_integrator |= {
        "running_cost": "u^2+1/x",
        "final": {},
        "initial": {"x": 0},
        "state_bounds": {"x": [None, 0]},
    }
    problem = parse(double_integrator)
    assert probe(problem) == []
    assert np.all(problem.phases[0].guess_x[:, 0] < 0)


def test_a_fault_inside_a_phase_names_the_phase(public_problems: dict[str, Ocp]) -> None:
    ocp = {**public_problems["waypoint_two_phase"]}
    ocp["phases"] = [dict(phase) for phase in ocp["phases"]]
    ocp["phases"][1]["running_cost"] = "log(-1-x^2)"
    ocp["terminal_cost"] = "1/(b_x_f-b_x_f)"
    faults = {fault.field: fault for fault in probe(parse(ocp))}
    assert set(faults) == {"phases.1.running_cost", "terminal_cost"}
    assert faults["phases.1.running_cost"].phase == "b"


def test_points_of_a_failed_solve_are_diagnosed(double_integrator: Ocp) -> None:
    problem = parse({**double_integrator, "dynamics": {"x": "v", "v": "u/x"}, "guess": {"x": 1}})
    t, x, u = np.array([0.0, 0.4, 0.8]), np.array([[1.0, 0.0], [0.0, 0.0], [np.nan, 0.0]]), np.ones((3, 1))
    (fault,) = diagnose(problem, 0, t, x, u, np.zeros(0))
    assert (fault.field, fault.time) == ("dynamics.v", 0.4)
    assert "with u = 1, x = 0" in fault.message


def test_a_state_may_have_the_name_of_a_number() -> None:
    problem = {
        "states": ["e"],
        "controls": ["u"],
        "dynamics": {"e": "u"},
        "running_cost": "u^2",
        "terminal_cost": "e_f + 1",
        "time": {"t0": 0, "tf": 1},
        "initial": {"e": 0},
    }
    assert probe(parse(problem)) == []
