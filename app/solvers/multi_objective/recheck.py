"""Checking a front of variables again: every point evaluated by JAX, which evolution does not use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from app.problems.functions import End, functions
from app.solvers.multi_objective.black_box import BlackBox
from app.solvers.multi_objective.scoring import outside

Array = NDArray[np.float64]
TOLERANCE = 1e-9  # relative: objectives, constraints


@dataclass(frozen=True)
class Recheck:
    """The largest relative differences of objectives, and violations of constraints and bounds."""

    objectives: float
    constraints: float
    bounds: float

    @property
    def passed(self) -> bool:
        """Whether all is within the tolerance."""
        return max(self.objectives, self.constraints, self.bounds) <= TOLERANCE

    def to_json(self) -> dict[str, Any]:
        """Plain data for the result."""
        found = {
            "objective_difference": self.objectives,
            "constraint_violation": self.constraints,
            "bound_violation": self.bounds,
        }
        return {
            "passed": self.passed,
            "method": "every point of the front evaluated anew by other code",
            "tolerance": TOLERANCE,
            **{name: value if np.isfinite(value) else None for name, value in found.items()},
        }


def recheck(box: BlackBox, p: Array, f: Array) -> Recheck:
    """Compare points `p (n, d)` with their reported objectives `f (n, m)`, to be minimised."""
    problem, m = box.problem, len(box.objectives)
    boundary = functions(problem).boundary
    ends = (End(jnp.zeros(()), jnp.zeros(1), jnp.ones(()), jnp.zeros(1)),)
    rows = np.asarray(jax.vmap(lambda one: boundary(ends, one, jnp.asarray(problem.k)))(jnp.asarray(p)))
    again = rows[:, :m] * box.signs
    over = outside(rows[:, m:], box.constraint_lower, box.constraint_upper)
    away = np.maximum(problem.p_lower - p, p - problem.p_upper) / (problem.p_upper - problem.p_lower)
    return Recheck(_largest(np.abs(again - f) / (1.0 + np.abs(f))), _largest(over), max(0.0, _largest(away)))


def _largest(values: Array) -> float:
    """NaN counts as infinite."""
    return float(np.max(np.where(np.isnan(values), np.inf, values), initial=0.0))
