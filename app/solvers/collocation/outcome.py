"""Outcomes of the interior-point method, and how one starts the next: other mesh, other scales."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from app.solvers.collocation.barrier import Multipliers
from app.solvers.collocation.discretization import Discretization, PhaseTrajectory, Trajectory
from app.solvers.collocation.evaluation import Values
from app.solvers.collocation.interior_point import ACCEPTABLE, CONVERGED
from app.solvers.collocation.layout import Layout, Variables
from app.solvers.collocation.scaling import Scales
from app.solvers.interpolation import Interpolation

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

    def stretched(self, fractions: Array) -> Outcome:
        """The same values at the same places of intervals that have other lengths, as a guess for another problem.

        Multipliers of what holds at each place are so much for a part of time: they grow with their interval.
        """
        old, layout = self.discretization, self.discretization.layout
        ratio = (fractions / old.fractions)[:, :, None, None]

        def grown(flat: Array) -> Array:
            """Multipliers of bounds."""
            found = flat.copy()
            parts = layout.views(found)
            for part in (parts.x, parts.u, parts.g):
                np.copyto(np.asarray(part), part * ratio)
            return found

        y = self.multipliers
        lower, upper = grown(np.asarray(y.lower)), grown(np.asarray(y.upper))
        multipliers = y._replace(path=np.asarray(y.path) * ratio, lower=lower, upper=upper)
        return replace(self, discretization=replace(old, fractions=fractions), multipliers=multipliers)

    def multipliers_on(self, new: Discretization) -> Multipliers:
        """The multipliers carried to another mesh and scaling."""
        old = self.discretization
        layout, t = new.layout, new.layout.transcription
        left = int(t.left)
        known, wanted = old.places(), new.places()
        along = [Interpolation(a.ravel(), b) for a, b in zip(known, wanted, strict=True)]
        pairs = zip(known[:, :, left:], wanted[:, :, left:], strict=True)
        unknown = [Interpolation(a.ravel(), b) for a, b in pairs] if left else along
        ratio = new.scales.cost / old.scales.cost

        def carried(values: Array, at: Sequence[Interpolation]) -> Array:
            """Values (P, N, s, n) of this mesh on the new one."""
            flat = values.reshape(len(values), values.shape[1] * values.shape[2], values.shape[3])
            return np.stack([one(part) for one, part in zip(at, flat, strict=True)])

        def dense(values: Array, at: Sequence[Interpolation]) -> Array:
            """The same of what is so much for a part of normalised time."""
            b = t.b[-values.shape[2] :, None]
            return carried(values / (_spread(old) * b), at) * _spread(new) * b

        def bounding(flat: Array) -> Array:
            """Multipliers of bounds."""
            found = np.zeros(layout.size)
            here, there = old.layout.views(flat), layout.views(found)
            for name, at in (("x", unknown), ("u", along), ("g", along)):
                units = getattr(new.scales, name) / getattr(old.scales, name)
                getattr(there, name)[:] = dense(getattr(here, name), at) * units[:, None, None]
            there.ends[:] = here.ends * _of_ends(new.scales) / _of_ends(old.scales)
            there.p[:] = here.p * new.scales.p / old.scales.p
            there.b[:] = here.b * new.scales.b / old.scales.b
            found *= ratio
            return found

        p = carried(self.costates(), along) * (new.scales.cost * new.scales.x[:, None, None])
        path = dense(np.asarray(self.multipliers.path), along) * ratio
        return Multipliers(
            defect=-np.einsum("js,pisn->pijn", t.inverse * t.b, p),  # a' mu = -b p
            path=path * (new.scales.g / old.scales.g)[:, None, None],
            link=np.asarray(self.multipliers.link) * ratio * new.scales.x / old.scales.x,
            boundary=np.asarray(self.multipliers.boundary) * ratio * new.scales.b / old.scales.b,
            lower=bounding(np.asarray(self.multipliers.lower)),
            upper=bounding(np.asarray(self.multipliers.upper)),
        )


def _spread(discretization: Discretization) -> Array:
    """The part of normalised time that each interval has, (P, N, 1, 1)."""
    return discretization.fractions[:, :, None, None]


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
