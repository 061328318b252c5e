"""The result object of the API: an extremal published, its conditions stated, its control flown."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.problems.model import Problem
from app.solvers.pmp.conditions import NecessaryConditions, conditions_of
from app.solvers.pmp.estimate import Estimate
from app.solvers.pmp.integration import STEPS
from app.solvers.pmp.newton import CONVERGED, LATE, LONG, LOST, STUCK, Found
from app.solvers.pmp.publication import Published, arcs_of, publish
from app.solvers.verification import PIECE, Claim, FlownPhase, Verification, verify
from app.version import SOLVER_VERSION

Array = NDArray[np.float64]
ACCURACIES = (2e-5, 2e-6, 1e-7)  # of linear interpolation of the controls, relative, one after the other
FLIGHT = 1e-5  # relative difference that the flight of the published control may have, at least
CONDITIONS = 1e-6  # relative residual that every necessary condition may have, at least
SLACK = 100.0  # of the tolerance
GROWTH = 10.0  # of errors that a flight between two restarts may have

_MESSAGES = {
    STUCK: "Newton's method found no step that brings the boundary-value problem closer to its solution.",
    LATE: "The time limit was reached.",
    LONG: "The limit of iterations was reached.",
    LOST: "The canonical equations have no finite solution from the estimate.",
}


def result_of(problem: Problem, found: Found, estimate: Estimate, tolerance: float) -> dict[str, Any]:
    """The result but for iterations and timings."""
    sign = -1.0 if problem.sense == "max" else 1.0
    conditions = conditions_of(found)
    allowed = max(SLACK * tolerance, FLIGHT)
    published, checked = _published(problem, found, allowed)
    status, message = _status(problem, found, published, conditions, checked, tolerance)
    trajectory = _trajectory(problem, published, sign)
    return {
        "status": status,
        "message": message,
        "cost": _finite(sign * found.system.cost),
        **{key: value for key, value in trajectory.items() if key != "name"},
        "phases": [trajectory],
        "parameters": dict(zip(problem.parameters, map(_finite, found.extremal.p), strict=True)),
        "constraint_violation": _finite(max(checked.path, checked.bounds)),
        "optimality_residual": _finite(conditions.worst),
        "mesh_error": _finite(float(np.max(np.asarray(found.system.shots.error)))),
        "mesh": {"segments": found.extremal.division.count, "arcs": found.extremal.arcs.count},
        "necessary_conditions": {
            name: None if value is None else _finite(value) for name, value in asdict(conditions).items()
        },
        "arcs": arcs_of(problem, found),
        "multipliers": dict(
            zip(problem.boundary_labels, map(_finite, sign * found.extremal.multipliers), strict=True)
        ),
        "estimate": {"status": estimate.status, "cost": estimate.cost},
        "verification": checked.to_json(allowed, sign),
        "solver_version": SOLVER_VERSION,
        "warnings": [*problem.warnings, *_remarks(conditions)],
    }


def unsolved(problem: Problem, estimate: Estimate, late: bool) -> dict[str, Any]:
    """The result where not even the estimate came about, or time was up (`late`) when it did."""
    sign = -1.0 if problem.sense == "max" else 1.0
    path = estimate.path
    n = path.n
    if late and estimate.usable:
        status, message = LATE, f"{_MESSAGES[LATE]} The estimate took it all ({estimate.status})."
    else:
        status = "infeasible" if estimate.status == "infeasible" else "no_estimate"
        message = f"Collocation gave no estimate to start from ({estimate.status}): {estimate.message}"
    nothing = np.zeros(len(path.t))
    published = Published(path.t, path.y[:, :n], path.u, path.y[:, n:], nothing)
    trajectory = _trajectory(problem, published, sign)
    return {
        "status": status,
        "message": message,
        "cost": estimate.cost,
        **{key: value for key, value in trajectory.items() if key not in ("name", "hamiltonian")},
        "phases": [trajectory],
        "parameters": dict(zip(problem.parameters, map(_finite, path.p), strict=True)),
        "constraint_violation": _finite(estimate.violation),
        "optimality_residual": None,
        "mesh_error": None,
        "necessary_conditions": {},
        "arcs": [],
        "estimate": {"status": estimate.status, "cost": estimate.cost},
        "verification": {"passed": False},
        "solver_version": SOLVER_VERSION,
        "warnings": list(problem.warnings),
    }


def _published(problem: Problem, found: Found, allowed: float) -> tuple[Published, Verification]:
    """As few points as make the flown control reproduce the answer well within what is allowed."""
    for accuracy in ACCURACIES:
        published = publish(problem, found, accuracy)
        checked = _flown(problem, found, published, allowed)
        if checked.passed(0.1 * allowed) or not found.converged:
            break
    if found.converged and not checked.passed(allowed):
        # Where errors grow too fast for a flight between two restarts, denser points bring restarts closer.
        published = publish(problem, found, ACCURACIES[1], GROWTH ** (STEPS / PIECE))
        checked = _flown(problem, found, published, allowed)
    return published, checked


def _flown(problem: Problem, found: Found, published: Published, allowed: float) -> Verification:
    """The flight of the published control; where dynamics amplify every error, with restarts."""
    scale = np.maximum(np.max(np.abs(published.x), axis=0), 1e-3 * found.shooting.sizes.x)
    phases = [FlownPhase(published.t, published.x, published.u)]
    claim = Claim(problem, phases, found.extremal.p, found.system.cost, [scale])
    journey = found.shooting.programs.journey
    whole = verify(claim, journey)
    if whole.passed(allowed) or not found.converged:
        return whole
    pieces = verify(claim, journey, restart=PIECE)
    return pieces if pieces.passed(0.1 * allowed) else whole


def _status(
    problem: Problem,
    found: Found,
    published: Published,
    conditions: NecessaryConditions,
    checked: Verification,
    tolerance: float,
) -> tuple[str, str]:
    if not found.converged:
        hint = _crossed(problem, published, 1e-6)
        return found.status, _MESSAGES[found.status] + (f" {hint}" if hint else "")
    crossed = _crossed(problem, published, 1e-6)
    if crossed:
        return "violated_bounds", crossed
    failed = conditions.failed(max(SLACK * tolerance, CONDITIONS))
    if failed:
        return "unverified", "Necessary conditions do not hold: " + ", ".join(failed) + "."
    if not checked.passed(max(SLACK * tolerance, FLIGHT)):
        largest = max(checked.cost, checked.final_state, checked.path, checked.bounds)
        return "unverified", f"The flown control differs by {largest:.1e} (relative)."
    extra = ""
    if checked.restarts:
        extra = f" The dynamics amplify errors so much that the flight was set back {checked.restarts} times."
    return CONVERGED, "The necessary conditions hold and the flown control reproduces the answer." + extra


def _crossed(problem: Problem, published: Published, allowance: float) -> str:
    """The bounds of states that the trajectory crosses, in words; empty where there are none."""
    phase = problem.phases[0]
    parts = []
    for j, name in enumerate(phase.states):
        x = published.x[:, j]
        size = max(float(np.max(np.abs(x))), 1e-8)
        for bound, over in (
            (phase.x_lower[j], phase.x_lower[j] - x),
            (phase.x_upper[j], x - phase.x_upper[j]),
        ):
            if np.isfinite(bound) and np.max(over) > allowance * size:
                worst = int(np.argmax(over))
                parts.append(f"{name} = {x[worst]:.6g} at t = {published.t[worst]:.6g} (bound {bound:.6g})")
    if not parts:
        return ""
    return (
        "This solver leaves bounds of states out of account, and the extremal crosses: "
        + "; ".join(parts)
        + ". The solver 'collocation' takes such problems."
    )


def _remarks(conditions: NecessaryConditions) -> list[str]:
    if conditions.hamiltonian_constancy is None:
        return ["Time enters the problem, so the Hamiltonian need not be constant."]
    return []


def _trajectory(problem: Problem, published: Published, sign: float) -> dict[str, Any]:
    phase = problem.phases[0]

    def columns(names: tuple[str, ...], values: Array) -> dict[str, list[float]]:
        return {name: _list(column) for name, column in zip(names, values.T, strict=True)}

    return {
        "name": phase.name,
        "time": _list(published.t),
        "states": columns(phase.states, published.x),
        "controls": columns(phase.controls, published.u),
        "costates": columns(phase.states, sign * published.costate),
        "hamiltonian": _list(sign * published.hamiltonian),
    }


def _list(values: Array) -> list[float]:
    found: list[float] = np.where(np.isfinite(values), values, 0.0).tolist()
    return found


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
