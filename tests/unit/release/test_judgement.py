"""When a new build may answer in the place of the old one."""

from __future__ import annotations

from dataclasses import replace
from math import nan

import pytest

from app.errors import CostateError
from app.release.answers import Answer
from app.release.judgement import SAME_COST, UNSEEN, WORSE, alone, compare
from app.release.problems import PROBLEMS, Problem, chosen
from app.solvers.request import check

TWELVE = Problem("double_integrator", "collocation", {"template": "double_integrator"}, 12.0)
LOOSE = replace(TWELVE, tolerance=1e-2)
GOOD = Answer("converged", 12.0, "1.0+a", {"constraint_violation": 1e-9, "mesh_error": 1e-5})


def faults(new: Answer, old: Answer = GOOD, problem: Problem = TWELVE) -> tuple[str, ...]:
    return compare(problem, old, new).faults


def test_the_same_answer_may_go_on() -> None:
    assert faults(replace(GOOD, solver_version="1.1+b")) == ()


@pytest.mark.parametrize("cost", [12.0 * (1 + 2 * SAME_COST), 12.0 * (1 - 2 * SAME_COST), nan])
def test_another_cost_may_not(cost: float) -> None:
    assert any("cost" in fault for fault in faults(replace(GOOD, cost=cost)))


def test_a_cost_as_far_from_the_old_one_may_if_it_is_nearer_to_the_known_one() -> None:
    wrong = replace(GOOD, cost=12.05)
    assert faults(GOOD, old=wrong, problem=LOOSE) == ()
    assert faults(wrong, old=GOOD, problem=LOOSE) != ()


def test_a_build_that_no_longer_converges_may_not() -> None:
    [fault] = faults(Answer("max_iterations", nan, "1.1+b", detail="300 iterations"))
    assert fault == "max_iterations instead of converged: 300 iterations"


def test_an_old_build_that_did_not_converge_does_not_hold_up_one_that_does() -> None:
    assert faults(GOOD, old=Answer("failed", nan, "")) == ()


@pytest.mark.parametrize(
    ("residual", "fine"), [(1e-5 * WORSE, True), (1e-5 * WORSE * 1.01, False), (nan, False)]
)
def test_residuals_may_not_grow_tenfold(residual: float, fine: bool) -> None:
    new = replace(GOOD, residuals={"mesh_error": residual})
    assert (faults(new) == ()) is fine


def test_residuals_nobody_sees_may_grow() -> None:
    assert faults(replace(GOOD, residuals={"constraint_violation": UNSEEN})) == ()


def test_a_residual_that_the_old_build_did_not_tell_is_not_held_against_the_new_one() -> None:
    assert faults(replace(GOOD, residuals={"optimality_residual": 1.0})) == ()


def test_an_answer_is_held_against_what_is_known() -> None:
    assert alone(TWELVE, replace(GOOD, cost=12.0002)) == [
        "cost 12.0002, known is 12: 1.7e-05 apart, 1e-05 allowed"
    ]


@pytest.mark.parametrize("problem", PROBLEMS, ids=[problem.name for problem in PROBLEMS])
def test_every_fixed_problem_is_one_that_the_service_accepts(problem: Problem) -> None:
    assert check(problem.solver_type, problem.problem_config).solver_type == problem.solver_type


def test_an_unknown_problem_is_told_with_those_that_there_are() -> None:
    assert chosen([]) == list(PROBLEMS)
    assert [one.name for one in chosen(["bryson_denham"])] == ["bryson_denham"]
    with pytest.raises(CostateError, match="'brysn': there are brachistochrone, "):
        chosen(["brysn"])
