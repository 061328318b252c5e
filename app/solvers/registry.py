"""The solvers there are: what each is called, takes and accepts as a problem. Never imports JAX."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from app.errors import Faults
from app.problems.canonical import canonical
from app.problems.doors import problem_of
from app.problems.expression import suggestion
from app.solvers.magnus.options import MagnusOptions
from app.solvers.magnus.request import check as check_matrices
from app.solvers.multi_objective.options import MultiObjectiveOptions
from app.solvers.multi_objective.request import check as check_objectives
from app.solvers.multi_objective.request import check_method
from app.solvers.options import CollocationOptions
from app.solvers.pmp.options import PmpOptions
from app.solvers.pmp.request import accepted


@dataclass(frozen=True)
class CheckedProblem:
    """A problem that a solver accepts: canonical `data`, and the hash of its structure without numbers."""

    data: dict[str, Any]
    structure: str


@dataclass(frozen=True)
class Solver:
    """One solver as the API offers it.

    `check` takes a `problem_config` and raises InvalidInput with fields relative to it; `suits` takes its
    canonical data with the options, and raises InvalidInput with fields of the request where they disagree.
    """

    name: str
    title: str
    description: str
    options: type[BaseModel]
    check: Callable[[Mapping[str, Any]], CheckedProblem]
    suits: Callable[[Mapping[str, Any], Mapping[str, Any]], None] = lambda data, options: None


def uncertain_constants(problem: Mapping[str, Any], options: Mapping[str, Any]) -> None:
    """InvalidInput where a Monte Carlo run does not fit the problem."""
    if not (asked := options["monte_carlo"]):
        return
    faults, constants = Faults(), problem.get("constants", {})
    for name, given in asked["constants"].items():
        field = f"solver_config.monte_carlo.constants.{name}"
        if name not in constants:
            faults.add(
                field, "the problem has no such constant", name, suggestion(name, constants, "constants")
            )
        elif given["distribution"] == "lognormal" and given["mean"] is not None and given["mean"] <= 0:
            faults.add(f"{field}.mean", "a lognormal quantity is positive", given["mean"], "above 0")
    if len(problem.get("phases", {})) > 1:
        faults.add(
            "solver_config.monte_carlo", "the problem has several phases", None, "problems of one phase"
        )
    if any(isinstance(value, list) for value in constants.values()):
        faults.add("solver_config.monte_carlo", "the problem is a sweep", None, "one value for each constant")
    faults.check()


def control_problem(config: Mapping[str, Any]) -> CheckedProblem:
    """The check of every solver that takes an optimal-control problem as it is."""
    problem = problem_of(config)
    return CheckedProblem(canonical(problem.statement), problem.structure.digest)


def unconstrained_problem(config: Mapping[str, Any]) -> CheckedProblem:
    """The check of the solver that takes problems of one phase without path constraints."""
    problem = accepted(config)
    return CheckedProblem(canonical(problem.statement), problem.structure.digest)


def matrix_problem(config: Mapping[str, Any]) -> CheckedProblem:
    """The check of the solver that takes matrices: Schroedinger, Lindblad and linear equations."""
    return CheckedProblem(*check_matrices(config))


def problem_with_objectives(config: Mapping[str, Any]) -> CheckedProblem:
    """The check of the solver that takes several objectives, of a control problem or of variables alone."""
    return CheckedProblem(*check_objectives(config))


SOLVERS: dict[str, Solver] = {
    solver.name: solver
    for solver in (
        Solver(
            name="collocation",
            title="Direct collocation",
            description=(
                "Optimal-control problems as data: states and controls on an adaptive mesh, solved by an "
                "interior-point method, and the answer checked by integrating the control."
            ),
            options=CollocationOptions,
            check=control_problem,
            suits=uncertain_constants,
        ),
        Solver(
            name="pmp",
            title="Pontryagin's minimum principle",
            description=(
                "Problems of one phase without path constraints, to high accuracy: multiple shooting on the "
                "canonical equations with bang-bang, interior and singular arcs; every necessary condition stated."
            ),
            options=PmpOptions,
            check=unconstrained_problem,
        ),
        Solver(
            name="magnus",
            title="Magnus expansion and GRAPE",
            description=(
                "Schroedinger, Lindblad and linear time-dependent equations given as matrices: propagated by "
                "Magnus expansions, and controlled by GRAPE with bounds, smoothness and robustness."
            ),
            options=MagnusOptions,
            check=matrix_problem,
        ),
        Solver(
            name="multi_objective",
            title="Fronts of several objectives",
            description=(
                "Control problems by normal-boundary intersection or epsilon constraints over verified "
                "collocation solves; problems of variables alone by NSGA-II or NSGA-III. With hypervolume and knee."
            ),
            options=MultiObjectiveOptions,
            check=problem_with_objectives,
            suits=check_method,
        ),
    )
}
