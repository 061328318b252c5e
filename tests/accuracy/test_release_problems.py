"""The fixed problems of a release: this build gives the known costs, and those come from mathematics."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from app.release.answers import from_this_build
from app.release.judgement import alone
from app.release.problems import PROBLEMS, Problem, chosen


@pytest.mark.parametrize("problem", PROBLEMS, ids=[problem.name for problem in PROBLEMS])
def test_this_build_answers_as_is_known(problem: Problem) -> None:
    assert alone(problem, from_this_build(problem)) == []


def test_the_known_cost_of_the_regulator_is_that_of_the_riccati_equation() -> None:
    """-P' = A'P + PA - P B R^-1 B' P + Q with P(T) = Qf; the cost is x0' P(0) x0 (Kalman 1960)."""
    A, B, Q, R = np.array([[0, 1], [-1, -0.2]]), np.array([[0], [1]]), np.diag([1, 0.1]), 0.1

    def backwards(_: float, flat: np.ndarray) -> np.ndarray:
        P = flat.reshape(2, 2)
        return (A.T @ P + P @ A - P @ B @ B.T @ P / R + Q).ravel()

    P = solve_ivp(backwards, (0, 10), np.eye(2).ravel(), rtol=1e-11, atol=1e-12).y[:, -1].reshape(2, 2)
    [known] = [problem.known for problem in chosen(["linear-quadratic regulator"])]
    assert known == pytest.approx(P[0, 0], rel=1e-8)
