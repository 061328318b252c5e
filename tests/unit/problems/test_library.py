from __future__ import annotations

import json
import math

import pytest

from app.errors import InvalidInput
from app.problems.doors import problem_of
from app.problems.library import Template, TemplateParameter, expand, template, templates
from app.problems.probe import probe

EVERY = pytest.mark.parametrize("found", templates(), ids=lambda found: found.name)
PARAMETERS = [(found, parameter) for found in templates() for parameter in found.parameters]


@EVERY
def test_a_template_says_what_it_is(found: Template) -> None:
    assert found.title
    assert found.source
    assert found.tags
    assert len(found.description) > 80
    assert json.loads(json.dumps(found.to_json()))["problem"][
        "dynamics" if "phases" not in found.problem else "phases"
    ]


@EVERY
def test_a_template_is_a_clean_problem(found: Template) -> None:
    problem = problem_of({"template": found.name})
    assert problem.warnings == ()
    assert probe(problem) == []


@pytest.mark.parametrize(
    ("found", "parameter"), PARAMETERS, ids=[f"{t.name}.{p.name}" for t, p in PARAMETERS]
)
def test_a_parameter_can_be_changed_within_its_range(found: Template, parameter: TemplateParameter) -> None:
    numbers = [value for value in (parameter.lower, parameter.upper) if value is not None]
    default = parameter.default
    if isinstance(default, (int, float)) and len(numbers) == 2:
        assert numbers[0] <= default <= numbers[1]
    if found.form is None:
        before = json.dumps(expand(found.name))
        for value in numbers:
            problem = problem_of({"template": found.name, "overrides": {parameter.name: value}})
            assert probe(problem) == []
        for value in set(numbers) - {default}:
            assert json.dumps(expand(found.name, {parameter.name: value})) != before
            assert json.dumps(expand(found.name)) == before, "an override leaked into the library"
    for value, beyond in ((parameter.lower, -math.inf), (parameter.upper, math.inf)):
        if value is not None:
            outside = math.nextafter(value, beyond)
            with pytest.raises(InvalidInput, match="out of range"):
                expand(found.name, {parameter.name: outside})


def test_groups_of_a_problem_may_be_overridden_key_by_key() -> None:
    problem = expand("brachistochrone", {"final": {"x": 4, "v": [0, 9]}, "time": {"tf": 3}, "xf": 7})
    assert problem["final"] == {"x": 7, "y": 5, "v": [0, 9]}
    assert problem["time"] == {"t0": 0, "tf": 3}


def test_an_override_may_be_an_expression_or_a_sweep() -> None:
    assert (
        problem_of({"template": "brachistochrone", "overrides": {"xf": "g/2"}}).phases[0].xf_lower[0]
        == 9.80665 / 2
    )
    assert problem_of({"template": "brachistochrone", "overrides": {"g": [9, 10]}}).sweep == 2


def test_an_unknown_template_is_named_with_near_misses() -> None:
    with pytest.raises(InvalidInput) as caught:
        template("godard_rocket")
    assert caught.value.errors[0].allowed == "did you mean 'goddard_rocket'?"
