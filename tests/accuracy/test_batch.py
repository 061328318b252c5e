"""Sweeps and batches: every row is answered as it would be alone."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from app.problems.model import Problem, parse
from app.solvers.collocation.batch import solve_batch
from app.solvers.collocation.interior_point import CONVERGED
from app.solvers.collocation.measurement import measured
from app.solvers.collocation.mesh import uniform
from app.solvers.collocation.outcome import Outcome
from app.solvers.collocation.programs import BATCH
from app.solvers.collocation.refinement import WARM
from app.solvers.collocation.result import all_verified, allowance, verified
from app.solvers.collocation.solving import Budget, Solving, Start
from app.solvers.collocation.starts import first_outcomes
from app.solvers.collocation.transcription import TRANSCRIPTIONS
from app.solvers.request import check
from app.solvers.run import run

INTERVALS = 16
OPTIONS = {"mesh_intervals": INTERVALS, "multi_start": 1}
LIMITS = np.linspace(0.08, 0.16, BATCH + 3)
"""Of the state in Bryson and Denham's problem; the cost is 4/(9 limit) up to 1/6."""


def bryson_denham(limits: Any) -> dict[str, Any]:
    return {
        "states": ["x", "v"],
        "controls": ["u"],
        "constants": {"limit": limits, "half": 0.5},
        "time": {"t0": 0, "tf": 1},
        "dynamics": {"x": "v", "v": "u"},
        "running_cost": "half*u^2",
        "state_bounds": {"x": [None, "limit"]},
        "initial": {"x": 0, "v": 1},
        "final": {"x": 0, "v": -1},
    }


def solving(problem: Problem) -> Solving:
    return Solving(problem, TRANSCRIPTIONS["radau"], Budget.of(10_000, 300.0), lambda _: None)


@cache
def rows() -> tuple[Problem, ...]:
    return parse(bryson_denham(LIMITS.tolist())).rows()


@cache
def batched() -> tuple[Outcome, ...]:
    return tuple(solve_batch([solving(row) for row in rows()], INTERVALS, Start()))


def alone(problem: Problem) -> Outcome:
    return first_outcomes(solving(problem), uniform(1, INTERVALS), 1)[0]


def test_every_lane_of_a_batch_equals_the_single_solve() -> None:
    for row, outcome in zip(rows(), batched(), strict=True):
        expected = alone(row)
        assert outcome.solved
        assert outcome.cost == pytest.approx(expected.cost, rel=1e-7)
        np.testing.assert_allclose(outcome.variables.x, expected.variables.x, rtol=0, atol=1e-5)


def test_active_state_constraints_do_not_keep_the_method_from_its_tolerance() -> None:
    """Their stiffness is ten thousand million times that of the rest."""
    assert [outcome.status for outcome in batched()] == [CONVERGED] * len(LIMITS)


def test_an_initial_value_near_zero_takes_hardly_more_iterations_than_zero() -> None:
    """It tells nothing of how large the state will be."""

    def iterations(x: float) -> int:
        problem = {
            "states": ["x", "y"],
            "controls": ["u"],
            "time": {"t0": 0, "tf": 5},
            "dynamics": {"x": "(1 - y^2)*x - y + u", "y": "x"},
            "running_cost": "x^2 + y^2 + u^2",
            "initial": {"x": x, "y": 1},
            "control_bounds": {"u": [-0.75, 1]},
        }
        outcome = alone(parse(problem))
        assert outcome.solved
        return outcome.iterations

    assert iterations(1e-4) <= iterations(0.0) + 3


def test_a_bad_lane_does_not_spoil_others() -> None:
    """One row has too weak a control to turn the speed in time, one has no finite value anywhere."""
    problems = list(rows())[:8]
    phase = problems[3].phases[0]
    impossible = replace(phase, u_lower=np.array([-0.5]), u_upper=np.array([0.5]))
    problems[3] = replace(problems[3], phases=(impossible,))
    problems[5] = replace(problems[5], k=np.full_like(problems[5].k, np.nan))
    outcomes = solve_batch([solving(problem) for problem in problems], INTERVALS, Start())
    assert not outcomes[3].solved
    assert not outcomes[5].solved
    for place in (0, 1, 2, 4, 6, 7):
        assert outcomes[place].cost == pytest.approx(batched()[place].cost, rel=1e-9)


def test_lanes_with_free_and_with_fixed_time_are_solved_in_one_call() -> None:
    free = parse(
        {**bryson_denham(0.12), "time": {"t0": 0, "tf": {"lower": 0.9, "upper": 1.0, "guess": 0.95}}}
    )
    fixed = parse(bryson_denham(0.12))
    outcomes = solve_batch([solving(p) for p in (free, fixed, free)], INTERVALS, Start())
    assert [outcome.solved for outcome in outcomes] == [True] * 3
    assert outcomes[0].cost == outcomes[2].cost
    assert outcomes[1].cost == pytest.approx(alone(fixed).cost, rel=1e-9)


def test_flights_side_by_side_find_what_each_finds_alone() -> None:
    solvings = [solving(row) for row in rows()[:3]]
    answers = [measured(one, outcome) for one, outcome in zip(solvings, batched(), strict=False)]
    spoilt = replace(answers[1].outcome, cost=1.1 * answers[1].outcome.cost)
    answers[1] = replace(answers[1], outcome=spoilt)
    together = all_verified(solvings, answers, 1e-4)
    assert [answer.passed(allowance(1e-4)) for answer in together] == [True, False, True]
    for one, answer, found in zip(solvings, answers, together, strict=True):
        alone = verified(one, answer, 1e-4).verification
        assert alone is not None
        assert found.verification is not None
        assert found.verification.flown_cost == pytest.approx(alone.flown_cost, rel=1e-9)
        assert found.verification.cost == pytest.approx(alone.cost, abs=1e-9)


def test_a_solve_that_begins_with_a_solution_and_its_multipliers_is_short() -> None:
    """Those of active bounds among them: the state's limit is active on an arc."""
    row = rows()[0]
    cold = alone(row)
    again = solving(row)
    d = cold.discretization
    warm = again.solve(d, cold.trajectory(), Start(mu=WARM), cold.multipliers_on(d))
    assert warm.status == CONVERGED
    assert warm.cost == pytest.approx(cold.cost, rel=1e-8)
    assert warm.iterations <= cold.iterations // 2


def test_a_sweep_answers_every_row() -> None:
    request = check("collocation", {"problem": bryson_denham(LIMITS.tolist())}, OPTIONS)
    result = run(request, lambda _: None)
    assert result["status"] == "converged", result["message"]
    assert [row["constants"]["limit"] for row in result["rows"]] == pytest.approx(LIMITS)
    for row in result["rows"]:
        assert row["status"] == "converged"
        assert row["cost"] == pytest.approx(4.0 / (9.0 * row["constants"]["limit"]), rel=1e-4)
        assert max(row["states"]["x"]) <= row["constants"]["limit"] + 1e-5
        assert row["verification"]["passed"]
    assert result["cost"] == result["rows"][0]["cost"]
    assert result["time"] == result["rows"][0]["time"]


def test_a_row_without_solution_is_told_and_the_others_are_answered() -> None:
    """To turn the speed from 1 to -1 in a second takes a control of 2 at least: the middle row has 0.5."""
    problem = bryson_denham(0.15)
    problem["constants"]["strength"] = [100, 0.5, 50]
    problem["control_bounds"] = {"u": ["-strength", "strength"]}
    result = run(check("collocation", {"problem": problem}, OPTIONS), lambda _: None)
    assert [row["status"] == "converged" for row in result["rows"]] == [True, False, True]
    assert result["status"] == result["rows"][1]["status"]
    assert "2 converged" in result["message"]


def test_progress_of_a_sweep_never_falls() -> None:
    seen: list[float] = []
    request = check("collocation", {"problem": bryson_denham([0.1, 0.12])}, OPTIONS)
    run(request, lambda progress: seen.append(progress.fraction))
    assert seen == sorted(seen)
    assert len(seen) >= 3
