"""The problems of a front: one structure, numbers and guesses put in, objectives read out of results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.problems.evaluation import Number, evaluate
from app.problems.model import Phase, Problem
from app.solvers.collocation.discretization import Trajectory
from app.solvers.interpolation import Interpolation
from app.solvers.multi_objective.control_front import HIGHEST, LEVEL, ControlFront, integral, slope, weight
from app.solvers.multi_objective.scalarisation import Scalarised
from app.solvers.multi_objective.scoring import in_order

Array = NDArray[np.float64]
Result = dict[str, Any]


class Family:
    """Scalarised problems of one front."""

    def __init__(self, front: ControlFront) -> None:
        self.front = front
        constants = list(front.problem.statement.constants)
        count = range(len(front.objectives))
        self._weights = [constants.index(weight(i)) for i in count]
        self._slopes = [constants.index(slope(i)) for i in count]
        self._level = front.problem.parameters.index(LEVEL)
        self._constants = dict(zip(constants, front.problem.k.tolist(), strict=False))
        self._definitions = in_order(front.problem.statement.phases[0].definitions)

    def problem(self, scalarised: Scalarised, guess: tuple[Sequence[Trajectory], Array] | None) -> Problem:
        """One problem; `guess`: solutions and the share `(n,)` of each, None for the guess of the user."""
        base, m = self.front.problem, len(self.front.objectives)
        k, upper = base.k.copy(), base.b_upper.copy()
        k[self._weights] = scalarised.weights * self.front.signs
        k[self._slopes] = scalarised.slopes
        upper[-m:] = scalarised.upper
        reach = HIGHEST if np.any(scalarised.slopes) else 0.0
        low, high = base.p_lower.copy(), base.p_upper.copy()
        low[self._level], high[self._level] = -reach, reach
        problem = replace(base, k=k, b_upper=upper, p_lower=low, p_upper=high)
        return problem if guess is None else _guessed(problem, *guess)

    def objectives(self, result: Result) -> Array:
        """The objectives at the published end of a result, to be minimised, (m,); NaN where there is none."""
        statement = self.front.problem.statement
        phase = statement.phases[0]
        values: dict[str, Number] = {"pi": np.pi, "e": np.e, **self._constants}
        values |= {name: np.nan if value is None else value for name, value in result["parameters"].items()}
        values |= {"t0": result["time"][0], "tf": result["time"][-1]}
        for name in phase.states:
            values |= {f"{name}_0": result["states"][name][0], f"{name}_f": result["states"][name][-1]}
        for name, definition in self._definitions:
            if definition.names <= values.keys():  # else it is not one of the ends
                values[name] = evaluate(definition, values, statement.tables)
        rows = phase.boundary_constraints[-len(self.front.objectives) :]
        return np.array([evaluate(row.expression, values, statement.tables) for row in rows])

    def published(self, result: Result) -> Result:
        """Trajectories and parameters of a result without what was added to the user's problem."""
        added = {integral(index) for index in range(len(self.front.objectives))} | {LEVEL}
        kept = {"time": result["time"], "controls": result["controls"]}
        for key in ("states", "costates", "parameters"):
            kept[key] = {name: values for name, values in result[key].items() if name not in added}
        return kept


def _guessed(problem: Problem, solutions: Sequence[Trajectory], shares: Array) -> Problem:
    """A weighted mean of solutions is where the solve begins."""
    [phase] = problem.phases
    s = np.unique(np.concatenate([solution.phases[0].s for solution in solutions]))
    x, u = np.zeros((len(s), len(phase.states))), np.zeros((len(s), len(phase.controls)))
    ends, p = np.zeros(2), np.zeros(len(problem.parameters))
    for solution, share in zip(solutions, shares, strict=True):
        [at] = solution.phases
        along = Interpolation(at.s, s)
        x += share * along(at.x)
        u += share * along(at.u)
        ends += share * np.array([at.t0, at.tf])
        p += share * solution.p
    return replace(problem, phases=(_with_guess(phase, s, x, u, ends),), p_guess=p)


def _with_guess(phase: Phase, s: Array, x: Array, u: Array, ends: Array) -> Phase:
    return replace(
        phase,
        guess_s=s,
        guess_x=x,
        guess_u=u,
        t0=(*phase.t0[:2], float(ends[0])),
        tf=(*phase.tf[:2], float(ends[1])),
    )
