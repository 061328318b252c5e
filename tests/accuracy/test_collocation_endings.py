"""How a solve ends when it does not converge, and what its options do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from app.problems.doors import problem_of
from app.solvers.collocation.refinement import _settled
from app.solvers.collocation.result import result_of
from app.solvers.collocation.solver import answered
from app.solvers.collocation.solving import Budget, Solving
from app.solvers.collocation.transcription import TRANSCRIPTIONS
from app.solvers.progress import Progress
from app.solvers.request import check
from app.solvers.run import run

REST_TO_REST: dict[str, Any] = {
    "states": ["x", "v"],
    "controls": ["u"],
    "time": {"t0": 0, "tf": 3},
    "dynamics": {"x": "v", "v": "u"},
    "running_cost": "u^2",
    "control_bounds": {"u": [-1, 1]},
    "initial": {"x": 0, "v": 0},
    "final": {"x": 1, "v": 0},
}
TWO_WELLS: dict[str, Any] = {
    "states": ["x"],
    "controls": ["u"],
    "time": {"t0": 0, "tf": 1},
    "dynamics": {"x": "u"},
    "running_cost": "0.1*u^2",
    "terminal_cost": "(x_f^2-1)^2-0.3*x_f",
    "initial": {"x": 0},
    "guess": {"x": [0, -1], "u": -1},
}
BLOWS_UP: dict[str, Any] = {
    "states": ["x"],
    "controls": ["u"],
    "time": {"t0": 0, "tf": 5},
    "dynamics": {"x": "x^2+u"},
    "running_cost": "u^2",
    "control_bounds": {"u": [-0.1, 0.1]},
    "initial": {"x": 1},
}
FULLER: dict[str, Any] = {
    **REST_TO_REST,
    "running_cost": "x^2",
    "initial": {"x": 1, "v": 0},
    "final": {},
}
AROUND: dict[str, Any] = {
    "states": ["x", "y", "vx", "vy"],
    "controls": ["ax", "ay"],
    "time": {"t0": 0, "tf": 10},
    "dynamics": {"x": "vx", "y": "vy", "vx": "ax", "vy": "ay"},
    "running_cost": "ax^2+ay^2",
    "path_constraints": [{"expr": "(x-5)^2+y^2", "lower": 4}],
    "initial": {"x": 0, "y": 0, "vx": 0, "vy": 0},
    "final": {"x": 10, "y": 0, "vx": 0, "vy": 0},
}
"""The obstacle stands right in the middle of the way, and is touched at one point."""


def solve(problem: dict[str, Any], reports: list[Progress] | None = None, **options: Any) -> dict[str, Any]:
    request = check("collocation", {"problem": problem}, options)
    return run(request, (lambda _: None) if reports is None else reports.append)


def test_a_straight_guess_through_an_obstacle_is_led_around_it() -> None:
    result = solve(AROUND)
    assert result["status"] == "converged"
    assert result["cost"] == pytest.approx(1.2 + 2 * 0.384, rel=1e-6)  # rest to rest in x; twice so in y
    x, y = (np.asarray(result["states"][name]) for name in ("x", "y"))
    assert np.min((x - 5) ** 2 + y**2) >= 4 - 1e-6


def test_too_short_a_time_is_infeasible_and_the_end_is_named() -> None:
    result = solve({**REST_TO_REST, "time": {"t0": 0, "tf": 1}})
    assert result["status"] == "infeasible"
    assert "final value of x" in result["message"]


def test_too_short_a_free_time_is_infeasible_and_the_end_is_named() -> None:
    free = {"free": True, "lower": 0.1, "upper": 1.0}
    result = solve({**REST_TO_REST, "time": {"t0": 0, "tf": free}})
    assert result["status"] == "infeasible"
    assert "final value of x" in result["message"]


def test_a_path_constraint_that_cannot_be_kept_is_named_with_its_place() -> None:
    constraint = {"expr": "x-2*t", "lower": 0.5}
    result = solve({**REST_TO_REST, "final": {}, "path_constraints": [constraint]})
    assert result["status"] == "infeasible"
    assert "path_constraints.0" in result["message"]
    assert "t = " in result["message"]


def test_dynamics_that_blow_up_are_told_with_time_and_state() -> None:
    result = solve(BLOWS_UP)
    assert result["status"] != "converged"
    assert "lost before t = " in result["message"]
    assert "'x'" in result["message"]


def test_time_that_is_up_gives_the_best_point_so_far() -> None:
    result = solve(REST_TO_REST, time_limit_s=1e-3)
    assert result["status"] == "time_limit"
    assert len(result["time"]) == len(result["states"]["x"]) > 2
    assert result["verification"]["passed"] is False


def test_iterations_count_over_all_starts_and_meshes() -> None:
    result = solve(BLOWS_UP, max_iterations=37)
    assert result["status"] == "max_iterations"
    assert result["iterations"] == 37


def test_one_start_may_end_in_a_local_optimum_and_several_find_a_better_one() -> None:
    one, several = solve(TWO_WELLS, multi_start=1), solve(TWO_WELLS, multi_start=6)
    assert one["status"] == several["status"] == "converged"
    assert one["states"]["x"][-1] < 0 < several["states"]["x"][-1]
    assert several["cost"] < one["cost"]
    assert several["iterations"] > one["iterations"]


def test_progress_never_goes_back() -> None:
    reports: list[Progress] = []
    solve(TWO_WELLS, reports)
    fractions = [report.fraction for report in reports]
    assert fractions == sorted(fractions)
    assert {"solve", "verify"} <= {report.stage for report in reports}


def test_infinitely_many_switches_are_not_answered_wrongly() -> None:
    """Fuller's problem: the optimal control switches ever faster on the way to the origin.

    Switches lie on the curve x = -c v |v|, c = 0.4446236 (Fuller, Proc. 1st IFAC Congress, 1960); flown with that
    feedback the cost is 0.76402.
    """
    result = solve(FULLER)
    assert result["status"] != "converged" or result["cost"] == pytest.approx(fuller_cost(), rel=1e-3)


def fuller_cost(steps: int = 30_000) -> float:
    """Cost of the feedback u = -sign(x + c v |v|) from x = 1, v = 0 over 3, the control constant in each step."""
    h, x, v, cost = 3.0 / steps, 1.0, 0.0, 0.0
    for _ in range(steps):
        u = -1.0 if x + 0.4446236 * v * abs(v) > 0 else 1.0
        cost += x * x * h + x * v * h**2 + (v * v + x * u) * h**3 / 3
        x, v = x + v * h + 0.5 * u * h**2, v + u * h
    return cost


@pytest.mark.parametrize("transcription", ["radau", "hermite_simpson", "trapezoidal"])
@pytest.mark.parametrize(
    ("problem", "cost"),
    [
        ({**REST_TO_REST, "time": {"t0": 0, "tf": 4}, "control_bounds": {}}, 12 / 64),
        (TWO_WELLS, -0.20060267),
        (
            {
                **REST_TO_REST,
                "running_cost": "0",
                "terminal_cost": "tf",
                "time": {"t0": 0, "tf": {"free": True, "lower": 0.1, "upper": 10}},
            },
            2.0,
        ),
    ],
    ids=["least effort", "two wells", "least time"],
)
def test_every_transcription_gives_the_known_cost(
    transcription: str, problem: dict[str, Any], cost: float
) -> None:
    result = solve(problem, transcription=transcription, tolerance=1e-5, multi_start=6)
    assert result["status"] == "converged", result["message"]
    assert result["mesh"]["transcription"] == transcription
    assert result["cost"] == pytest.approx(cost, rel=1e-4)


def test_a_phase_without_controls_is_flown_though_the_mesh_errs() -> None:
    phase: dict[str, Any] = {"states": ["x", "v"], "dynamics": {"x": "v", "v": "-sin(x)"}}
    coast = {
        **phase,
        "name": "coast",
        "controls": [],
        "time": {"t0": 0, "tf": 4},
        "initial": {"x": 2, "v": 0},
    }
    brake = {
        **phase,
        "name": "brake",
        "controls": ["u"],
        "time": {"t0": 4, "tf": 8},
        "dynamics": {"x": "v", "v": "-sin(x)+u"},
        "running_cost": "u^2",
        "final": {"x": 0, "v": 0},
    }
    links = [{"expr": "brake_x_0-coast_x_f"}, {"expr": "brake_v_0-coast_v_f"}]
    result = solve({"phases": [coast, brake], "links": links})
    assert result["status"] == "converged"
    flight = solve_ivp(lambda _, y: (y[1], -np.sin(y[0])), (0, 4), (2.0, 0.0), rtol=1e-10, atol=1e-12)
    ends = [result["phases"][0]["states"][name][-1] for name in ("x", "v")]
    np.testing.assert_allclose(ends, flight.y[:, -1], atol=1e-5)


def test_an_answer_that_a_pull_keeps_from_its_optimum_is_not_converged() -> None:
    problem = problem_of({"problem": REST_TO_REST})
    solving = Solving(problem, TRANSCRIPTIONS["radau"], Budget.of(1000, 300.0), lambda _: None)
    answer = answered(solving, None, check("collocation", {"problem": REST_TO_REST}).options)
    assert result_of(solving, answer, 1e-6)["status"] == "converged"
    pulled = result_of(solving, replace(answer, pulled=1e-2), 1e-6)
    assert pulled["status"] == "unverified"
    assert "1.0e-02" in pulled["message"]
    assert _settled(solving, answer, 1e-3, 1e-6).pulled < 1e-6
    solving.budget.iterations = solving.budget.spent
    assert result_of(solving, answer, 1e-6)["status"] == "converged"
    cut_off = result_of(solving, _settled(solving, answer, 1e-3, 1e-6), 1e-6)
    assert cut_off["status"] == "max_iterations"
    assert "not optimal yet" in cut_off["message"]


def test_the_flown_cost_of_a_maximised_problem_is_shown_in_its_own_sense() -> None:
    problem = {**REST_TO_REST, "sense": "max", "running_cost": "-u^2"}
    result = solve(problem)
    assert result["cost"] == pytest.approx(-4 / 9, rel=1e-5)
    assert result["verification"]["flown_cost"] == pytest.approx(result["cost"], rel=1e-5)


def test_where_a_solution_stays_at_a_kink_the_message_says_how_to_state_it_without() -> None:
    fuel = {**REST_TO_REST, "running_cost": "abs(u)", "dynamics": {"x": "v", "v": "u - 0.1*v"}}
    result = solve(fuel, max_iterations=60)
    assert result["status"] in ("max_iterations", "stalled")
    assert "abs: kinks in states or controls" in result["message"]
    assert "sum of two controls" in result["message"]
    parts = "up", "down"
    stated = {
        **fuel,
        "controls": [*parts],
        "running_cost": "up + down",
        "dynamics": {"x": "v", "v": "up - down - 0.1*v"},
        "control_bounds": {part: [0, 1] for part in parts},
    }
    assert solve(stated)["status"] == "converged"
