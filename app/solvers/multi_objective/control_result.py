"""The result of a control front: verified points only, and how those fared that are missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from app.solvers.multi_objective.control_front import ControlFront
from app.solvers.multi_objective.front import Front
from app.solvers.multi_objective.tracing import AnchorFailed, Point, Tracing
from app.solvers.progress import Progress

CLOSE = 1e-4  # of the range: points nearer to each other are one, differences below it decide nothing


def control_result(
    front: ControlFront, options: dict[str, Any], report: Callable[[Progress], None]
) -> dict[str, Any]:
    """The result but for timings and version."""
    tracing = Tracing(front, options, report)
    method = "epsilon" if options["method"] == "epsilon" else "nbi"
    try:
        ends = tracing.anchors()
    except AnchorFailed as error:
        failed = {key: error.result[key] for key in ("status", "constraint_violation", "verification")}
        return {
            **failed,
            "message": str(error),
            "cost": None,
            "method": method,
            "front": [],
            "iterations": tracing.iterations,
            "warnings": list(front.problem.warnings),
        }
    points = [*ends, *tracing.between(ends)]
    f = np.stack([point.f for point in points])
    found = Front.of(f, np.array([p.good for p in points]), front.objectives, front.reference, CLOSE)
    on_front = [points[place] for place in found.order]
    status, message = _status(points, on_front)
    knee = found.knee()
    chosen = {} if knee is None else tracing.family.published(on_front[knee.index].result)
    return {
        "status": status,
        "message": message,
        "cost": None,
        "method": method,
        "front": [
            {"objectives": found.values(index), **_point(tracing, point)}
            for index, point in enumerate(on_front)
        ],
        **found.to_json(),
        **chosen,
        "constraint_violation": max(point.result["constraint_violation"] for point in on_front),
        "mesh_error": max(point.result["mesh_error"] for point in on_front),
        "verification": _verification(on_front),
        "iterations": tracing.iterations,
        "counts": {
            "solved": dict(Counter(point.result["status"] for point in points)),
            "front": len(on_front),
        },
        "warnings": list(front.problem.warnings),
    }


def _point(tracing: Tracing, point: Point) -> dict[str, Any]:
    kept = tracing.family.published(point.result)
    return {key: kept[key] for key in ("time", "states", "controls", "parameters")} | {
        "verification": point.result["verification"]
    }


def _status(points: Sequence[Point], on_front: Sequence[Point]) -> tuple[str, str]:
    """Points without a solution do no harm where their constraints cannot be met; others are gaps."""
    missing = Counter(p.result["status"] for p in points if not p.good)
    beaten = len(points) - len(on_front) - sum(missing.values())
    told = f"{len(on_front)} points, each optimal and confirmed by its flight."
    if beaten:
        told += f" {beaten} more are dominated or coincide with others."
    if missing:
        told += (
            " Without a verified solution: " + ", ".join(f"{n} {name}" for name, n in missing.items()) + "."
        )
    gaps = Counter({name: n for name, n in missing.items() if name != "infeasible"})
    return (gaps.most_common(1)[0][0] if gaps else "converged"), told


def _verification(on_front: Sequence[Point]) -> dict[str, Any]:
    """The worst of all points."""
    each = [point.result["verification"] for point in on_front]
    worst = {
        key: max((one[key] for one in each if one[key] is not None), default=None)
        for key in ("cost_difference", "final_state_difference", "path_violation", "bound_violation")
    }
    return {
        "passed": all(one["passed"] for one in each),
        "method": each[0]["method"],
        "tolerance": each[0]["tolerance"],
        **worst,
    }
