from __future__ import annotations

import copy
import math
from typing import Any

import pytest

from app.errors import MAX_FAULTS, FieldError, InvalidInput
from app.problems.model import parse

Ocp = dict[str, Any]


def faults(ocp: Any) -> dict[str, FieldError]:
    with pytest.raises(InvalidInput) as caught:
        parse(ocp)
    return {error.field: error for error in caught.value.errors}


CASES: list[tuple[Ocp, str, str]] = [
    ({"runing_cost": "u^2"}, "runing_cost", "unknown key"),
    ({"states": []}, "states", "no states"),
    ({"states": "x"}, "states", "must be a list"),
    ({"states": ["x", "v", "x"]}, "states.2", "given twice"),
    ({"states": ["x", "v", 7]}, "states.2", "must be a name"),
    ({"states": ["x", "v", "2a"]}, "states.2", "is not a name"),
    ({"states": ["x", "v", "sin"]}, "states.2", "'sin' is a function"),
    ({"states": ["x", "v", "tf"]}, "states.2", "'tf' is reserved"),
    ({"states": ["x", "v", "x_0"]}, "states", "also the end value of state 'x'"),
    ({"states": [f"x{i}" for i in range(65)]}, "states", "65 entries"),
    ({"controls": ["u", "x"]}, "controls", "is a state too"),
    ({"controls": [f"u{i}" for i in range(33)]}, "controls", "33 entries"),
    ({"constants": {"v": 1}}, "states", "'v' is a constant too"),
    ({"constants": {"x_f": 1}}, "states", "'x_f' is a constant, but also the end value"),
    ({"constants": {"pi": 1}}, "constants.pi", "'pi' is reserved"),
    ({"constants": {"g": "h+1"}}, "constants.g", "'h' is no constant"),
    ({"constants": {"g": "h", "h": "2*g"}}, "constants.g", "uses itself"),
    ({"constants": {"g": math.nan}}, "constants.g", "not finite"),
    ({"constants": {"g": True}}, "constants.g", "must be an expression"),
    ({"constants": {"g": "1/0"}}, "constants.g", "no finite value"),
    ({"constants": {"g": [1, 2], "h": [1, 2, 3]}}, "constants", "differ in number"),
    ({"constants": {"g": []}}, "constants.g", "at least one row"),
    ({"constants": [{"g": 1}, {"h": 1}]}, "constants.1", "every row needs the same constants"),
    ({"constants": {"g": [1, "q"]}}, "constants.g.1", "'q' is no constant"),
    ({"parameters": {"a": 3}}, "parameters.a", "must be a pair"),
    ({"parameters": {"a": {"lower": 2, "upper": 1}}}, "parameters.a", "above the upper bound"),
    ({"parameters": {"a": {"low": 2}}}, "parameters.a.low", "unknown key"),
    ({"dynamics": {"x": "v"}}, "dynamics.v", "no dynamics"),
    ({"dynamics": {"x": "v", "v": "u", "w": "1"}}, "dynamics.w", "no state"),
    ({"dynamics": {"x": "vv", "v": "u"}}, "dynamics.x", "unknown name 'vv'"),
    ({"dynamics": {"x": "v", "v": "u+"}}, "dynamics.v", "ends too early at character 3"),
    (
        {"dynamics": {"x": "v", "v": "u*tf"}, "time": {"t0": 0, "tf": {"lower": 1}}},
        "dynamics.v",
        "'tf' cannot be used",
    ),
    ({"dynamics": {"x": "v", "v": "u+x_f"}}, "dynamics.v", "'x_f' cannot be used here"),
    ({"definitions": {"a": "u"}, "terminal_cost": "a_f"}, "terminal_cost", "'a' uses 'u'"),
    ({"parameters": {"a": [0, 1]}, "initial": {"x": "a"}}, "initial.x", "'a' is no constant"),
    ({"dynamics": {"x": "v", "v": None}}, "dynamics.v", "must be an expression"),
    ({"dynamics": {"x": "v", "v": "table(wind, t)"}}, "dynamics.v", "unknown table 'wind'"),
    ({"running_cost": None}, "running_cost", "no cost"),
    ({"running_cost": "x" * 10_000_000}, "running_cost", "10,000,000 characters"),
    ({"running_cost": "(" * 2000 + "x" + ")" * 1000}, "running_cost", "nested too deeply"),
    ({"running_cost": "__import__('os')"}, "running_cost", "unknown function"),
    ({"terminal_cost": "x"}, "terminal_cost", "'x' cannot be used here"),
    ({"terminal_cost": "u"}, "terminal_cost", "'u' cannot be used here"),
    ({"sense": "maximum"}, "sense", "unknown sense"),
    ({"schema": "ocp/2"}, "schema", "unknown schema"),
    ({"time": {"t0": 0}}, "time.tf", "not given"),
    ({"time": {"t0": 0, "tf": 0}}, "time.tf", "ends before it begins"),
    ({"time": {"t0": 1, "tf": {"lower": 0.1, "upper": 0.9}}}, "time.tf", "ends before it begins"),
    ({"time": {"t0": 0, "tf": {"lower": 3, "upper": 2}}}, "time.tf", "above the upper bound"),
    ({"time": {"t0": 0, "tf": {"free": False}}}, "time.tf.free", "must be true"),
    ({"time": {"t0": 0, "tf": math.inf}}, "time.tf", "not finite"),
    ({"time": [0, 1]}, "time", "must be an object"),
    ({"initial": {"z": 1}}, "initial.z", "'z' is no state"),
    ({"initial": {"x": math.nan}}, "initial.x", "not finite"),
    ({"initial": {"x": 10**400}}, "initial.x", "not finite"),
    ({"initial": {"x": [1, 2, 3]}}, "initial.x", "must be a pair"),
    ({"initial": {"x": "v"}}, "initial.x", "'v' is no constant"),
    ({"initial": {"x": 3}, "state_bounds": {"x": [0, 2]}}, "initial.x", "outside the bounds"),
    ({"final": {"x": [3, 4]}, "state_bounds": {"x": [0, 2]}}, "final.x", "outside the bounds"),
    ({"state_bounds": {"x": [1, 0]}}, "state_bounds.x", "above the upper bound"),
    ({"state_bounds": {"u": [0, 1]}}, "state_bounds.u", "'u' is no state"),
    ({"state_bounds": {"x": 3}}, "state_bounds.x", "must be a pair"),
    ({"state_bounds": {"x": [math.inf, None]}}, "state_bounds.x.0", "not finite"),
    ({"control_bounds": {"u": ["1/0", 1]}}, "control_bounds.u", "no finite value"),
    ({"path_constraints": [{"expr": "x"}]}, "path_constraints.0", "neither lower nor upper"),
    ({"path_constraints": [{"lower": 0}]}, "path_constraints.0.expr", "missing"),
    ({"path_constraints": [{"expr": "x+q", "lower": 0}]}, "path_constraints.0.expr", "unknown name 'q'"),
    (
        {"path_constraints": [{"expr": "x", "lower": 1, "upper": 0}]},
        "path_constraints.0",
        "above the upper bound",
    ),
    ({"path_constraints": [{"expr": "x", "lower": 1, "uper": 2}]}, "path_constraints.0.uper", "unknown key"),
    ({"path_constraints": {"expr": "x"}}, "path_constraints", "must be a list"),
    (
        {"boundary_constraints": [{"expr": "x", "lower": 0}]},
        "boundary_constraints.0.expr",
        "cannot be used here",
    ),
    ({"links": [{"expr": "x_0"}]}, "links", "links need phases"),
    ({"definitions": {"a": "b", "b": "a"}}, "definitions.a", "uses itself"),
    ({"definitions": {"a": "a+1"}}, "definitions.a", "uses itself"),
    ({"definitions": {"a": "nope"}}, "definitions.a", "unknown name 'nope'"),
    ({"definitions": {"x": "v"}}, "definitions.x", "'x' is a state too"),
    ({"definitions": {"a": "u"}, "terminal_cost": "a"}, "terminal_cost", "'a' uses 'u'"),
    ({"tables": {"p": {"t": [0, 1], "value": [1]}}}, "tables.p", "differ in length"),
    ({"tables": {"p": {"t": [0, 2, 1], "value": [1, 2, 3]}}}, "tables.p.t.2", "does not increase"),
    ({"tables": {"p": {"t": [0, 0], "value": [1, 2]}}}, "tables.p.t.1", "does not increase"),
    ({"tables": {"p": {"t": [0, "1"], "value": [1, 2]}}}, "tables.p.t.1", "must be a finite number"),
    ({"tables": {"p": {"t": [0, 1], "value": [1, math.nan]}}}, "tables.p.value.1", "must be a finite number"),
    ({"tables": {"p": {"t": [0, 1]}}}, "tables.p.value", "must be a list"),
    ({"guess": {"z": 1}}, "guess.z", "unknown key"),
    ({"guess": {"x": []}}, "guess.x", "is empty"),
    ({"guess": {"x": [0, math.nan]}}, "guess.x.1", "not finite"),
    ({"nominal": {"x": 0}}, "nominal.x", "must be positive"),
    ({"phases": []}, "phases", "no phase"),
]


@pytest.mark.parametrize(("change", "field", "message"), CASES, ids=[f"{c[1]}: {c[2]}" for c in CASES])
def test_a_fault_is_reported_at_its_field(
    double_integrator: Ocp, change: Ocp, field: str, message: str
) -> None:
    found = faults({**double_integrator, **change})
    assert field in found, list(found)
    assert message in found[field].message


def test_all_faults_are_reported_at_once(double_integrator: Ocp) -> None:
    found = faults(
        {
            **double_integrator,
            "dynamics": {"x": "vv", "v": "u)"},
            "state_bounds": {"x": [1, 0]},
            "time": {"t0": 2, "tf": 1},
            "definitions": {"a": "b"},
            "nominl": {},
        }
    )
    assert set(found) == {"dynamics.x", "dynamics.v", "state_bounds.x", "time.tf", "definitions.a", "nominl"}


def test_the_remedy_is_named(double_integrator: Ocp) -> None:
    found = faults(
        {**double_integrator, "dynamics": {"x": "vv", "v": "u"}, "runing_cost": 1, "terminal_cost": "x"}
    )
    assert found["dynamics.x"].allowed == "did you mean 'v'?"
    assert "'running_cost'" in str(found["runing_cost"].allowed)
    assert found["terminal_cost"].allowed == "the end values x_0 and x_f"


VARYING: Ocp = {"parameters": {"p": [0, 1]}, "definitions": {"d": "x+v"}}
REMEDIES: list[tuple[Ocp, str, str]] = [
    ({"time": {"t0": 0, "tf": "free"}}, "time.tf", '{"free": true, "lower": .., "upper": .., "guess": ..}'),
    ({"state_bounds": {"x": ["-inf", 1]}}, "state_bounds.x", "null where there is no bound"),
    ({"control_bounds": {"u": [0, "Infinity"]}}, "control_bounds.u", "null where there is no bound"),
    ({"terminal_cost": "x(tf)^2"}, "terminal_cost", "'x_f'"),
    ({"boundary_constraints": [{"expr": "v(t0)", "upper": 0}]}, "boundary_constraints.0.expr", "'v_0'"),
    (
        {"control_bounds": {"u": [None, "p"]}},
        "control_bounds.u",
        'a path constraint {"expr": "u-p", "upper": 0}',
    ),
    ({"state_bounds": {"x": ["2*t+1", None]}}, "state_bounds.x", '{"expr": "x-(2*t+1)", "lower": 0}'),
    ({"state_bounds": {"x": ["v", None]}}, "state_bounds.x", '{"expr": "x-v", "lower": 0}'),
    ({"state_bounds": {"v": [None, "d"]}}, "state_bounds.v", '{"expr": "v-d", "upper": 0}'),
    ({"state_bounds": {"v": [None, "vmax"]}}, "state_bounds.v", "known constants"),
    (
        {"path_constraints": [{"expr": "x-v", "upper": "p"}]},
        "path_constraints.0",
        '{"expr": "x-v-p", "upper": 0}',
    ),
    ({"initial": {"x": "p"}}, "initial.x", "a boundary constraint"),
    ({"integral_constraints": []}, "integral_constraints", "a state with the integrand as its rate"),
]


@pytest.mark.parametrize(("change", "field", "remedy"), REMEDIES, ids=[f"{c[1]}: {c[2]}" for c in REMEDIES])
def test_the_remedy_is_what_should_be_written_instead(
    double_integrator: Ocp, change: Ocp, field: str, remedy: str
) -> None:
    assert remedy in str(faults({**double_integrator, **VARYING, **change})[field].allowed)


@pytest.mark.parametrize("key", ["equals", "equal", "value"])
def test_an_equation_is_lower_and_upper_of_one_number_and_faulted_once(
    double_integrator: Ocp, key: str
) -> None:
    found = faults({**double_integrator, "path_constraints": [{"expr": "x", key: 2}]})
    assert list(found) == [f"path_constraints.0.{key}"]
    assert found[f"path_constraints.0.{key}"].allowed == "lower and upper set to the same number"


def test_a_bound_at_fault_is_not_missing_as_well(double_integrator: Ocp) -> None:
    found = faults({**double_integrator, "path_constraints": [{"expr": "x", "upper": "2*"}]})
    assert list(found) == ["path_constraints.0.upper"]


def test_a_guess_is_moved_within_bounds_that_follow_constants(double_integrator: Ocp) -> None:
    time = {"t0": 0, "tf": {"lower": "T", "upper": "2*T", "guess": 3}}
    problem = parse({**double_integrator, "constants": {"T": [1, 2]}, "time": time})
    assert [row.phases[0].tf[2] for row in problem.rows()] == [2.0, 3.0]


def test_a_time_of_the_phase_itself_is_suggested_without_its_prefix(public_problems: dict[str, Ocp]) -> None:
    ocp = copy.deepcopy(public_problems["waypoint_two_phase"])
    ocp["phases"][1]["terminal_cost"] = f"{ocp['phases'][1]['name']}_tf"
    assert str(faults(ocp)["phases.1.terminal_cost"].allowed).startswith("did you mean 'tf'")


def test_an_end_value_on_its_bound_is_no_contradiction(double_integrator: Ocp) -> None:
    problem = parse({**double_integrator, "state_bounds": {"x": [0, "1/3+2/3"]}})
    assert problem.phases[0].xf_lower[0] == 1.0


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        (lambda p: p["phases"][1].update(name="a"), "phases.1.name", "given twice"),
        (lambda p: p["phases"][1].pop("name"), "phases.1.name", "needs a name"),
        (lambda p: p["phases"][1]["time"].pop("t0"), "phases.1.time.t0", "not given"),
        (lambda p: p["phases"][1].update(sense="max"), "phases.1.sense", "unknown key"),
        (lambda p: p["phases"][1]["dynamics"].update(v="w"), "phases.1.dynamics.v", "unknown name 'w'"),
        (lambda p: p["phases"][0].update(definitions={"q": "q"}), "phases.0.definitions.q", "uses itself"),
        (lambda p: p.update(constants={"a_x_f": 1}), "phases.0.name", "'a_x_f' is a constant, but also"),
        (lambda p: p.update(states=["x"]), "states", "unknown key"),
        (lambda p: p["links"].append({"expr": "b_w_0"}), "links.1.expr", "unknown name 'b_w_0'"),
        (lambda p: p["links"].append({"expr": "v_0"}), "links.1.expr", "'v_0' cannot be used here"),
        (lambda p: p.update(terminal_cost="v"), "terminal_cost", "'v' cannot be used here"),
        (lambda p: p["phases"].extend([p["phases"][0]] * 7), "phases", "9 entries"),
    ],
)
def test_a_fault_in_a_phase_is_reported_at_its_field(
    public_problems: dict[str, Ocp], change: Any, field: str, message: str
) -> None:
    ocp = copy.deepcopy(public_problems["waypoint_two_phase"])
    change(ocp)
    found = faults(ocp)
    assert field in found, list(found)
    assert message in found[field].message


def test_endless_faults_are_cut(double_integrator: Ocp) -> None:
    double_integrator["definitions"] = {f"d{i}": "nope" for i in range(200)}
    assert len(faults(double_integrator)) == MAX_FAULTS


def test_what_is_given_is_repeated_shortened(double_integrator: Ocp) -> None:
    found = faults({**double_integrator, "running_cost": "u^2+" * 600 + "$"})
    assert len(str(found["running_cost"].given)) < 100
    assert "$" in str(found["running_cost"].given)
