"""Scaling: every variable near one, every constraint with gradient near one, the cost with gradient near one.

Variables are scaled by nominal values where given, else by the magnitudes of the guess, of end values and of
bounds; on later meshes by the magnitudes of the solution so far. Source: Betts, Practical Methods, 4.8.
Where a state would come out tiny because an end value happens to be, the dynamics have their say.
All arrays may have a leading axis of lanes, problems of one structure side by side (`lanes.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from app.leaves import Leaf
from app.problems.model import Phase, Problem
from app.solvers.collocation.layout import Layout

Array = NDArray[np.float64]
LARGEST_BOUND = 1e5  # bounds beyond this say nothing of a magnitude
TOO_SMALL = 30.0  # factor by which a state's scale must miss what the dynamics say before it is raised
SWEEPS = 4  # over the states, each raised beside the others' new scales


@dataclass(frozen=True)
class Scales:
    """`x (P, n)`, `u (P, m)`, `g (P, g)`, `t (P,)`, `p (n_p,)`, `b (rows,)` divide; `cost ()` multiplies."""

    x: Array
    u: Array
    g: Array
    t: Array
    p: Array
    b: Array
    cost: Leaf

    @classmethod
    def of(cls, problem: Problem, layout: Layout) -> Scales:
        """Scales of the variables from the problem's numbers; constraints and cost have 1 so far."""
        lanes = problem.k.shape[:-1]
        x, u = np.ones((*lanes, layout.phases, layout.n)), np.ones((*lanes, layout.phases, layout.m))
        t = np.ones((*lanes, layout.phases))
        for index, phase in enumerate(problem.phases):
            x[..., index, : layout.states[index]] = _states(phase)
            bounds = (phase.u_lower, phase.u_upper)
            u[..., index, : layout.controls[index]] = _magnitude(phase.nominal_u, phase.guess_u, bounds)
            nominal, duration = np.asarray(phase.nominal_t), np.asarray(phase.tf[2]) - phase.t0[2]
            t[..., index] = np.where(nominal > 0, nominal, np.maximum(duration, 1e-12))
        t[:] = np.max(t, axis=-1, keepdims=True)  # one unit of time, for links between phases
        unknown = np.full(layout.parameters, np.nan)
        p = _magnitude(unknown, problem.p_guess[..., None, :], (problem.p_lower, problem.p_upper))
        ones_g, ones_b = np.ones((*lanes, layout.phases, layout.path)), np.ones((*lanes, layout.rows))
        return cls(x, u, ones_g, t, p, ones_b, np.ones(lanes)[()])

    def lane(self, index: int) -> Scales:
        """Those of one lane."""
        every = (self.x, self.u, self.g, self.t, self.p, self.b, self.cost)
        return Scales(*(scales[index] for scales in every))

    def balanced(self, problem: Problem, coupling: Array) -> Scales:
        """With the scales raised of states that are far too small for the dynamics; without any, the same object.

        `coupling (P, n, n + m)`: what a scaled unit of each state and control changes in each scaled state over the
        horizon. A state that others drive by far more than it drives others has too small a unit: the one that
        makes the largest of both equal (as in balancing a matrix) does not depend on the unit it had; of a state
        that drives none, it is what they change in it. One given by `nominal` stands, and none is raised beyond
        bounds on both sides.
        """
        x = self.x.copy()
        for index, phase in enumerate(problem.phases):
            n = len(phase.states)
            own = coupling[..., index, :n, :]
            matrix = np.where(np.isfinite(own), np.abs(own), 0.0)
            matrix[..., np.arange(n), np.arange(n)] = 0.0
            most = np.maximum(np.abs(phase.x_lower), np.abs(phase.x_upper))
            for _ in range(SWEEPS):
                if not np.any(_wanted(matrix, phase.nominal_x) > TOO_SMALL):
                    break
                for j in range(n):
                    wanted = _wanted(matrix, phase.nominal_x)[..., j]
                    factor = np.maximum(np.minimum(wanted, most[..., j] / x[..., index, j]), 1.0)
                    factor = np.where(wanted > TOO_SMALL, factor, 1.0)
                    x[..., index, j] *= factor
                    matrix[..., j, :] /= factor[..., None]
                    matrix[..., :, j] *= factor[..., None]
        return self if np.array_equal(x, self.x) else replace(self, x=x)

    def measured(self, path: Array, rows: Array, rates: Array, rest: Array) -> Scales:
        """With the largest gradients at unit scale of path constraints and boundary rows, and the cost's.

        `rates` are the cost's gradients per unit of time at places, of which the median counts; `rest ()` those at
        the ends. (Medians need sorting, and compiled programs that sort cannot be kept.)
        """
        finite = np.where(np.isfinite(rates), rates, 0.0).reshape(*rates.shape[:-3], -1)
        running = np.maximum(np.median(finite, axis=-1), 1e-2 * np.max(finite, axis=-1))
        cost = np.fmax(running, rest)  # the running cost's where the ends have no finite value
        usable = np.isfinite(cost) & (cost > 0)
        return replace(
            self,
            g=np.where((path > 0) & np.isfinite(path), path, 1.0),
            b=np.where((rows > 0) & np.isfinite(rows), rows, 1.0),
            cost=(1.0 / np.where(usable, cost, 1.0))[()],
        )


def _wanted(matrix: Array, nominal: Array) -> Array:
    """By how much larger each state's unit should be, (n,); `matrix (n, n + m)` as in `balanced`, without its
    diagonal."""
    n = matrix.shape[-2]
    driven, drives = np.max(matrix, axis=-1, initial=0.0), np.max(matrix[..., :n], axis=-2, initial=0.0)
    mutual = np.sqrt(driven / np.where(drives > 0, drives, 1.0))
    found: Array = np.where(nominal > 0, 1.0, np.where(drives > 0, mutual, driven))
    return found


def _states(phase: Phase) -> Array:
    given = [
        np.where((lower == upper) & (np.abs(lower) < LARGEST_BOUND**2), lower, 0.0)[..., None, :]
        for lower, upper in ((phase.x0_lower, phase.x0_upper), (phase.xf_lower, phase.xf_upper))
    ]
    points = np.concatenate([phase.guess_x, *given], axis=-2)
    return _magnitude(phase.nominal_x, points, (phase.x_lower, phase.x_upper))


def _magnitude(nominal: Array, guess: Array, bounds: tuple[Array, Array]) -> Array:
    """Nominal value, else the guess's largest magnitude, else the bounds', else 1."""
    with np.errstate(invalid="ignore"):
        limit = np.maximum(
            *(np.where(np.isfinite(b) & (np.abs(b) < LARGEST_BOUND), np.abs(b), 0.0) for b in bounds)
        )
        largest = np.max(np.abs(guess), axis=-2, initial=0.0)
        found = np.where(largest > 1e-3 * limit, largest, limit)
        found = np.where(found > 1e-10, found, 1.0)
        return np.where(nominal > 0, nominal, found)
