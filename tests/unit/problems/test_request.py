from __future__ import annotations

import copy
import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import InvalidInput
from app.problems.library import templates
from app.solvers.request import CheckedRequest, check, solvers

Ocp = dict[str, Any]
CHAIN = {
    "n_states": 2, "n_controls": 1, "t0": 0.0, "tf": 1.0,
    "initial_state": [0.0, 0.0], "target_state": [1.0, 0.0],
}  # fmt: skip
LQ = {"A": [[0, 1], [0, 0]], "B": [[0], [1]], "Q": [[1, 0], [0, 1]], "R": [[2]], "x0": [1, 0], "tf": 5}


def fields(
    problem_config: Any, solver_config: Any = None, solver_type: Any = "collocation"
) -> dict[str, str]:
    with pytest.raises(InvalidInput) as caught:
        check(solver_type, problem_config, solver_config)
    return {error.field: f"{error.message} | {error.allowed}" for error in caught.value.errors}


def test_the_api_process_never_imports_jax() -> None:
    code = (
        "import sys; from app.solvers.request import check; "
        "check('collocation', {'template': 'brachistochrone'}); print('jax' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"


def test_a_checked_request_goes_through_json(double_integrator: Ocp) -> None:
    request = check("collocation", {"problem": double_integrator}, {"max_iterations": 100, "tolerance": 1e-6})
    assert request.options["max_iterations"] == 100
    assert request.options["transcription"] == "radau"
    assert CheckedRequest.from_json(json.loads(json.dumps(request.to_json()))) == request


def test_checking_the_canonical_problem_again_changes_nothing(public_problems: dict[str, Ocp]) -> None:
    for ocp in public_problems.values():
        request = check("collocation", {"problem": ocp})
        assert check("collocation", {"problem": request.problem}, request.options) == request


QUBIT: Ocp = {"kind": "schroedinger", "dimensions": 2, "H0": "sz", "initial": "0", "tf": 1}
FRONT: Ocp = {
    "template": "brachistochrone",
    "objectives": [{"name": "time", "terminal": "tf"}, {"name": "speed", "running": "v^2"}],
}


@pytest.mark.parametrize(
    ("solver", "config"),
    [
        *(("collocation", {"template": found.name}) for found in templates()),
        ("collocation", CHAIN),
        ("pmp", {"matrices": LQ}),
        ("magnus", {"matrices": QUBIT}),
        ("multi_objective", {"template": "zdt1"}),
        ("multi_objective", FRONT),
    ],
    ids=str,
)
def test_what_was_asked_can_be_sent_again(solver: str, config: Ocp) -> None:
    request = check(solver, config)
    body = json.loads(json.dumps(request.body()))
    assert check(**body) == request


def test_faults_of_several_objectives_are_named_where_they_stand() -> None:
    wrong = {
        "problem": {**FRONT, "objectives": [{"name": "time", "terminal": "tff"}, FRONT["objectives"][1]]}
    }
    assert "problem_config.problem.objectives.0.terminal" in fields(wrong, solver_type="multi_objective")


def shuffled(data: Any, order: Any) -> Any:
    """The same data with keys in another order, whole numbers as floats and spaces in expressions."""
    if isinstance(data, dict):
        return {key: shuffled(data[key], order) for key in order(list(data))}
    if isinstance(data, list):
        return [shuffled(item, order) for item in data]
    if isinstance(data, str) and any(c in data for c in "+*/"):
        return data.replace("+", " + ").replace("*", "*  ")
    return float(data) if isinstance(data, int) and not isinstance(data, bool) else data


@given(st.data())
def test_the_digest_depends_on_the_question_not_on_its_spelling(data: st.DataObject) -> None:
    ocp = {
        "states": ["x", "v"], "controls": ["u"], "constants": {"g": 10, "m": 2}, "sense": "min",
        "definitions": {"a": "g*u+m", "b": "a*2"}, "dynamics": {"v": "b+g", "x": "v"},
        "running_cost": "u*u+1",
        "time": {"t0": 0, "tf": {"free": True, "lower": 1, "upper": 9}}, "initial": {"x": 0, "v": "1/2"},
        "final": {"x": 1}, "control_bounds": {"u": [-1, 1]}, "guess": {"x": [0, 1], "u": 0},
        "path_constraints": [{"expr": "x+v", "upper": 5}], "title": "a title changes no answer",
    }  # fmt: skip
    other = shuffled(ocp, lambda keys: data.draw(st.permutations(keys)))
    other["title"] = "another"
    first, second = check("collocation", {"problem": ocp}), check("collocation", {"problem": other})
    assert first.digest == second.digest
    assert first.structure == second.structure


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"final": {"x": 1, "v": 0}}, {"final": {"x": [1, 1], "v": {"lower": 0, "upper": 0}}}),
        ({"state_bounds": {"x": [None, 2]}}, {"state_bounds": {"x": {"upper": 2}, "v": [None, None]}}),
        ({"guess": {"u": 2}}, {"guess": {"u": [2.0]}}),
        ({"running_cost": "u^2"}, {"running_cost": "(u)**2.0"}),
        ({"running_cost": "u^2", "terminal_cost": 1}, {"terminal_cost": "1.0"}),
        ({"time": {"t0": 0, "tf": 1}}, {"time": {"tf": "1"}}),
        ({}, {"sense": "min", "constants": {}, "links": [], "definitions": None}),
    ],
)
def test_two_spellings_of_one_problem_have_one_digest(double_integrator: Ocp, one: Ocp, other: Ocp) -> None:
    first = check("collocation", {"problem": {**double_integrator, **one}})
    assert first.digest == check("collocation", {"problem": {**double_integrator, **other}}).digest


@pytest.mark.parametrize(
    ("change", "options"),
    [
        ({"initial": {"x": 0.5, "v": 0}}, {}),
        ({"constants": {"q": 2}}, {}),
        ({"guess": {"u": 3}}, {}),
        ({}, {"tolerance": 1e-5}),
    ],
)
def test_other_numbers_make_another_question_of_the_same_structure(
    double_integrator: Ocp, change: Ocp, options: Ocp
) -> None:
    double_integrator["constants"] = {"q": 1}
    first = check("collocation", {"problem": double_integrator})
    second = check("collocation", {"problem": {**double_integrator, **change}}, options)
    assert first.digest != second.digest
    assert first.structure == second.structure


def test_a_template_and_its_written_out_problem_are_one_question() -> None:
    request = check("collocation", {"template": "brachistochrone", "overrides": {"g": 1.62}})
    assert request.problem["constants"] == {"g": 1.62}
    assert check("collocation", {"problem": request.problem}).digest == request.digest


def test_the_short_form_is_the_double_integrator(double_integrator: Ocp) -> None:
    request = check("collocation", CHAIN)
    assert request.problem["dynamics"] == {"x1": "x2", "x2": "u"}
    assert request.problem["final"] == {"x1": 1.0, "x2": 0.0}
    assert request == check("collocation", {"template": "integrator_chain"})


def test_a_chain_is_split_over_its_controls() -> None:
    chain = {
        **CHAIN,
        "n_states": 5,
        "n_controls": 2,
        "initial_state": [0] * 5,
        "target_state": [1, None, None, 2, 0],
    }
    problem = check("collocation", chain).problem
    assert problem["dynamics"] == {"x1": "x2", "x2": "x3", "x3": "u1", "x4": "x5", "x5": "u2"}
    assert problem["running_cost"] == "u1^2+u2^2"
    assert problem["final"] == {"x1": 1.0, "x4": 2.0, "x5": 0.0}


def test_matrices_are_written_out() -> None:
    matrices = {**LQ, "Q": [[1, 2], [0, 3]], "Qf": [[0, 0], [0, 4]], "xf": [0, None]}
    problem = check("collocation", {"matrices": matrices}).problem
    assert problem["dynamics"] == {"x1": "1*x2", "x2": "1*u1"}
    assert problem["running_cost"] == "weight_x1+weight_x2+weight_u1"
    assert problem["terminal_cost"] == "final_weight_x2"
    assert problem["definitions"] == {
        "weight_x1": "1*x1^2+2*x1*x2", "weight_x2": "3*x2^2",
        "weight_u1": "2*u1^2", "final_weight_x2": "4*x2_f^2",
    }  # fmt: skip
    assert problem["final"] == {"x1": 0.0}


@pytest.mark.parametrize(
    ("config", "field", "message"),
    [
        ({}, "problem_config", "states no problem"),
        ([], "problem_config", "must be an object"),
        ({"problem": 3}, "problem_config.problem", "must be an object"),
        ({"problem": {}, "template": "lq"}, "problem_config", "more than one problem"),
        ({"template": "lq", "tf": 1}, "problem_config", "more than one problem"),
        ({"problem": {}, "overrides": {}}, "problem_config.overrides", "unknown key"),
        ({"template": "brachistocrone"}, "problem_config.template", "did you mean 'brachistochrone'?"),
        ({"template": 7}, "problem_config.template", "unknown template"),
        ({**CHAIN, "initial_state": [0]}, "problem_config.initial_state", "2, one for each state"),
        ({**CHAIN, "n_states": 0}, "problem_config.n_states", "1 to 64"),
        ({**CHAIN, "n_states": 2.5}, "problem_config.n_states", "whole number"),
        ({**CHAIN, "n_controls": 3}, "problem_config.n_controls", "more controls than states"),
        ({**CHAIN, "tf": 0}, "problem_config.tf", "ends before it begins"),
        ({**CHAIN, "targetstate": [1]}, "problem_config.targetstate", "did you mean 'target_state'?"),
        ({**CHAIN, "target_state": [1, float("nan")]}, "problem_config.target_state.1", "finite number"),
        ({"matrices": {**LQ, "B": [[1]]}}, "problem_config.matrices.B", "2 x 1"),
        ({"matrices": {**LQ, "A": [[0, 1]]}}, "problem_config.matrices.A", "a square matrix"),
        ({"matrices": {**LQ, "Q": [[1, 0], [0]]}}, "problem_config.matrices.Q", "different lengths"),
        ({"matrices": {**LQ, "R": 1}}, "problem_config.matrices.R", "must be a matrix"),
        ({"matrices": {**LQ, "x0": [1, "a"]}}, "problem_config.matrices.x0.1", "finite number"),
        ({"matrices": {**LQ, "tf": -1}}, "problem_config.matrices.tf", "ends before it begins"),
    ],
)  # fmt: skip
def test_a_fault_names_the_field_of_the_request(config: Any, field: str, message: str) -> None:
    found = fields(config)
    assert field in found, found
    assert message in found[field]


@pytest.mark.parametrize(
    ("template", "overrides", "name", "message"),
    [
        ("brachistochrone", {"gg": 1}, "gg", "did you mean 'g'?"),
        ("brachistochrone", {"g": -1}, "g", "0.5 to 100 m/s^2"),
        ("brachistochrone", {"g": None}, "g", "must be a number"),
        ("brachistochrone", {"xf": "nope"}, "xf", "no constant"),
        ("brachistochrone", {"final": {"q": 1}}, "final.q", "no state"),
        ("brachistochrone", {"constants": {"q": 1}}, "constants.q", "no such"),
        ("brachistochrone", [], "", "must be an object"),
        ("integrator_chain", {"n_states": 3}, "initial_state", "2 entries"),
    ],
)
def test_a_fault_in_an_override_names_the_override(
    template: str, overrides: Any, name: str, message: str
) -> None:
    found = fields({"template": template, "overrides": overrides})
    field = f"problem_config.overrides.{name}".rstrip(".")
    assert field in found, found
    assert message in found[field]


@pytest.mark.parametrize(
    ("options", "field", "message"),
    [
        ({"max_iteration": 5}, "solver_config.max_iteration", "'max_iterations'"),
        ({"tolerance": "tight"}, "solver_config.tolerance", "number"),
        ({"tolerance": float("nan")}, "solver_config.tolerance", "finite"),
        ({"max_iterations": 0}, "solver_config.max_iterations", "greater than or equal to 1"),
        ({"time_limit_s": 4000}, "solver_config.time_limit_s", "3600"),
        ({"transcription": "euler"}, "solver_config.transcription", "radau"),
        ([], "solver_config", "dictionary"),
    ],
)
def test_a_fault_in_the_options_names_the_option(options: Any, field: str, message: str) -> None:
    found = fields({"template": "brachistochrone"}, options)
    assert field in found, found
    assert message in found[field]


def test_faults_of_problem_and_options_come_together(double_integrator: Ocp) -> None:
    broken = copy.deepcopy(double_integrator)
    broken["dynamics"]["x"] = "w"
    found = fields({"problem": broken}, {"tolerance": 2})
    assert set(found) == {"problem_config.problem.dynamics.x", "solver_config.tolerance"}


def test_a_singular_guess_is_refused_before_the_solve(double_integrator: Ocp) -> None:
    found = fields({"problem": {**double_integrator, "running_cost": "1/(u-u)"}})
    assert "no finite value" in found["problem_config.problem.running_cost"]


@pytest.mark.parametrize("solver_type", ["colocation", 3, None, ["collocation"]])
def test_an_unknown_solver_is_named_with_the_known_ones(solver_type: Any) -> None:
    assert "collocation" in fields({"template": "lq"}, None, solver_type)["solver_type"]


def test_every_solver_describes_its_options() -> None:
    for info in solvers():
        properties = info.options["properties"]
        assert info.title
        assert info.description
        assert {"max_iterations", "time_limit_s"} <= set(properties), info.name


def test_every_template_is_accepted_with_its_defaults() -> None:
    for template in templates():
        request = check("collocation", {"template": template.name})
        assert check("collocation", {"problem": request.problem}).digest == request.digest
