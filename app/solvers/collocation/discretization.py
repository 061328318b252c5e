"""A problem on a mesh: trajectories become the program's variables, bounds its data, and back again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.problems.model import Problem
from app.solvers.collocation.evaluation import Data
from app.solvers.collocation.layout import Layout, Variables
from app.solvers.collocation.scaling import Scales

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
            for j in range(n_x):
                values = phase.x[:, j] / scales.x[index, j]
                x[index, :, :, j] = np.interp(at[index, :, left:], phase.s, values)
                ends[index, j], ends[index, layout.n + j] = values[0], values[-1]
            for j in range(n_u):
                u[index, :, :, j] = np.interp(at[index], phase.s, phase.u[:, j]) / scales.u[index, j]
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
        lower, upper = self._bounds()
        weights = self._weights()
        pull, target = (Variables(*(np.zeros(shape) for shape in layout.shapes)) for _ in range(2))
        if soft_ends:
            self._soften(lower, upper, pull, target, soft_ends)
        cost = scales.cost
        if smooth and control is not None:
            pull = pull._replace(u=smooth * weights.u)
            target = target._replace(u=control)
        if held is not None:
            cost *= LAID_ASIDE
            at = self.variables(held)
            pull = pull._replace(u=np.asarray(weights.u))
            target = target._replace(u=at.u)
            for bounds in (lower, upper):
                np.asarray(bounds.ends)[:, -2:] = np.asarray(at.ends)[:, -2:]
        flat = [_flat(v) for v in (lower, upper, weights, pull, target)]
        return Data(
            k=self.problem.k,
            ds=self.fractions,
            s=self.lefts(),
            scale_x=scales.x,
            scale_u=scales.u,
            scale_g=scales.g,
            scale_t=scales.t,
            scale_p=scales.p,
            scale_b=scales.b,
            scale_cost=np.float64(cost),
            lower=flat[0],
            upper=flat[1],
            weight=flat[2],
            pull=flat[3],
            pull_target=flat[4],
            elastic=np.float64(elastic),
            floor=np.float64(floor),
            reach=np.float64(reach),
        )

    def _soften(
        self, lower: Variables, upper: Variables, pull: Variables, target: Variables, weight: float
    ) -> None:
        """Fixed final states become free and are pulled towards their values."""
        final = slice(self.layout.n, 2 * self.layout.n)
        for index, n_x in enumerate(self.layout.states):
            low, high = np.asarray(lower.ends)[index, final], np.asarray(upper.ends)[index, final]
            fixed = low == high
            fixed[n_x:] = False
            np.asarray(pull.ends)[index, final] = np.where(fixed, weight, 0.0)
            np.asarray(target.ends)[index, final] = np.where(fixed, low, 0.0)
            low[fixed], high[fixed] = -np.inf, np.inf

    def _weights(self) -> Variables:
        shapes = self.layout.shapes
        t = self.layout.transcription
        part = self.fractions[:, :, None, None] * t.b[:, None]
        return Variables(
            np.broadcast_to(part[:, :, int(t.left) :], shapes.x),
            np.broadcast_to(part, shapes.u),
            np.broadcast_to(part, shapes.g),
            np.ones(shapes.ends),
            np.ones(shapes.p),
            np.ones(shapes.b),
        )

    def _bounds(self) -> tuple[Variables, Variables]:
        layout, scales, problem = self.layout, self.scales, self.problem
        shapes = layout.shapes
        found = []
        for sign in (-1.0, 1.0):
            x, u = np.full(shapes.x, sign * np.inf), np.zeros(shapes.u)
            g, ends = np.full(shapes.g, sign * np.inf), np.zeros(shapes.ends)
            for index, phase in enumerate(problem.phases):
                n_x, n_u, n_g = layout.states[index], layout.controls[index], layout.paths[index]
                bound = (phase.x_lower if sign < 0 else phase.x_upper) / scales.x[index, :n_x]
                pinned = (phase.x_lower == phase.x_upper) * 1e-6 * sign
                x[index, :, :, :n_x] = bound + pinned
                u[index, :, :, :n_u] = (phase.u_lower if sign < 0 else phase.u_upper) / scales.u[index, :n_u]
                g[index, :, :, :n_g] = (phase.g_lower if sign < 0 else phase.g_upper) / scales.g[index, :n_g]
                ends[index, :n_x] = (phase.x0_lower if sign < 0 else phase.x0_upper) / scales.x[index, :n_x]
                final = (phase.xf_lower if sign < 0 else phase.xf_upper) / scales.x[index, :n_x]
                ends[index, layout.n : layout.n + n_x] = final
                side = 0 if sign < 0 else 1
                ends[index, -2:] = np.array([phase.t0[side], phase.tf[side]]) / scales.t[index]
            x[:, -1, -1] = sign * np.inf  # the last node is bounded as the final state
            p = (problem.p_lower if sign < 0 else problem.p_upper) / scales.p
            b = (problem.b_lower if sign < 0 else problem.b_upper) / scales.b[: layout.boundary]
            found.append(Variables(x, u, g, ends, p, np.concatenate([b, self._durations(sign)])))
        return found[0], found[1]

    def _durations(self, sign: float) -> Array:
        """Bounds of each phase's duration: only where both ends are free is there something to keep."""
        if not self.layout.free_time:
            return np.zeros(0)
        bounds = np.full(self.layout.phases, sign * np.inf)
        for index, phase in enumerate(self.problem.phases):
            loose = phase.t0[0] < phase.t0[1] and phase.tf[0] < phase.t0[1] + SHORTEST
            if sign < 0 and loose:
                bounds[index] = SHORTEST * (phase.tf[2] - phase.t0[2]) / self.scales.t[index]
        return bounds


def _flat(v: Variables) -> Array:
    found: Array = np.concatenate([np.ravel(a) for a in v])
    return found
