"""What a problem with several objectives may say, and which field is named when it says something else."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app.errors import InvalidInput
from app.solvers.multi_objective.examples import TEST_PROBLEMS
from app.solvers.multi_objective.options import MultiObjectiveOptions
from app.solvers.request import check

LQ: dict[str, Any] = {
    "states": ["x"],
    "controls": ["u"],
    "time": {"t0": 0, "tf": 1},
    "dynamics": {"x": "u"},
    "initial": {"x": 1},
}
ENERGY, MISS = {"name": "energy", "running": "u^2"}, {"name": "miss", "terminal": "x_f^2"}
CONTROL = {"problem": LQ, "objectives": [ENERGY, MISS]}
BOX = {
    "variables": {"x": {"lower": 0, "upper": 1}, "y": {"lower": -1, "upper": "k"}},
    "constants": {"k": 2},
    "objectives": [{"name": "a", "expr": "x"}, {"name": "b", "expr": "k - y", "sense": "max"}],
    "constraints": [{"expr": "x + y", "lower": 0}],
}


def faults(config: Any, **options: Any) -> dict[str, str]:
    with pytest.raises(InvalidInput) as raised:
        check("multi_objective", config, options)
    found: dict[str, str] = {}
    for fault in raised.value.errors:
        field = fault.field.removeprefix("problem_config.")
        found[field] = f"{found.get(field, '')} {fault.message}"
    return found


@pytest.mark.parametrize("config", [CONTROL, BOX, *({"template": name} for name in TEST_PROBLEMS)])
def test_canonical_data_state_the_same_problem(config: dict[str, Any]) -> None:
    once = check("multi_objective", config)
    assert check("multi_objective", once.problem) == once


def test_templates_of_control_problems_take_objectives() -> None:
    config = {"template": "double_integrator", "objectives": [ENERGY, {"name": "haste", "running": "t*u^2"}]}
    data = check("multi_objective", config).problem
    assert [one["name"] for one in data["objectives"]] == ["energy", "haste"]
    assert "running_cost" not in data["problem"]


def test_numbers_do_not_change_the_structure_but_senses_do() -> None:
    def structure(**changes: Any) -> str:
        return check("multi_objective", {**CONTROL, **changes}).structure

    assert structure() == structure(problem={**LQ, "initial": {"x": 7}})
    assert structure() == structure(objectives=[{**ENERGY, "name": "fuel"}, MISS])
    assert structure() != structure(objectives=[ENERGY, {**MISS, "sense": "max"}])


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"objectives": None}, "objectives", "no objectives"),
        ({"objectives": "energy"}, "objectives", "must be a list"),
        ({"objectives": [ENERGY]}, "objectives", "one objective only"),
        ({"objectives": [ENERGY, ENERGY]}, "objectives.1.name", "given twice"),
        ({"objectives": [ENERGY, {"name": "b"}]}, "objectives.1", "no expression"),
        ({"objectives": [ENERGY, {**MISS, "name": ""}]}, "objectives.1.name", "must be a name"),
        ({"objectives": [ENERGY, {**MISS, "sense": "least"}]}, "objectives.1.sense", "unknown sense"),
        ({"objectives": [ENERGY, {**MISS, "expr": "x"}]}, "objectives.1.expr", "unknown key"),
        ({"objectives": [ENERGY, {"name": "b", "running": "x*"}]}, "objectives.1.running", "ends"),
        ({"objectives": [ENERGY, {"name": "b", "running": "y"}]}, "objectives.1.running", "unknown name"),
        ({"objectives": [ENERGY, {"name": "b", "terminal": "x"}]}, "objectives.1.terminal", "x"),
        ({"objectives": [ENERGY, {"name": "b", "running": "1/(x - x)"}]}, "objectives.1.running", ""),
        ({"objectives": [ENERGY, MISS, ENERGY, MISS]}, "objectives", "4 entries"),
        ({"reference_point": {"energy": 1}}, "reference_point", "one number for each"),
        ({"reference_point": {"energy": 1, "miss": "2"}}, "reference_point.miss", "finite number"),
        ({"problem": {**LQ, "dynamics": {"x": "w"}}}, "problem.dynamics.x", "unknown name 'w'"),
        ({"problem": {**LQ, "constants": {"front_a": 1}}}, "problem", "do not begin with 'front_'"),
        ({"problem": {**LQ, "constants": {"k": [1, 2]}}}, "problem.constants", "no sweeps"),
        ({"problem": 3}, "problem", "must be an object"),
        ({"goal": 1}, "goal", "unknown key"),
    ],
)
def test_a_fault_of_a_control_problem_is_named(change: dict[str, Any], field: str, words: str) -> None:
    found = faults({**CONTROL, **change})
    assert words in found[field]


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"variables": {}}, "variables", "no variables"),
        ({"variables": {"x": {"lower": 0}}}, "variables.x.upper", "missing"),
        ({"variables": {**BOX["variables"], "x": {"lower": 1, "upper": 1}}}, "variables.x", "no range"),
        ({"variables": {"x": {"lower": 2, "upper": 1}}}, "variables.x", ""),
        ({"variables": {"2x": {"lower": 0, "upper": 1}}}, "variables.2x", "is not a name"),
        ({"variables": [1]}, "variables", "must be an object"),
        (
            {"variables": {f"x{i}": {"lower": 0, "upper": 1} for i in range(65)}, "objectives": []},
            "variables",
            "are 65",
        ),
        ({"objectives": [BOX["objectives"][0], {"name": "b", "expr": "z"}]}, "objectives.1.expr", "'z'"),
        ({"objectives": [BOX["objectives"][0], {"name": "b", "expr": "t*x"}]}, "objectives.1.expr", "'t'"),
        ({"constraints": [{"expr": "x + q", "upper": 1}]}, "constraints.0.expr", "unknown name 'q'"),
        ({"constraints": [{"expr": "x"}]}, "constraints.0", ""),
        ({"definitions": {"d": "tf"}}, "definitions.d", "unknown name 'tf'"),
        ({"constants": {"k": [1, 2]}}, "constants", "sweeps"),
        ({"dynamics": {}}, "dynamics", "unknown key"),
    ],
)
def test_a_fault_of_variables_alone_is_named(change: dict[str, Any], field: str, words: str) -> None:
    found = faults({**BOX, **change})
    assert words in found[field]


def test_no_message_speaks_of_what_was_added() -> None:
    with pytest.raises(InvalidInput) as raised:
        check("multi_objective", {**BOX, "constraints": [{"expr": "qq", "upper": 1}]})
    assert "resting" not in str([(fault.message, fault.allowed) for fault in raised.value.errors])


@pytest.mark.parametrize(("config", "method"), [(CONTROL, "nsga2"), (BOX, "nbi"), (BOX, "epsilon")])
def test_a_method_must_suit_the_kind_of_problem(config: dict[str, Any], method: str) -> None:
    assert "is not for" in faults(config, method=method)["solver_config.method"]


def test_an_example_takes_nothing_else() -> None:
    assert faults({"template": "zdt1", "overrides": {}})["overrides"] == " unknown key"


def test_checking_never_loads_jax() -> None:
    code = (
        "import sys; from app.solvers.request import check; "
        "check('multi_objective', {'template': 'zdt1'}); assert 'jax' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_every_example_of_the_page_is_accepted_and_every_option_named() -> None:
    text = (Path(__file__).parents[3] / "docs" / "solvers_multi_objective.md").read_text()
    examples = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", text, re.DOTALL)]
    assert len(examples) == 2
    for example in examples:
        check(example["solver_type"], example["problem_config"], example.get("solver_config"))
    for option in MultiObjectiveOptions.model_fields:
        assert f"`{option}`" in text, option
