"""Outcomes of the interior-point method, and how one starts the next: other mesh, other scales."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.solvers.collocation.barrier import Multipliers
from app.solvers.collocation.discretization import Discretization, PhaseTrajectory, Trajectory
from app.solvers.collocation.evaluation import Values
from app.solvers.collocation.interior_point import ACCEPTABLE, CONVERGED
from app.solvers.collocation.layout import Layout, Variables
from app.solvers.collocation.scaling import Scales

Array = NDArray[np.float64]
CONSISTENT = 1e-3  # of the largest violation: what dynamics may be off by where they hold
SAMPLES = 4  # an interval: points of the trajectory handed from mesh to mesh


@dataclass(frozen=True)
class Outcome:
    """Where the method ended: scaled `variables`, multipliers, and the figures of the last iteration."""

    discretization: Discretization
    variables: Variables
    multipliers: Multipliers
    status: int
    error: float
    primal: float
    cost: float  # as minimised, unscaled
    iterations: int
    values: Values  # scaled, as NumPy arrays
    certain: bool = False  # whether many starts ended infeasible with one violation

    @property
    def running(self) -> Array:
        """Scaled cost at each place, (P, N, s)."""
        return np.asarray(self.values.running)

    @property
    def slopes(self) -> Array:
        """Scaled dynamics times the interval's length, (P, N, s, n)."""
        return np.asarray(self.values.f)

    @property
    def violation(self) -> float:
        """The sum of all scaled residuals, infinite where one is not finite."""
        rows = (self.values.defect, self.values.path, self.values.link, self.values.boundary)
        total = sum(float(np.sum(np.abs(np.asarray(row)))) for row in rows)
        return total if np.isfinite(total) else np.inf

    @property
    def consistent(self) -> bool:
        """Whether the dynamics hold far better than what is violated most."""
        return bool(np.max(np.abs(np.asarray(self.values.defect)), initial=0.0) <= CONSISTENT * self.primal)

    @property
    def solved(self) -> bool:
        """Whether the optimality conditions hold."""
        return self.status in (CONVERGED, ACCEPTABLE)

    def costates(self) -> Array:
        """Costates dJ/dx at all places, unscaled (P, N, s, n); the Hamiltonian is L + costate . f."""
        t, scales = self.discretization.layout.transcription, self.discretization.scales
        scaled = -np.einsum("jl,pijx->pilx", t.a, np.asarray(self.multipliers.defect)) / t.b[:, None]
        return scaled / (scales.cost * scales.x[:, None, None])

    def node_costates(self) -> Array:
        """Costates at the nodes, unscaled (P, N + 1, n)."""
        scales = self.discretization.scales
        inner = -np.sum(np.asarray(self.multipliers.defect), axis=2)
        if self.discretization.layout.transcription.left:
            inner = inner + 0.0
        scaled = np.concatenate([inner, np.asarray(self.multipliers.link)[:, None]], axis=1)
        return scaled / (scales.cost * scales.x[:, None])

    def trajectory(self) -> Trajectory:
        """The polynomials sampled densely, controls clipped to their bounds."""
        d = self.discretization
        layout, t = d.layout, d.layout.transcription
        v = self.variables
        places = (np.arange(SAMPLES) + 0.5) / SAMPLES
        controls, states = t.control_basis(places), t.state_basis(places)
        nodes = np.concatenate([np.asarray(v.ends)[:, None, : layout.n], np.asarray(v.x)[:, :, -1]], axis=1)
        phases = []
        for index, phase in enumerate(d.problem.phases):
            n_x, n_u = layout.states[index], layout.controls[index]
            s = d.lefts()[index, :, None] + d.fractions[index, :, None] * places
            stacked = np.concatenate([nodes[index, :-1, None], np.asarray(v.x)[index]], axis=1)[..., :n_x]
            x = np.einsum("ks,isx->ikx", states, stacked) * scales_of(d.scales.x, index, n_x)
            u = np.einsum("ks,isu->iku", controls, np.asarray(v.u)[index, ..., :n_u])
            u = np.clip(u * scales_of(d.scales.u, index, n_u), phase.u_lower, phase.u_upper)
            ends = np.asarray(v.ends)[index]
            x0 = ends[:n_x] * scales_of(d.scales.x, index, n_x)
            xf = ends[layout.n : layout.n + n_x] * scales_of(d.scales.x, index, n_x)
            flat_x, flat_u = x.reshape(s.size, n_x), u.reshape(s.size, n_u)
            phases.append(
                PhaseTrajectory(
                    np.concatenate([[0.0], s.ravel(), [1.0]]),
                    np.concatenate([x0[None], flat_x, xf[None]]),
                    np.concatenate([flat_u[:1], flat_u, flat_u[-1:]]),
                    float(ends[-2] * d.scales.t[index]),
                    float(ends[-1] * d.scales.t[index]),
                )
            )
        return Trajectory(tuple(phases), np.asarray(v.p) * d.scales.p)

    def multipliers_on(self, new: Discretization) -> Multipliers:
        """The multipliers carried to another mesh and scaling."""
        old = self.discretization
        layout, t = new.layout, new.layout.transcription
        shapes = layout.shapes
        costates = self.costates()
        defect = np.zeros(shapes.x)
        path = np.zeros(shapes.g)
        inverse = np.linalg.pinv(t.a.T)  # a' mu = -b p
        density = np.asarray(self.multipliers.path) / (old.fractions[:, :, None, None] * t.b[:, None])
        for index in range(layout.phases):
            here, there = old.places()[index].ravel(), new.places()[index]
            for j in range(layout.n):
                p = np.interp(there, here, costates[index, :, :, j].ravel())
                scaled = p * new.scales.cost * new.scales.x[index, j]
                defect[index, :, :, j] = -(scaled * t.b) @ inverse.T
            for j in range(layout.path):
                y = np.interp(there, here, density[index, :, :, j].ravel())
                factor = new.scales.g[index, j] * new.scales.cost / (old.scales.g[index, j] * old.scales.cost)
                path[index, :, :, j] = y * factor * new.fractions[index, :, None] * t.b
        ratio = new.scales.cost / old.scales.cost
        return Multipliers(
            defect=defect,
            path=path,
            link=np.asarray(self.multipliers.link) * ratio * new.scales.x / old.scales.x,
            boundary=np.asarray(self.multipliers.boundary) * ratio * new.scales.b / old.scales.b,
            lower=self._carried(np.asarray(self.multipliers.lower), new),
            upper=self._carried(np.asarray(self.multipliers.upper), new),
        )

    def _carried(self, multipliers: Array, new: Discretization) -> Array:
        """Multipliers of bounds (flat) on another mesh and scaling; at places they are densities in time."""
        old, left = self.discretization, int(new.layout.transcription.left)
        found = np.zeros(new.layout.size)
        here, there = old.layout.views(multipliers), new.layout.views(found)
        known, wanted = old.places(), new.places()
        for name, first in (("x", left), ("u", 0), ("g", 0)):
            b = new.layout.transcription.b[first:]
            given, target = getattr(here, name), getattr(there, name)
            units = getattr(new.scales, name) / getattr(old.scales, name)
            for index, j in np.ndindex(units.shape):
                density = given[index, :, :, j] / (old.fractions[index, :, None] * b)
                at = wanted[index, :, first:]
                z = np.interp(at, known[index, :, first:].ravel(), density.ravel())
                target[index, :, :, j] = units[index, j] * z * new.fractions[index, :, None] * b
        there.ends[:] = here.ends * _of_ends(new.scales) / _of_ends(old.scales)
        there.p[:] = here.p * new.scales.p / old.scales.p
        there.b[:] = here.b * new.scales.b / old.scales.b
        found *= new.scales.cost / old.scales.cost
        return found


def _of_ends(scales: Scales) -> Array:
    """Scales of each phase's x0, xf, t0, tf, (P, 2n + 2)."""
    return np.concatenate([scales.x, scales.x, scales.t[:, None], scales.t[:, None]], axis=1)


def scales_of(scales: Array, index: int, count: int) -> Array:
    """The first `count` scales of a phase."""
    found: Array = scales[index, :count]
    return found


def no_multipliers(layout: Layout) -> Multipliers:
    """All zero."""
    shapes = layout.shapes
    return Multipliers(
        defect=np.zeros(shapes.x),
        path=np.zeros(shapes.g),
        link=np.zeros((layout.phases, layout.n)),
        boundary=np.zeros(layout.rows),
        lower=np.zeros(layout.size),
        upper=np.zeros(layout.size),
    )
