"""A problem on a mesh: trajectories become the program's variables, bounds its data, and back again.

`Discretization.data` also takes lanes, problems of one structure side by side on one mesh (`lanes.py`): then all
arrays but the mesh have a leading axis of lanes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.problems.model import Problem
from app.solvers.collocation.evaluation import Data
from app.solvers.collocation.layout import Layout, Variables
from app.solvers.collocation.scaling import Scales
from app.solvers.interpolation import Interpolation

Array = NDArray[np.float64]
STIFFEST = 1e-9  # compliance of equality constraints in a solve
LAID_ASIDE = 1e-6  # part of the cost that is left where feasibility is sought
SHORTEST = 1e-6  # of the guessed duration: least duration of a phase with free ends


@dataclass(frozen=True)
class PhaseTrajectory:
    """States `x (m, n_x)` and controls `u (m, n_u)` at normalised times `s (m,)`, piecewise linear; times."""

    s: Array
    x: Array
    u: Array
    t0: float
    tf: float


@dataclass(frozen=True)
class Trajectory:
    """A point of the whole problem, on no particular mesh: guesses are such, and solutions."""

    phases: tuple[PhaseTrajectory, ...]
    p: Array


def guess_of(problem: Problem) -> Trajectory:
    """The guess that stands in the problem."""
    phases = (
        PhaseTrajectory(phase.guess_s, phase.guess_x, phase.guess_u, phase.t0[2], phase.tf[2])
        for phase in problem.phases
    )
    return Trajectory(tuple(phases), problem.p_guess)


@dataclass(frozen=True)
class Discretization:
    """One problem, one layout, one mesh (`fractions (P, N)`, rows summing to 1), one scaling."""

    problem: Problem
    layout: Layout
    fractions: Array
    scales: Scales

    def places(self) -> Array:
        """Normalised times of all places, (P, N, s)."""
        c = np.asarray(self.layout.transcription.places)
        return self.lefts()[:, :, None] + self.fractions[:, :, None] * c

    def lefts(self) -> Array:
        """Normalised times of the left ends, (P, N)."""
        return np.cumsum(self.fractions, axis=1) - self.fractions

    def variables(self, trajectory: Trajectory) -> Variables:
        """The scaled variables that a trajectory gives on this mesh; slacks are zero."""
        layout, scales = self.layout, self.scales
        shapes = layout.shapes
        x, u = np.zeros(shapes.x), np.zeros(shapes.u)
        ends = np.zeros(shapes.ends)
        at = self.places()
        left = int(layout.transcription.left)
        for index, phase in enumerate(trajectory.phases):
            n_x, n_u = layout.states[index], layout.controls[index]
            along = Interpolation(phase.s, at[index])
            states = phase.x / scales.x[index, :n_x]
            x[index, :, :, :n_x] = along(states)[:, left:]
            ends[index, :n_x], ends[index, layout.n : layout.n + n_x] = states[0], states[-1]
            u[index, :, :, :n_u] = along(phase.u) / scales.u[index, :n_u]
            ends[index, -2:] = np.array([phase.t0, phase.tf]) / scales.t[index]
        p = trajectory.p / scales.p
        return Variables(x, u, np.zeros(shapes.g), ends, p, np.zeros(shapes.b))

    def data(
        self,
        elastic: float = STIFFEST,
        soft_ends: float = 0.0,
        floor: float = 1e-10,
        smooth: float = 0.0,
        control: Array | None = None,
        reach: float = 3.0,
        held: Trajectory | None = None,
    ) -> Data:
        """The program's numbers.

        `held`: times stay as in that trajectory, and the cost gives way to a pull towards its controls.
        `soft_ends` > 0 replaces fixed final states by a penalty of that weight; `smooth` > 0 pulls the controls
        towards `control (P, N, s, m)`, scaled, with that weight.
        """
        layout, scales = self.layout, self.scales
        flat = np.zeros((5, *self.problem.k.shape[:-1], layout.size))
        lower, upper, weights, pull, target = (layout.views(vector) for vector in flat)
        self._bound(lower, -1.0)
        self._bound(upper, 1.0)
        self._weigh(weights)
        if soft_ends:
            self._soften(lower, upper, pull, target, soft_ends)
        cost = scales.cost
        if smooth and control is not None:
            np.multiply(smooth, weights.u, out=np.asarray(pull.u))
            np.copyto(np.asarray(target.u), control)
        if held is not None:
            cost = cost * LAID_ASIDE
            at = self.variables(held)
            np.copyto(np.asarray(pull.u), np.asarray(weights.u))
            np.copyto(np.asarray(target.u), np.asarray(at.u))
            for bounds in (lower, upper):
                np.asarray(bounds.ends)[:, -2:] = np.asarray(at.ends)[:, -2:]

        def common(array: Array | float) -> Array:
            """What all lanes have in common, for each."""
            array = np.asarray(array, float)
            found: Array = np.broadcast_to(array, (*flat.shape[1:-1], *array.shape))
            return found

        return Data(
            k=self.problem.k,
            ds=common(self.fractions),
            s=common(self.lefts()),
            scale_x=scales.x,
            scale_u=scales.u,
            scale_g=scales.g,
            scale_t=scales.t,
            scale_p=scales.p,
            scale_b=scales.b,
            scale_cost=np.asarray(cost),
            lower=flat[0],
            upper=flat[1],
            weight=flat[2],
            pull=flat[3],
            pull_target=flat[4],
            elastic=common(elastic),
            floor=common(floor),
            reach=common(reach),
        )

    def _soften(
        self, lower: Variables, upper: Variables, pull: Variables, target: Variables, weight: float
    ) -> None:
        """Fixed final states become free and are pulled towards their values."""
        final = slice(self.layout.n, 2 * self.layout.n)
        for index, n_x in enumerate(self.layout.states):
            low, high = np.asarray(lower.ends)[..., index, final], np.asarray(upper.ends)[..., index, final]
            fixed = low == high
            fixed[..., n_x:] = False
            np.asarray(pull.ends)[..., index, final] = np.where(fixed, weight, 0.0)
            np.asarray(target.ends)[..., index, final] = np.where(fixed, low, 0.0)
            low[fixed], high[fixed] = -np.inf, np.inf

    def _weigh(self, weights: Variables) -> None:
        """Write the part of normalised time that each variable stands for."""
        t = self.layout.transcription
        part = self.fractions[:, :, None, None] * t.b[:, None]
        np.asarray(weights.x)[:] = part[..., int(t.left) :, :]
        np.asarray(weights.u)[:] = part
        np.asarray(weights.g)[:] = part
        for ones in (weights.ends, weights.p, weights.b):
            np.asarray(ones)[:] = 1.0

    def _bound(self, bounds: Variables, sign: float) -> None:
        """Write the lower bounds (`sign` -1) or the upper ones."""
        layout, scales, problem = self.layout, self.scales, self.problem
        side = "lower" if sign < 0 else "upper"
        x, u, g, ends, p, b = (np.asarray(part) for part in bounds)
        x[:], g[:] = sign * np.inf, sign * np.inf
        for index, phase in enumerate(problem.phases):
            n_x, n_u, n_g = layout.states[index], layout.controls[index], layout.paths[index]
            scale = scales.x[..., index, :n_x]
            pinned = (phase.x_lower == phase.x_upper) * 1e-6 * sign

            def everywhere(limits: Array) -> Array:
                """Limits (n,) at all places of all intervals."""
                return limits[..., None, None, :]

            x[..., index, :, :, :n_x] = everywhere(getattr(phase, f"x_{side}") / scale + pinned)
            u[..., index, :, :, :n_u] = everywhere(getattr(phase, f"u_{side}") / scales.u[..., index, :n_u])
            g[..., index, :, :, :n_g] = everywhere(getattr(phase, f"g_{side}") / scales.g[..., index, :n_g])
            ends[..., index, :n_x] = getattr(phase, f"x0_{side}") / scale
            ends[..., index, layout.n : layout.n + n_x] = getattr(phase, f"xf_{side}") / scale
            moment = 0 if sign < 0 else 1
            ends[..., index, -2] = phase.t0[moment] / scales.t[..., index]
            ends[..., index, -1] = phase.tf[moment] / scales.t[..., index]
        x[..., -1, -1, :] = sign * np.inf  # the last node is bounded as the final state
        p[:] = getattr(problem, f"p_{side}") / scales.p
        b[..., : layout.boundary] = getattr(problem, f"b_{side}") / scales.b[..., : layout.boundary]
        b[..., layout.boundary :] = self._durations(sign)

    def _durations(self, sign: float) -> Array:
        """Bounds of each phase's duration: only where both ends are free is there something to keep."""
        if not self.layout.free_time:
            return np.zeros(0)
        bounds = np.full(self.scales.t.shape, sign * np.inf)
        for index, phase in enumerate(self.problem.phases) if sign < 0 else ():
            low, high, guess = (np.asarray(moment) for moment in phase.t0)
            loose = (low < high) & (np.asarray(phase.tf[0]) < high + SHORTEST)
            least = SHORTEST * (phase.tf[2] - guess) / self.scales.t[..., index]
            bounds[..., index] = np.where(loose, least, -np.inf)
        return bounds
