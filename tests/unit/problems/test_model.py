from __future__ import annotations

import copy
import json
import math
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import InvalidInput
from app.problems.canonical import canonical
from app.problems.model import parse
from app.problems.phase_intake import PHASE_KEYS

Ocp = dict[str, Any]


def test_every_worked_example_parses_without_warnings(public_problems: dict[str, Ocp]) -> None:
    for name, ocp in public_problems.items():
        problem = parse(ocp)
        assert problem.warnings == (), name
        assert len(problem.phases) == len(ocp.get("phases", [ocp]))


def test_the_values_of_the_brachistochrone(public_problems: dict[str, Ocp]) -> None:
    problem = parse(public_problems["brachistochrone"])
    (phase,) = problem.phases
    assert problem.sense == "min"
    assert phase.states == ("x", "y", "v")
    assert phase.t0 == (0.0, 0.0, 0.0)
    assert phase.tf == (0.5, 10.0, 2.0)
    np.testing.assert_array_equal(phase.x0_lower, [0, 10, 0])
    np.testing.assert_array_equal(phase.x0_upper, [0, 10, 0])
    np.testing.assert_array_equal(phase.xf_lower, [10, 5, -np.inf])
    np.testing.assert_array_equal(phase.xf_upper, [10, 5, np.inf])
    np.testing.assert_array_equal(phase.u_lower, [0.0001])
    np.testing.assert_array_equal(phase.guess_s, [0, 1])
    np.testing.assert_array_equal(phase.guess_x, [[0, 10, 0], [10, 5, 10]])
    np.testing.assert_array_equal(phase.guess_u, [[0.1], [1.7]])
    np.testing.assert_array_equal(problem.k, [9.80665])


def test_numbers_may_be_expressions_of_constants(double_integrator: Ocp) -> None:
    double_integrator |= {
        "constants": {"L": "2*half", "half": 0.5, "phi": "pi/L"},
        "time": {"t0": "-L", "tf": {"lower": "L/2", "upper": "3*L", "guess": "L"}},
        "state_bounds": {"x": [None, "1/9"], "v": {"lower": "-phi"}},
        "final": {"x": "L/10"},
        "guess": {"u": ["-L", 0, "L"]},
    }
    (phase,) = parse(double_integrator).phases
    assert phase.t0[0] == -1.0
    assert phase.tf == (0.5, 3.0, 1.0)
    assert phase.x_upper[0] == 1 / 9
    assert phase.x_lower[1] == -math.pi
    np.testing.assert_array_equal(phase.guess_u[:, 0], [-1, 0, 1])


def test_ends_are_fixed_ranged_or_left_to_the_bounds(double_integrator: Ocp) -> None:
    double_integrator |= {
        "state_bounds": {"x": [-1, 5], "v": [-3, 3]},
        "initial": {"x": [0, 9], "v": {"upper": 1}},
        "final": {"x": 2},
    }
    (phase,) = parse(double_integrator).phases
    np.testing.assert_array_equal(phase.x0_lower, [0, -3])
    np.testing.assert_array_equal(phase.x0_upper, [5, 1])
    np.testing.assert_array_equal(phase.xf_lower, [2, -3])
    np.testing.assert_array_equal(phase.xf_upper, [2, 3])


def test_guesses_of_different_lengths_share_one_grid(double_integrator: Ocp) -> None:
    double_integrator["guess"] = {"x": [0, 4, 0], "v": [0, 3, 6, 9], "u": 7}
    (phase,) = parse(double_integrator).phases
    np.testing.assert_allclose(phase.guess_s, [0, 1 / 3, 1 / 2, 2 / 3, 1])
    np.testing.assert_allclose(phase.guess_x[:, 0], [0, 8 / 3, 4, 8 / 3, 0])
    np.testing.assert_allclose(phase.guess_x[:, 1], [0, 3, 4.5, 6, 9])
    np.testing.assert_allclose(phase.guess_u[:, 0], 7)


def test_default_guesses_follow_ends_and_bounds(double_integrator: Ocp) -> None:
    double_integrator |= {"control_bounds": {"u": [2, 6]}, "final": {"x": 1}, "initial": {"x": 3}}
    double_integrator["state_bounds"] = {"v": [1, None]}
    (phase,) = parse(double_integrator).phases
    np.testing.assert_array_equal(phase.guess_x, [[3, 1], [1, 1]])
    np.testing.assert_array_equal(phase.guess_u, [[4], [4]])


@pytest.mark.parametrize(
    ("time", "low", "high"),
    [
        ({"free": True}, 0.0, math.inf),
        ({"lower": 2}, 2.0, math.inf),
        ({"lower": 0.01, "upper": 100}, 0.01, 100.0),
    ],
)
def test_a_free_end_without_guess_gets_a_sensible_one(
    double_integrator: Ocp, time: Ocp, low: float, high: float
) -> None:
    double_integrator["time"]["tf"] = time
    (phase,) = parse(double_integrator).phases
    assert low <= phase.tf[0] < phase.tf[2] < phase.tf[1] == high


def test_a_later_phase_without_guess_starts_where_the_former_is_guessed_to_end(
    public_problems: dict[str, Ocp],
) -> None:
    ocp = copy.deepcopy(public_problems["waypoint_two_phase"])
    ocp["phases"][0]["time"]["tf"] = {"lower": 0.1, "guess": 0.4}
    ocp["phases"][1]["time"]["t0"] = {"lower": 0.1}
    assert parse(ocp).phases[1].t0[2] == 0.4


@pytest.mark.parametrize(
    ("t0", "tf"),
    [
        ({"lower": 3}, {"lower": 1, "upper": 9, "guess": 1}),
        ({"upper": 10, "guess": 10}, {"lower": 1, "upper": 5}),
        ({"lower": 0, "guess": 50}, {"upper": 5}),
        ({"lower": -1, "upper": 1}, {"lower": 0.5, "guess": 100}),
        ({"free": True}, {"free": True}),
        ({"lower": 0, "upper": 9}, 4),
    ],
)
def test_times_are_guessed_in_order_and_within_bounds(double_integrator: Ocp, t0: Any, tf: Any) -> None:
    (phase,) = parse({**double_integrator, "time": {"t0": t0, "tf": tf}}).phases
    for low, high, guess in (phase.t0, phase.tf):
        assert low <= guess <= high
    assert phase.t0[2] < phase.tf[2]
    assert phase.t0[0] <= phase.tf[0]


def test_huge_bounds_mean_none(double_integrator: Ocp) -> None:
    double_integrator["state_bounds"] = {"x": [-1e20, 1e19]}
    (phase,) = parse(double_integrator).phases
    assert (phase.x_lower[0], phase.x_upper[0]) == (-math.inf, math.inf)


def test_numbers_do_not_belong_to_the_structure(public_problems: dict[str, Ocp]) -> None:
    for name, ocp in public_problems.items():
        if "phases" in ocp:
            continue
        other = copy.deepcopy(ocp)
        other["constants"] = {key: value * 1.1 for key, value in ocp.get("constants", {}).items()}
        other["initial"] = dict.fromkeys(ocp["initial"], 0.01)
        other.pop("final", None)
        other.pop("guess", None)
        if isinstance(ocp["time"]["tf"], (int, float)):
            other["time"] = {"t0": -1, "tf": ocp["time"]["tf"] + 3}
        other["state_bounds"] = {}
        first, second = parse(ocp).structure, parse(other).structure
        assert first == second, name
        assert hash(first) == hash(second)


def test_literals_and_tables_do_not_belong_to_the_structure(double_integrator: Ocp) -> None:
    def made(factor: float, values: list[float]) -> Any:
        dynamics = {"x": "v", "v": f"u*{factor} + table(wind, t)"}
        return parse(
            {**double_integrator, "dynamics": dynamics, "tables": {"wind": {"t": [0, 1, 2], "value": values}}}
        )

    first, second = made(2, [0, 1, 0]), made(3.5, [5, 5, 5])
    assert first.structure == second.structure
    np.testing.assert_array_equal(first.k, [2, 0, 1, 2, 0, 1, 0])
    np.testing.assert_array_equal(second.k, [3.5, 0, 1, 2, 5, 5, 5])


def test_expressions_belong_to_the_structure(double_integrator: Ocp) -> None:
    one = parse(double_integrator).structure
    assert parse({**double_integrator, "running_cost": "u^4"}).structure != one
    assert parse({**double_integrator, "sense": "max"}).structure != one
    assert parse({**double_integrator, "controls": ["u", "w"]}).structure != one


def test_the_structure_hash_is_the_same_in_every_process(double_integrator: Ocp) -> None:
    code = (
        "import json, sys; from app.problems.model import parse; "
        "print(parse(json.load(sys.stdin)).structure.digest, hash(parse(json.loads(sys.argv[1])).structure))"
    )
    text = json.dumps(double_integrator)
    ran = subprocess.run(
        [sys.executable, "-c", code, text], input=text, capture_output=True, text=True, check=True,
        env={"PYTHONHASHSEED": "12345"},
    )  # fmt: skip
    structure = parse(double_integrator).structure
    assert ran.stdout.split() == [structure.digest, str(hash(structure))]


def test_definitions_may_come_in_any_order(double_integrator: Ocp) -> None:
    double_integrator["running_cost"] = "a"
    forward = parse({**double_integrator, "definitions": {"c": "u^2", "b": "c+1", "a": "b*c"}})
    backward = parse({**double_integrator, "definitions": {"a": "b*c", "b": "c+1", "c": "u^2"}})
    assert forward.structure == backward.structure


def test_a_name_of_the_user_hides_eulers_number(double_integrator: Ocp) -> None:
    ocp = {
        **double_integrator, "states": ["e", "v"], "dynamics": {"e": "v", "v": "u*e"},
        "initial": {"e": 1}, "final": {},
    }  # fmt: skip
    assert parse(ocp).phases[0].states == ("e", "v")
    assert len(parse(ocp).k) == 0


def test_a_name_of_the_user_wins_over_a_derived_one(double_integrator: Ocp) -> None:
    double_integrator |= {
        "constants": {"t_f": 7, "m_f": 5},
        "definitions": {"m": "x+1"},
        "terminal_cost": "t_f+m_f",
    }
    structure = parse(double_integrator).structure
    assert structure.terminal_costs == ((("k", 1), ("k", 0), ("add", 2)),)


def test_two_phases_may_not_give_two_end_values_one_name(public_problems: dict[str, Ocp]) -> None:
    ocp = copy.deepcopy(public_problems["waypoint_two_phase"])
    ocp["phases"][0] |= {"states": ["x", "v", "b_v"], "dynamics": {"x": "v", "v": "u", "b_v": "0"}}
    ocp["phases"][1]["name"] = "a_b"
    with pytest.raises(InvalidInput, match="'a_b_v_0' is the end value of state 'b_v' in phase 'a'"):
        parse(ocp)


def test_fixed_times_may_be_used_anywhere(double_integrator: Ocp) -> None:
    double_integrator["dynamics"]["v"] = "u*(t-t0)/(tf-t0)"
    double_integrator["time"] = {"t0": 1, "tf": 4}
    np.testing.assert_array_equal(sorted(parse(double_integrator).k), [1, 4])


def test_what_influences_nothing_is_a_warning_not_an_error(double_integrator: Ocp) -> None:
    double_integrator |= {
        "states": ["x", "v", "idle"],
        "controls": ["u", "w"],
        "dynamics": {"x": "v", "v": "u", "idle": "2*idle+v"},
        "constants": {"unused": 1, "limit": 5},
        "control_bounds": {"u": ["-limit", "limit"]},
        "parameters": {"q": {"lower": 0, "upper": 1}},
        "definitions": {"never": "x"},
        "tables": {"price": {"t": [0, 1], "value": [1, 2]}},
    }
    warnings = "\n".join(parse(double_integrator).warnings)
    for name in ("idle", "w", "unused", "q", "never", "price"):
        assert f"{name!r}" in warnings
    for name in ("x", "v", "u", "limit"):
        assert f"{name!r}" not in warnings


def test_a_state_with_an_end_value_or_a_bound_is_used(double_integrator: Ocp) -> None:
    double_integrator["running_cost"] = "1"
    assert parse({**double_integrator, "final": {"x": 1}}).warnings == ()


@pytest.mark.parametrize(
    "constants", [{"g": [1, 2, 4], "m": 3}, [{"g": 1, "m": 3}, {"g": 2, "m": 3}, {"m": 3, "g": 4}]]
)
def test_rows_of_constants_make_a_sweep(double_integrator: Ocp, constants: Any) -> None:
    double_integrator |= {
        "constants": constants,
        "dynamics": {"x": "v", "v": "u*g"},
        "final": {"x": "g^2+m", "v": 0},
        "time": {"t0": 0, "tf": {"lower": 0.1, "upper": "10*g", "guess": "g"}},
    }
    problem = parse(double_integrator)
    rows = problem.rows()
    assert problem.sweep == len(rows) == 3
    for row, g in zip(rows, (1.0, 2.0, 4.0), strict=True):
        alone = parse({**double_integrator, "constants": {"g": g, "m": 3}})
        assert row.structure == alone.structure
        np.testing.assert_array_equal(row.k, alone.k)
        np.testing.assert_array_equal(row.phases[0].xf_lower, [g**2 + 3, 0])
        np.testing.assert_allclose(row.phases[0].guess_x, alone.phases[0].guess_x)
        assert row.phases[0].tf == alone.phases[0].tf


def test_a_problem_without_rows_is_its_only_row(double_integrator: Ocp) -> None:
    problem = parse(double_integrator)
    assert problem.sweep == 0
    (row,) = problem.rows()
    np.testing.assert_array_equal(row.phases[0].guess_x, problem.phases[0].guess_x)


def test_canonical_form_parses_to_the_same_problem(public_problems: dict[str, Ocp]) -> None:
    for name, ocp in public_problems.items():
        first = parse(ocp)
        data = canonical(first.statement)
        again = parse(json.loads(json.dumps(data)))
        assert canonical(again.statement) == data, name
        assert again.structure == first.structure
        np.testing.assert_array_equal(again.k, first.k)
        for one, other in zip(first.phases, again.phases, strict=True):
            for field in ("x_lower", "x0_upper", "xf_lower", "u_upper", "guess_s", "guess_x", "guess_u"):
                np.testing.assert_array_equal(getattr(one, field), getattr(other, field))
            assert (one.t0, one.tf) == (other.t0, other.tf)


@given(st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from([
            "states", "controls", "time", "t0", "tf", "free", "lower", "upper", "guess", "dynamics", "x", "u",
            "phases", "name", "links", "expr", "constants", "tables", "t", "value", "definitions", "initial",
        ]), inner, max_size=6),
    ),
    max_leaves=30,
))  # fmt: skip
def test_any_json_is_a_problem_or_invalid_input(data: Any) -> None:
    if not isinstance(data, dict):
        data = {"states": data, "dynamics": data, "time": data, "phases": data}
    try:
        parsed = canonical(parse(data).statement)
    except InvalidInput as error:
        parsed = [vars(fault) for fault in error.errors]
    assert parsed
    json.dumps(parsed, allow_nan=False)


RICH: Ocp = {
    "states": ["x", "v"], "controls": ["u"], "constants": {"g": [1, "2*pi", 3], "h": "1/9"}, "sense": "max",
    "parameters": {"a": {"lower": 0, "upper": "h", "guess": 0.1}},
    "definitions": {"E": "v^2/2+g*x", "F": "2*E"},
    "tables": {"wind": {"t": [0, 1, 2], "value": [0.5, 1, 0]}},
    "nominal": {"x": "g", "t": 1},
    "time": {"t0": {"lower": -1, "upper": 0}, "tf": {"free": True, "lower": 1, "upper": 9, "guess": "g"}},
    "dynamics": {"x": "v", "v": "u+table(wind, t)*a"}, "running_cost": "F-u^2",
    "terminal_cost": "E_f-x_0*tf",
    "initial": {"x": 0, "v": [0, 1]}, "final": {"x": {"lower": "h"}},
    "state_bounds": {"x": [None, 1e20]}, "control_bounds": {"u": ["-g", "g"]},
    "guess": {"x": [0, "h", 1], "u": 0},
    "path_constraints": [{"expr": "x*v+a", "upper": 50}],
    "boundary_constraints": [{"expr": "E_0", "lower": -5}],
}  # fmt: skip
PHASED: Ocp = {
    **{key: RICH[key] for key in ("sense", "constants", "parameters", "definitions", "tables")},
    "phases": [
        {"name": name} | {key: RICH[key] for key in PHASE_KEYS if key != "definitions"}
        for name in "ab"
    ],
    "terminal_cost": "a_E_f-b_tf", "links": [{"expr": "a_x_f-b_x_0"}, {"expr": "a_tf-b_t0", "upper": 1}],
}  # fmt: skip
JUNK = st.one_of(
    st.none(), st.booleans(),
    st.sampled_from([0, -1, 1e300, 10**400, math.nan, math.inf, -math.inf, "", "x", "u", "tf"]),
    st.sampled_from(["F", "1/0", "g", "h", "sin(", "x_f"]),
    st.sampled_from(["table(wind, x)", "a_x_0"]),
    st.sampled_from(["E_f", [], {}, [1], [2, 1], "e"]),
    st.sampled_from([{"lower": 3}, {"upper": "u"}, {"expr": "x"}, ["x", "x"], ["b"]]),
    st.sampled_from([{"t": [1], "value": [2]}, [[1, 2]]]),
)  # fmt: skip


@given(st.data(), st.sampled_from([RICH, PHASED]))
def test_a_spoilt_problem_is_parsed_or_refused_cleanly(data: st.DataObject, ocp: Ocp) -> None:
    spoilt = copy.deepcopy(ocp)
    for _ in range(data.draw(st.integers(1, 3))):
        place: Any = spoilt
        while True:
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            key = data.draw(st.sampled_from(keys))
            if not isinstance(place[key], (dict, list)) or not place[key] or data.draw(st.booleans()):
                break
            place = place[key]
        place[key] = copy.deepcopy(data.draw(JUNK))
    try:
        problem = parse(spoilt)
    except InvalidInput as error:
        told = [vars(fault) for fault in error.errors]
    else:
        told = [canonical(problem.statement)]
        assert parse(told[0]).structure == problem.structure
        assert all(row.structure == problem.structure for row in problem.rows())
    assert told
    json.dumps(told, allow_nan=False)


@pytest.mark.parametrize("ocp", [RICH, PHASED])
def test_the_problems_that_are_spoilt_are_sound_before(ocp: Ocp) -> None:
    problem = parse(ocp)
    assert problem.sweep == 3
    assert problem.faults == ()
