"""The solver `magnus`: propagation, or control by GRAPE, and the check of the answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Protocol

import numpy as np

import app.jax_config  # noqa: F401 - float64, before any array is made
from app.solvers.magnus.compilation import compiled_seconds
from app.solvers.magnus.control import ControlProblem, Ensemble
from app.solvers.magnus.grape import Limits, Search, search
from app.solvers.magnus.model import control_problem, infidelity, initial_columns, linear_system
from app.solvers.magnus.objective import Objective
from app.solvers.magnus.options import MagnusOptions
from app.solvers.magnus.propagation import propagate
from app.solvers.magnus.request import parse
from app.solvers.magnus.result import described, reached
from app.solvers.magnus.statement import Statement
from app.solvers.magnus.system import UndefinedError
from app.solvers.magnus.verification import Check, check_control, check_trajectory
from app.solvers.progress import Progress
from app.version import SOLVER_VERSION

Report = Callable[[Progress], None]

_OUTCOMES = {
    "goal": "converged",
    "stationary": "converged",
    "stalled": "stalled",
    "iterations": "max_iterations",
    "time": "time_limit",
}


class Request(Protocol):
    """What the solver needs of a `CheckedRequest`."""

    @property
    def problem(self) -> Mapping[str, Any]:
        """Canonical data."""

    @property
    def options(self) -> Mapping[str, Any]:
        """`MagnusOptions`, every default filled in."""


def solve(request: Request, report: Report) -> dict[str, Any]:
    """Solve a checked request; the result says `converged` only where the independent check agrees."""
    statement = parse(request.problem)
    options = MagnusOptions.model_validate(request.options)
    began, compiled = time.monotonic(), compiled_seconds()
    solver = _control if statement.controls else _propagation
    try:
        result = solver(statement, options, report)
    except UndefinedError as error:
        result = _diverged(str(error))
    compile_s = compiled_seconds() - compiled
    result["timings"] = {
        "compile_s": compile_s,
        "solve_s": max(0.0, time.monotonic() - began - compile_s - result["timings"]["verify_s"]),
        **result["timings"],
    }
    return {**result, "solver_version": SOLVER_VERSION}


def _propagation(statement: Statement, options: MagnusOptions, report: Report) -> dict[str, Any]:
    system, initial = linear_system(statement), initial_columns(statement)
    report(Progress(0.0, "solve", "propagating"))
    deadline = time.monotonic() + options.time_limit_s
    path = propagate(
        system,
        initial,
        statement.times,
        order=options.order,
        tolerance=options.tolerance,
        method=options.method,
        seconds=options.time_limit_s,
    )
    report(Progress(0.7, "verify", f"{path.steps} steps; integrating independently"))
    began = time.monotonic()
    times, states = statement.times, path.states
    if path.outcome == "diverged":
        times, states, check = _before_overflow(times, states)
    else:
        left = max(1.0, deadline - began)
        check = check_trajectory(system, initial, times, states, options.tolerance, left)
    end = reached(statement, states[-1])
    return {
        "status": _status(path.outcome, check),
        "cost": end.get("infidelity"),
        **end,
        "time": times.tolist(),
        **described(statement, states, initial),
        "controls": {},
        "mesh_error": path.error if np.isfinite(path.error) else None,
        "mesh_intervals": path.steps,
        "order": options.order,
        "verification": check.to_json(),
        "iterations": path.passes,
        "timings": {"verify_s": time.monotonic() - began},
    }


def _before_overflow(times: np.ndarray, states: np.ndarray) -> tuple[np.ndarray, np.ndarray, Check]:
    """What there is before the state overflows."""
    count = int(np.argmin(np.all(np.isfinite(states), axis=(1, 2))))
    message = f"the state overflows after t = {times[count - 1]:.6g}"
    return times[:count], states[:count], Check.without(message)


def _diverged(message: str) -> dict[str, Any]:
    """The result where there is no number to tell."""
    return {
        "status": "diverged",
        "message": message,
        "cost": None,
        "time": [],
        "states": {},
        "controls": {},
        "verification": Check.without(message).to_json(),
        "iterations": 0,
        "timings": {"verify_s": 0.0},
    }


def _control(statement: Statement, options: MagnusOptions, report: Report) -> dict[str, Any]:
    problem = control_problem(statement)
    plain_goal = statement.smoothness == 0 and statement.energy == 0 and options.infidelity > 0
    limits = Limits(
        goal=options.infidelity if plain_goal else None,
        gradient=options.gradient_tolerance,
        iterations=options.max_iterations,
        seconds=options.time_limit_s,
        restarts=options.restarts,
        seed=options.seed,
    )

    def progress(iteration: int, cost: float) -> None:
        fraction = 0.9 * min(1.0, iteration / options.max_iterations)
        report(Progress(fraction, "solve", f"infidelity and penalties {cost:.3g}", iteration, cost, 0.0))

    deadline = time.monotonic() + options.time_limit_s
    found = search(problem, limits, options.tolerance, progress)
    if not np.isfinite(found.evaluation.cost):
        return _diverged("the state overflows under every control tried")
    report(
        Progress(0.95, "verify", "integrating independently", found.iterations, found.evaluation.cost, 0.0)
    )
    alone = replace(problem, ensemble=Ensemble((problem.nominal,), np.ones(1), ({},)))
    states = Objective(alone, found.substeps, found.order).states(found.controls)
    began = time.monotonic()
    check, nominal = _check(problem, found, states, options.tolerance, max(1.0, deadline - began))
    return {
        "status": _status(_OUTCOMES[found.outcome], check),
        "cost": found.evaluation.cost,
        **_fidelities(problem, found, nominal),
        "time": problem.edges.tolist(),
        **described(statement, states, problem.initial),
        # Each value holds from its time to the next; the last is repeated for the end.
        "controls": {
            name: [*found.controls[:, j].tolist(), float(found.controls[-1, j])]
            for j, name in enumerate(problem.names)
        },
        "control_interpolation": "piecewise_constant",
        "constraint_violation": 0.0,
        "optimality_residual": found.gradient_norm,
        "verification": {**check.to_json(), "infidelity": nominal if np.isfinite(nominal) else None},
        "iterations": found.iterations,
        "evaluations": found.evaluations,
        "restarts": found.restarts,
        "timings": {"verify_s": time.monotonic() - began},
    }


def _check(
    problem: ControlProblem, found: Search, states: np.ndarray, tolerance: float, seconds: float
) -> tuple[Check, float]:
    """The check of the nominal path, and of the worst member's where there are several; its infidelity."""
    check, final = check_control(problem, problem.nominal, found.controls, states, tolerance, seconds)
    nominal = infidelity(final, problem.target, problem.measure)
    if len(problem.ensemble.members) == 1 or not check.passed:
        return check, nominal
    worst = int(np.argmax(found.evaluation.infidelities))
    member = problem.ensemble.members[worst]
    alone = replace(problem, ensemble=Ensemble((member,), np.ones(1), ({},)))
    path = Objective(alone, found.substeps, found.order).states(found.controls)
    other, _ = check_control(problem, member, found.controls, path, tolerance, seconds)
    return (check if check.error >= other.error else other), nominal


def _fidelities(problem: ControlProblem, found: Search, nominal: float) -> dict[str, Any]:
    """Mean over the ensemble, and its members where there are several."""
    members = found.evaluation.infidelities
    mean = float(problem.ensemble.weights @ members)
    result: dict[str, Any] = {"infidelity": mean, "fidelity": 1 - mean}
    if members.size > 1:
        result["robustness"] = {
            "nominal": nominal if np.isfinite(nominal) else None,
            "mean": mean,
            "worst": float(members.max()),
            "members": [
                {"constants": label, "weight": float(weight), "infidelity": float(value)}
                for label, weight, value in zip(
                    problem.ensemble.labels, problem.ensemble.weights, members, strict=True
                )
            ],
        }
    return result


def _status(status: str, check: Check) -> str:
    return "unverified" if status == "converged" and not check.passed else status
