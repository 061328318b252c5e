"""Solutions whose junctions are laid on each other, against Bryson and Denham's problem.

Its state keeps to a limit l between the times 3 l and 1 - 3 l, where the control u = -2/(3 l) (1 - t/(3 l)), before
them, reaches zero.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from app.problems.model import parse
from app.solvers.collocation.discretization import guess_of
from app.solvers.collocation.mesh import uniform
from app.solvers.collocation.outcome import Outcome
from app.solvers.collocation.solving import Budget, Solving, Start
from app.solvers.collocation.transcription import TRANSCRIPTIONS
from app.solvers.multi_objective.registration import junctions, registered

INTERVALS = 40  # junctions of the limits below lie on nodes
EARLY, LATE, FREE = 0.1, 0.125, 0.3
HALVES = np.full(2, 0.5)


@cache
def solution(limit: float, intervals: int = INTERVALS) -> Outcome:
    problem = parse(
        {
            "states": ["x", "v"],
            "controls": ["u"],
            "constants": {"limit": limit},
            "time": {"t0": 0, "tf": 1},
            "dynamics": {"x": "v", "v": "u"},
            "running_cost": "0.5*u^2",
            "state_bounds": {"x": [None, "limit"]},
            "initial": {"x": 0, "v": 1},
            "final": {"x": 0, "v": -1},
        }
    )
    solving = Solving(problem, TRANSCRIPTIONS["radau"], Budget.of(1000, 300.0), lambda _: None)
    guess = guess_of(problem)
    return solving.solve(solving.discretize(uniform(1, intervals), guess), guess, Start())


def control(outcome: Outcome, at: np.ndarray) -> np.ndarray:
    [phase] = outcome.trajectory().phases
    return np.interp(at, phase.s, phase.u[:, 0])


def together(*outcomes: Outcome, largest: int = INTERVALS) -> tuple[list[Outcome], np.ndarray]:
    moved, mesh = registered(outcomes, [junctions(one) for one in outcomes], HALVES, largest)
    return list(moved), mesh


@pytest.mark.parametrize("limit", [EARLY, LATE])
def test_junctions_are_where_a_state_meets_its_bound_and_leaves_it(limit: float) -> None:
    begins, ends = junctions(solution(limit))
    assert (begins.begins, ends.begins) == (True, False)
    assert begins.bound == ends.bound
    assert (begins.place, ends.place) == pytest.approx((3 * limit, 1 - 3 * limit), abs=1.01 / INTERVALS)


def test_the_mean_of_registered_solutions_has_one_junction_in_their_middle() -> None:
    ends = solution(EARLY), solution(LATE)
    between = 0.5 * (EARLY + LATE)
    moved, mesh = together(*ends)
    meeting = 0.5 * sum(junctions(one)[0].place for one in ends)
    assert [junctions(one)[0].place for one in moved] == pytest.approx([meeting, meeting], abs=1e-12)
    assert np.min(np.abs(np.cumsum(mesh) - meeting)) < 1e-12
    t = np.linspace(0.02, 0.5, 200)
    known = np.where(t < 3 * between, -2 / (3 * between) * (1 - t / (3 * between)), 0.0)
    registered_, plain = (np.mean([control(one, t) for one in pair], axis=0) for pair in (moved, ends))
    errors = [np.max(np.abs(one - known)) for one in (registered_, plain)]
    assert errors[0] < 0.6 * errors[1]


@pytest.mark.parametrize(("largest", "intervals"), [(INTERVALS, INTERVALS), (2 * INTERVALS, 2 * INTERVALS)])
def test_the_mesh_between_is_the_finest_that_is_not_too_large(largest: int, intervals: int) -> None:
    _, mesh = together(solution(EARLY), solution(LATE, 2 * INTERVALS), largest=largest)
    assert mesh.shape == (1, intervals)


def test_stretching_keeps_what_multipliers_are_for_a_part_of_time() -> None:
    outcome = solution(EARLY)
    shape = outcome.discretization.fractions.shape
    fractions = np.linspace(0.5, 1.5, shape[1])[None] / shape[1]
    stretched = outcome.stretched(fractions)
    old, new = (
        one.discretization.layout.views(np.asarray(one.multipliers.upper)).x
        / one.discretization.fractions[:, :, None, None]
        for one in (outcome, stretched)
    )
    assert new == pytest.approx(old)
    assert stretched.costates() == pytest.approx(outcome.costates())


def test_solutions_of_another_structure_stay_as_they_are() -> None:
    limited, free = solution(EARLY), solution(FREE)
    assert junctions(free) == []
    moved, mesh = together(limited, free)
    assert moved == [limited, free]
    assert mesh == pytest.approx(limited.discretization.fractions)
