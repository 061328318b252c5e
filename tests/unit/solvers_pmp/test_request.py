"""What the solver `pmp` takes, and what is answered when it is asked for something else."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from app.errors import InvalidInput
from app.solvers.request import check, solvers

PLAIN: dict[str, Any] = {
    "states": ["x", "v"],
    "controls": ["u"],
    "time": {"tf": 1},
    "dynamics": {"x": "v", "v": "u"},
    "running_cost": "u^2",
    "initial": {"x": 0, "v": 0},
    "final": {"x": 1, "v": 0},
}


def faults(config: dict[str, Any], options: dict[str, Any] | None = None) -> dict[str, str]:
    with pytest.raises(InvalidInput) as raised:
        check("pmp", config, options)
    return {fault.field: fault.message for fault in raised.value.errors}


def test_it_is_listed_with_its_options() -> None:
    [listed] = [solver for solver in solvers() if solver.name == "pmp"]
    assert set(listed.options["properties"]) == {
        "max_iterations",
        "tolerance",
        "time_limit_s",
        "segments",
        "max_restructures",
        "estimate_intervals",
        "continuation",
    }


def test_bounds_of_states_and_boundary_constraints_are_taken() -> None:
    more = {"state_bounds": {"v": [-9, 9]}, "boundary_constraints": [{"expr": "x_f - v_f", "lower": 0}]}
    request = check("pmp", {"problem": {**PLAIN, **more}})
    assert request.solver_type == "pmp"
    assert request.options["tolerance"] == 1e-9


def test_each_path_constraint_is_refused_by_its_field() -> None:
    rows = [{"expr": "v", "upper": 2}, {"expr": "u*v", "lower": -1, "upper": 1}]
    found = faults({"problem": {**PLAIN, "path_constraints": rows}})
    assert set(found) == {
        "problem_config.problem.path_constraints.0",
        "problem_config.problem.path_constraints.1",
    }
    assert set(found.values()) == {"the solver 'pmp' takes no path constraints"}


def test_several_phases_are_refused() -> None:
    phase = {key: PLAIN[key] for key in ("states", "controls", "dynamics", "running_cost")}
    first = {**phase, "name": "a", "time": {"t0": 0, "tf": 1}, "initial": {"x": 0, "v": 0}}
    second = {**phase, "name": "b", "time": {"t0": 1, "tf": 2}, "final": {"x": 1, "v": 0}}
    links = [{"expr": "b_x_0 - a_x_f"}, {"expr": "b_v_0 - a_v_f"}]
    found = faults({"problem": {"phases": [first, second], "links": links}})
    assert found == {"problem_config.problem.phases": "the solver 'pmp' takes one phase"}


def test_sweeps_are_refused() -> None:
    problem = {**PLAIN, "constants": {"m": [1, 2]}, "dynamics": {"x": "v", "v": "u/m"}}
    assert faults({"problem": problem}) == {
        "problem_config.problem.constants": "the solver 'pmp' takes no sweeps"
    }


def test_a_template_with_path_constraints_is_refused_too() -> None:
    assert list(faults({"template": "waypoint_two_phase"})) == ["problem_config.phases"]


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"tolerance": 1e-13}, "solver_config.tolerance"),
        ({"segments": 3}, "solver_config.segments"),
        ({"segments": 2.5}, "solver_config.segments"),
        ({"estimate_intervals": 1000}, "solver_config.estimate_intervals"),
        ({"mesh_intervals": 32}, "solver_config.mesh_intervals"),
    ],
)
def test_options_outside_their_range_are_told_by_field(options: dict[str, Any], field: str) -> None:
    assert list(faults({"problem": PLAIN}, options)) == [field]


def test_checking_a_request_needs_no_jax() -> None:
    code = f"""import sys
from app.solvers.request import check
check("pmp", {{"problem": {PLAIN!r}}})
raise SystemExit("jax" in sys.modules)"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
