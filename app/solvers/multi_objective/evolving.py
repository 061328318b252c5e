"""Fronts of variables alone: evolution within its time, its stagnation watched, its front checked again."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.solvers.multi_objective.black_box import BlackBox
from app.solvers.multi_objective.evolution import Population, generations
from app.solvers.multi_objective.front import Front
from app.solvers.multi_objective.hypervolume import MOST, hypervolume
from app.solvers.multi_objective.recheck import Recheck, recheck
from app.solvers.multi_objective.scoring import WORST
from app.solvers.progress import Progress

Array = NDArray[np.float64]
Report = Callable[[Progress], None]
PIECES = 20  # of a run: between them progress is told
STAGNANT = 2e-3  # change of the hypervolume over the last fifth, relative: the front has settled


def evolve(box: BlackBox, options: dict[str, Any], report: Report) -> dict[str, Any]:
    """The result of a problem of variables alone, but for timings and version."""
    directions = options["method"] == "nsga3" or (options["method"] == "auto" and len(box.objectives) > 2)
    history, late = _run(box, options, directions, report)
    last = history[-1]
    front = Front.of(last.f, last.violation <= 0.0, box.objectives, box.reference)
    report(Progress(0.95, "verify", "evaluating the front anew"))
    p = last.p[front.order]
    checked = recheck(box, p, front.f) if len(front) else None
    settled = _change(history, front)
    status, message = _status(front, checked, settled, late, last.generation)
    return {
        "status": status,
        "message": message,
        "cost": None,
        "method": "nsga3" if directions else "nsga2",
        "front": [
            {"objectives": front.values(index), "variables": box.named(point)}
            for index, point in enumerate(p)
        ],
        **front.to_json(),
        "constraint_violation": _least_violation(last),
        "hypervolume_change": settled,
        "verification": checked.to_json() if checked else {"passed": False},
        "iterations": last.generation,
        "evaluations": len(last.p) * (last.generation + 1),
        "counts": {"population": len(last.p), "front": len(front)},
        "warnings": list(box.problem.warnings),
    }


def _run(
    box: BlackBox, options: dict[str, Any], directions: bool, report: Report
) -> tuple[list[Population], bool]:
    """The population after each piece, and whether time ran out."""
    deadline = time.monotonic() + options["time_limit_s"]
    total = options["generations"]
    size = options["population"] + options["population"] % 2
    piece = -(-total // PIECES)
    history: list[Population] = []
    for population in generations(box, size, options["seed"], directions):
        generation = population.generation
        late = time.monotonic() >= deadline
        if generation % piece == 0 or generation == total or late:
            history.append(population)
            feasible = int(np.sum(population.violation <= 0.0))
            message = f"{feasible} of {size} feasible"
            violation = _least_violation(population)
            report(Progress(0.9 * generation / total, "solve", message, generation, None, violation))
        if generation == total or late:
            return history, late and generation < total
    raise AssertionError("generations never end")


def _least_violation(population: Population) -> float | None:
    least = float(np.min(population.violation))
    return least if least < WORST else None


def _change(history: list[Population], front: Front) -> float | None:
    """What the hypervolume still gained over the last fifth of the run, relative."""
    if not len(front) or front.f.shape[1] > MOST or len(history) < 5:
        return None
    earlier = history[-1 - max(1, len(history) // 5)]
    before = hypervolume(earlier.f[earlier.violation <= 0.0], front.reference)
    now = hypervolume(front.f, front.reference)
    return abs(now - before) / now if now > 0 else None


def _status(
    front: Front, checked: Recheck | None, change: float | None, late: bool, generation: int
) -> tuple[str, str]:
    if checked is None:
        if late:
            return "time_limit", "The time limit was reached before any point satisfied all constraints."
        return "infeasible", f"No point that satisfies all constraints was found in {generation} generations."
    if not checked.passed:
        return "unverified", "Evaluated anew, the front differs from what was found; see verification."
    if late:
        return "time_limit", f"The time limit was reached after {generation} generations."
    if change is not None and change <= STAGNANT:
        return "converged", (
            f"The front has settled: over the last fifth of the run its hypervolume changed by {change:.1e}. "
            "Evolution gives no proof that no better points exist."
        )
    return "max_iterations", f"After {generation} generations the front still changes."
