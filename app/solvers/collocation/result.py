"""The result object of the API: an answer published, verified and put into plain words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.problems.model import Problem
from app.solvers.collocation.faults import worst_rows
from app.solvers.collocation.interior_point import INFEASIBLE, INVALID, STUCK
from app.solvers.collocation.kinks import bends
from app.solvers.collocation.measurement import Answer
from app.solvers.collocation.outcome import Outcome
from app.solvers.collocation.programs import SEGMENTS, fleet_program
from app.solvers.collocation.publication import PublishedPhase, publish
from app.solvers.collocation.sensitivities import sensitivities
from app.solvers.collocation.solving import OUT_OF_ITERATIONS, OUT_OF_TIME, Solving
from app.solvers.monte_carlo import spread
from app.solvers.verification import PIECE, UNVERIFIED, Claim, FlownPhase, Verification, verify, verify_all
from app.version import SOLVER_VERSION

Array = NDArray[np.float64]
ADVICE = (
    "Bounds on states that keep expressions away from poles, `nominal` magnitudes, a guess nearer to a trajectory, "
    "more `mesh_intervals` or a larger `tolerance` may help."
)
KINKS = (
    "{}: kinks in states or controls. Where a solution stays at one, no optimality condition holds. abs(u) can be "
    "written as the sum of two controls from 0 on, a maximum as a bound, any kink be rounded, as sqrt(u^2 + 1e-4)."
)
SLACK = 100.0  # of the tolerance: what the flight of the published control may differ by


def result_of(
    solving: Solving,
    answer: Answer,
    tolerance: float,
    monte_carlo: Mapping[str, Any] | None = None,
    *,
    derivatives: bool = True,
) -> dict[str, Any]:
    """The result but for its timings; `monte_carlo` asks for the spread under uncertain constants, `derivatives`
    for sensitivities."""
    problem, outcome = solving.problem, answer.outcome
    sign = -1.0 if problem.sense == "max" else 1.0
    phases = published(problem, answer)
    allowed = allowance(tolerance)
    if not solving.budget.late:
        answer = verified(solving, answer, tolerance)
    checked = answer.verification or UNVERIFIED
    status, message = _status(solving, answer, checked, allowed)
    names = problem.parameters
    p = np.asarray(outcome.variables.p) * outcome.discretization.scales.p
    result: dict[str, Any] = {
        "status": status,
        "message": message,
        "cost": _finite(sign * outcome.cost),
        **_trajectories(problem, phases, sign),
        "parameters": {name: _finite(value) for name, value in zip(names, p, strict=True)},
        "constraint_violation": _finite(float(np.nanmax([outcome.primal, checked.path, checked.bounds]))),
        "optimality_residual": _finite(outcome.error),
        "mesh_error": _finite(answer.miss),
        "mesh": {
            "transcription": solving.transcription.name,
            "intervals": outcome.discretization.layout.intervals,
        },
        "verification": checked.to_json(allowed, sign),
        "iterations": solving.budget.spent,
        "solver_version": SOLVER_VERSION,
        "warnings": list(problem.warnings),
    }
    if status == "converged" and derivatives:
        result["sensitivities"] = sensitivities(problem, outcome)
    if status == "converged" and monte_carlo:
        solving.say("verify", "flying the control under uncertain constants")
        flown = FlownPhase(phases[0].t, phases[0].x, phases[0].u)
        result["monte_carlo"] = spread(problem, flown, p, _magnitudes(outcome, phases)[0], monte_carlo)
    return result


def allowance(tolerance: float) -> float:
    """What the flight may differ by (relative) for a tolerance of the mesh."""
    return max(SLACK * tolerance, 1e-5)


def published(problem: Problem, answer: Answer) -> list[PublishedPhase]:
    """The points of an answer."""
    return publish(problem, answer.flights, *_costates(answer))


def verified(solving: Solving, answer: Answer, tolerance: float) -> Answer:
    """The answer with the flight of its published control."""
    if answer.verification is not None:
        return answer
    solving.say("verify", "flying the control")
    found = check(solving, answer.outcome, published(solving.problem, answer), allowance(tolerance))
    return replace(answer, verification=found)


def all_verified(solvings: Sequence[Solving], answers: Sequence[Answer], tolerance: float) -> list[Answer]:
    """The answers to problems of one structure, each with its flight; most are flown side by side."""
    claims = [
        _claim(answer.outcome, published(solving.problem, answer))
        for solving, answer in zip(solvings, answers, strict=True)
    ]
    journeys = fleet_program(solvings[0].problem, answers[0].outcome.discretization.layout)
    return [
        replace(answer, verification=whole)
        if whole.passed(allowance(tolerance))
        else verified(solving, answer, tolerance)
        for solving, answer, whole in zip(solvings, answers, verify_all(claims, journeys), strict=True)
    ]


def _claim(outcome: Outcome, phases: list[PublishedPhase]) -> Claim:
    """What is said of an outcome, as its flight is to find it."""
    flown = [FlownPhase(phase.t, phase.x, phase.u) for phase in phases]
    d = outcome.discretization
    p = np.asarray(outcome.variables.p) * d.scales.p
    return Claim(d.problem, flown, p, outcome.cost, _magnitudes(outcome, phases))


def check(solving: Solving, outcome: Outcome, phases: list[PublishedPhase], allowed: float) -> Verification:
    """The flight of the published control; where dynamics amplify every error, with restarts."""
    claim = _claim(outcome, phases)
    journey = solving.programs(outcome.discretization.layout).journey
    whole = verify(claim, journey)
    if whole.passed(allowed) or not outcome.solved:
        return whole
    for length in (PIECE, 1):
        pieces = verify(claim, journey, restart=length)
        if pieces.passed(0.1 * allowed):
            return pieces
    return whole


def _magnitudes(outcome: Outcome, phases: list[PublishedPhase]) -> list[Array]:
    """Magnitudes of the states of each phase, (n_x,)."""
    scales = outcome.discretization.scales.x
    return [
        np.maximum(np.max(np.abs(phase.x), axis=0), 1e-3 * scales[i, : phase.x.shape[1]])
        for i, phase in enumerate(phases)
    ]


def _costates(answer: Answer) -> tuple[list[Array], list[Array]]:
    """Costates (N, S + 1, n_x) and Hamiltonians (N, S + 1) of each phase at the ends of the segments."""
    outcome = answer.outcome
    d = outcome.discretization
    t, scales = d.layout.transcription, d.scales
    at = np.linspace(0.0, 1.0, SEGMENTS + 1)
    inside, nodes = outcome.costates(), outcome.node_costates()
    ends = np.asarray(outcome.variables.ends)
    found, hamiltonians = [], []
    for index in range(d.layout.phases):
        n_x = d.layout.states[index]
        h = (ends[index, -1] - ends[index, -2]) * scales.t[index] * d.fractions[index]
        h = np.where(np.abs(h) > 0, h, 1.0)[:, None]
        if t.left:
            stacked, basis = inside[index], t.control_basis(at)
        else:
            stacked = np.concatenate([nodes[index, :-1, None], inside[index]], axis=1)
            basis = t.state_basis(at)
        found.append(np.einsum("ks,isx->ikx", basis, stacked[..., :n_x]))
        running = outcome.running[index] / (h * t.b * scales.cost)
        slopes = outcome.slopes[index] * scales.x[index] / h[..., None]
        hamiltonian = running + np.sum(slopes * inside[index], axis=-1)
        hamiltonians.append(np.einsum("ks,is->ik", t.control_basis(at), hamiltonian))
    return found, hamiltonians


def _trajectories(problem: Problem, phases: list[PublishedPhase], sign: float) -> dict[str, Any]:
    """Times, states, controls and costates by name, of each phase and of all in a row."""
    parts: list[dict[str, Any]] = []
    for values, phase in zip(problem.phases, phases, strict=True):
        parts.append(
            {
                "name": values.name,
                "time": _list(phase.t),
                "states": {
                    name: _list(column) for name, column in zip(values.states, phase.x.T, strict=True)
                },
                "controls": {
                    name: _list(column) for name, column in zip(values.controls, phase.u.T, strict=True)
                },
                "costates": {
                    name: _list(sign * column)
                    for name, column in zip(values.states, phase.costate.T, strict=True)
                },
                "hamiltonian": _list(sign * phase.hamiltonian),
            }
        )
    joined: dict[str, Any] = {
        key: parts[0][key] for key in ("time", "states", "controls", "costates", "hamiltonian")
    }
    same = all(p["states"].keys() == parts[0]["states"].keys() for p in parts) and all(
        p["controls"].keys() == parts[0]["controls"].keys() for p in parts
    )
    if len(parts) > 1 and same:
        joined["time"] = list(chain.from_iterable(part["time"] for part in parts))
        joined["hamiltonian"] = list(chain.from_iterable(part["hamiltonian"] for part in parts))
        for key in ("states", "controls", "costates"):
            joined[key] = {
                name: list(chain.from_iterable(part[key][name] for part in parts)) for name in parts[0][key]
            }
    return {**joined, "phases": parts}


def _status(solving: Solving, answer: Answer, checked: Verification, allowed: float) -> tuple[str, str]:
    outcome = answer.outcome
    if outcome.solved and checked.passed(allowed) and answer.pulled <= allowed:
        extra = ""
        if checked.restarts:
            extra = (
                f" The dynamics amplify errors so much that the flight was set back {checked.restarts} times, "
                f"by {checked.jump:.1e} in all (relative)."
            )
        return "converged", "Optimality conditions hold and the flown control reproduces the answer." + extra
    if outcome.solved and solving.budget.over:
        limit = "time" if solving.budget.late else "iterations"
        missing = (
            "the flown control reproduces the answer, but is not optimal yet: a pull keeps controls calm."
            if checked.passed(allowed)
            else "optimality conditions hold on the mesh, but the control does not yet fly the same trajectory."
        )
        status = "time_limit" if solving.budget.late else "max_iterations"
        return status, f"The limit of {limit} was reached while the mesh was refined: {missing}"
    if outcome.solved and checked.passed(allowed):
        return (
            "unverified",
            "The flown control reproduces the answer, but it is not optimal yet: controls chatter without a pull "
            f"that still costs {answer.pulled:.1e} (relative). {ADVICE}",
        )
    if outcome.solved:
        return (
            "unverified",
            "Optimality conditions hold on the mesh, but the flown control differs by "
            f"{max(checked.cost, checked.final_state, checked.path, checked.bounds):.1e} (relative)."
            + _loss(checked)
            + " "
            + ADVICE,
        )
    reasons = {
        OUT_OF_TIME: ("time_limit", "The time limit was reached."),
        OUT_OF_ITERATIONS: ("max_iterations", "The limit of iterations was reached."),
        STUCK: ("stalled", "No step improves the point any more, though it is not optimal."),
        INVALID: ("invalid_start", "Functions have no finite value at any start that was tried."),
        INFEASIBLE: ("infeasible", "No point nearby satisfies all constraints."),
    }
    ended = outcome.status
    if solving.budget.over and not outcome.certain:  # other starts might have led further
        ended = OUT_OF_TIME if solving.budget.late else OUT_OF_ITERATIONS
    status, message = reasons[ended]
    worst = worst_rows(solving.problem, outcome)
    if worst:
        message += " Largest violations: " + "; ".join(worst) + "."
    if ended != INFEASIBLE:
        sharp = bends(solving.problem)
        message += " " + (KINKS.format(" and ".join(sharp)) if sharp else ADVICE)
    return status, message + _loss(checked)


def _loss(checked: Verification) -> str:
    """Where the flight was lost, in words."""
    lost = checked.lost_at
    if lost is None:
        return ""
    phase = f" of phase {lost.phase!r}" if lost.phase else ""
    return f" The flight{phase} was lost before t = {lost.time:.6g}, where {lost.state!r} had grown most."


def _list(values: Array) -> list[float]:
    found: list[float] = np.where(np.isfinite(values), values, 0.0).tolist()
    return found


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
