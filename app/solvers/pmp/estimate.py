"""The first estimate: states, costates, controls, times and parameters from a coarse direct collocation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from app.problems.model import Problem
from app.solvers.collocation.solver import solve_problem
from app.solvers.options import CollocationOptions
from app.solvers.pmp.path import Path
from app.solvers.progress import Progress

Array = NDArray[np.float64]
SHARE = 0.6  # of the time limit
ACCURACY = 1e-4  # of the mesh
REFINEMENTS = 3
USABLE = ("converged", "unverified", "stalled", "max_iterations", "time_limit")


@dataclass(frozen=True)
class Estimate:
    """The trajectory, and how collocation ended."""

    path: Path
    status: str
    message: str
    cost: float | None
    violation: float

    @property
    def usable(self) -> bool:
        """Whether shooting may start from it."""
        return self.status in USABLE and bool(np.all(np.isfinite(self.path.y)))


def estimate(problem: Problem, options: dict[str, Any], report: Callable[[Progress], None]) -> Estimate:
    """Collocation on a coarse mesh; `options` are those of the solver `pmp`."""
    collocation = CollocationOptions(
        tolerance=ACCURACY,
        time_limit_s=SHARE * options["time_limit_s"],
        mesh_intervals=options["estimate_intervals"],
        max_refinements=REFINEMENTS,
    )

    def scaled(progress: Progress) -> None:
        message = f"estimate by collocation: {progress.message}"
        report(replace(progress, fraction=0.4 * progress.fraction, message=message))

    result = solve_problem(problem, collocation.model_dump(), scaled)
    phase, sign = problem.phases[0], -1.0 if problem.sense == "max" else 1.0
    t = np.array(result["time"])
    x = [result["states"][name] for name in phase.states]
    costates = [sign * np.array(result["costates"][name]) for name in phase.states]
    u = np.array([result["controls"][name] for name in phase.controls]).reshape(len(phase.controls), len(t))
    nodes = np.zeros(len(t), bool)
    every = max(1, len(t) // options["segments"])
    nodes[::every] = True
    path = Path(
        t,
        np.array([*x, *costates]).T,
        u.T,
        np.array([result["parameters"][name] for name in problem.parameters]),
        nodes,
    )
    return Estimate(
        path,
        result["status"],
        result["message"],
        result["cost"],
        float(result["constraint_violation"] if result["constraint_violation"] is not None else np.inf),
    )


def end_vector(path: Path) -> Array:
    """(t0, x0, tf, xf, p) of a path."""
    n = path.n
    return np.concatenate([path.t[:1], path.y[0, :n], path.t[-1:], path.y[-1, :n], path.p])


def multipliers_of(
    problem: Problem, path: Path, held: dict[str, Any], ends: Callable[..., Any], scale: Array
) -> Array:
    """Multipliers of the boundary rows (b,) that fit transversality best, in the least-squares sense.

    `held`: flags `x0`, `xf`, `rows` of `EndConditions`; `scale (n,)` magnitudes of the costates.
    """
    b, n = len(problem.b_lower), path.n
    if b == 0:
        return np.zeros(0)
    found = ends(jnp.asarray(end_vector(path)), jnp.zeros(b), problem.k)
    gradient, jacobian = np.asarray(found.gradient), np.asarray(found.rows_jacobian)
    rows, rights = [], []
    for flags, at, sign, costates in (
        (held["x0"], 1, -1.0, path.y[0, n:]),
        (held["xf"], 2 + n, 1.0, path.y[-1, n:]),
    ):
        for j in np.flatnonzero(~flags):
            rows.append(jacobian[:, at + j] / scale[j])
            rights.append((sign * costates[j] - gradient[at + j]) / scale[j])
    if not rows:
        return np.zeros(b)
    matrix = np.where(held["rows"][None], np.array(rows), 0.0)
    solution: Array = np.linalg.lstsq(matrix, np.array(rights), rcond=1e-9)[0]
    return solution
