"""Scaling: every variable near one, every constraint with gradient near one, the cost with gradient near one.

Variables are scaled by nominal values where given, else by the magnitudes of the guess, of end values and of
bounds; on later meshes by the magnitudes of the solution so far. Source: Betts, Practical Methods, 4.8.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from app.problems.model import Phase, Problem
from app.solvers.collocation.layout import Layout

Array = NDArray[np.float64]
LARGEST_BOUND = 1e5  # bounds beyond this say nothing of a magnitude


@dataclass(frozen=True)
class Scales:
    """`x (P, n)`, `u (P, m)`, `g (P, g)`, `t (P,)`, `p (n_p,)`, `b (rows,)` divide; `cost` multiplies."""

    x: Array
    u: Array
    g: Array
    t: Array
    p: Array
    b: Array
    cost: float

    @classmethod
    def of(cls, problem: Problem, layout: Layout) -> Scales:
        """Scales of the variables from the problem's numbers; constraints and cost have 1 so far."""
        x, u = np.ones((layout.phases, layout.n)), np.ones((layout.phases, layout.m))
        t = np.ones(layout.phases)
        for index, phase in enumerate(problem.phases):
            x[index, : layout.states[index]] = _states(phase)
            bounds = (phase.u_lower, phase.u_upper)
            u[index, : layout.controls[index]] = _magnitude(phase.nominal_u, phase.guess_u, bounds)
            duration = phase.tf[2] - phase.t0[2]
            t[index] = phase.nominal_t if phase.nominal_t > 0 else max(duration, 1e-12)
        t[:] = np.max(t) if layout.phases > 1 else t  # one unit of time, for links between phases
        unknown = np.full(layout.parameters, np.nan)
        p = _magnitude(unknown, problem.p_guess[None], (problem.p_lower, problem.p_upper))
        ones_g, ones_b = np.ones((layout.phases, layout.path)), np.ones(layout.rows)
        return cls(x, u, ones_g, t, p, ones_b, 1.0)

    def measured(self, path: Array, rows: Array, rates: Array, rest: Array) -> Scales:
        """With the largest gradients at unit scale of path constraints and boundary rows, and the cost's.

        `rates` are the cost's gradients per unit of time at places, of which the median counts; `rest ()` those at
        the ends. (Medians need sorting, and compiled programs that sort cannot be kept.)
        """
        finite = np.where(np.isfinite(rates), rates, 0.0)
        running = max(float(np.median(finite)), 1e-2 * float(np.max(finite)))
        cost = running if np.isnan(rest) else max(running, float(rest))
        return replace(
            self,
            g=np.where((path > 0) & np.isfinite(path), path, 1.0),
            b=np.where((rows > 0) & np.isfinite(rows), rows, 1.0),
            cost=1.0 / cost if np.isfinite(cost) and cost > 0 else 1.0,
        )


def _states(phase: Phase) -> Array:
    ends = np.stack([phase.x0_lower, phase.x0_upper, phase.xf_lower, phase.xf_upper])
    ends = np.where(np.isfinite(ends) & (np.abs(ends) < LARGEST_BOUND**2), ends, 0.0)
    given = np.where((ends[0] == ends[1])[None], ends[:2], 0.0)
    final = np.where((ends[2] == ends[3])[None], ends[2:], 0.0)
    return _magnitude(
        phase.nominal_x, np.concatenate([phase.guess_x, given, final]), (phase.x_lower, phase.x_upper)
    )


def _magnitude(nominal: Array, guess: Array, bounds: tuple[Array, Array]) -> Array:
    """Nominal value, else the guess's largest magnitude, else the bounds', else 1."""
    with np.errstate(invalid="ignore"):
        limit = np.maximum(
            *(np.where(np.isfinite(b) & (np.abs(b) < LARGEST_BOUND), np.abs(b), 0.0) for b in bounds)
        )
        largest = np.max(np.abs(guess), axis=0, initial=0.0)
        found = np.where(largest > 1e-3 * limit, largest, limit)
        found = np.where(found > 1e-10, found, 1.0)
        return np.where(nominal > 0, nominal, found)
