"""Shooting with a structure of arcs that is corrected until its solution asks for no more changes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from app.problems.model import Problem
from app.solvers.pmp.arcs import Arcs, Schedule, schedule_of
from app.solvers.pmp.boundary import EndConditions
from app.solvers.pmp.estimate import end_vector, multipliers_of
from app.solvers.pmp.extremal import Extremal, extremal_on
from app.solvers.pmp.hamiltonian import Given, Law
from app.solvers.pmp.kinds import FIXED
from app.solvers.pmp.minimisation import minimising
from app.solvers.pmp.newton import Budget, Found, solve
from app.solvers.pmp.path import Path, Sizes
from app.solvers.pmp.programs import Programs, programs
from app.solvers.pmp.sampling import samples
from app.solvers.pmp.shooting import Shooting, System
from app.solvers.pmp.structure import Seen, corrected, detect, with_bounds

Array = NDArray[np.float64]
log = logging.getLogger(__name__)
MOST_SEGMENTS = 1024
ROUGH = 1e-5  # local error with which Newton may begin
GROWTH = 1e6  # of errors over a segment; beyond, it is divided
ROUNDS = 20  # of division


@dataclass
class Attempt:
    """One problem, its budget, and whom progress is reported to."""

    problem: Problem
    tolerance: float
    restructures: int
    budget: Budget
    report: Callable[[System, int], None]
    used: dict[Law, Programs] = field(default_factory=dict)

    def programs(self, law: Law) -> Programs:
        """The programs with a law."""
        if law not in self.used:
            self.used[law] = programs(self.problem, law)
        return self.used[law]

    def given(self, weight: Array | None = None) -> Given:
        """The numbers of the problem, with a regularisation where one is asked for."""
        phase = self.problem.phases[0]
        lower, upper = phase.u_lower, phase.u_upper
        with np.errstate(invalid="ignore"):
            middle = 0.5 * (lower + upper)
        centre = np.where(np.isfinite(middle), middle, 0.0)
        return Given(self.problem.k, lower, upper, np.zeros(len(lower)) if weight is None else weight, centre)

    def shooting(
        self, path: Path, conditions: EndConditions, law: Law, weight: Array | None = None
    ) -> Shooting:
        """The equations, scaled by a path."""
        phase = self.problem.phases[0]
        sizes = Sizes.of(path, phase.u_lower, phase.u_upper)
        return Shooting(self.problem, self.programs(law), self.given(weight), conditions, sizes)

    def look(self, path: Path, weight: Array | None = None) -> Seen:
        """H_u along a path, and in which controls H is affine."""
        phase = self.problem.phases[0]
        sizes = Sizes.of(path, phase.u_lower, phase.u_upper)
        m = path.u.shape[1]
        if m == 0:
            none = np.zeros(0)
            return Seen(path.t, path.u, path.u, none, none, np.zeros(0, bool), none)
        shooting = self.shooting(path, self.conditions(path), Law.REGULAR, weight)
        z = np.concatenate([path.t[:, None], path.y, np.tile(path.p, (len(path.t), 1))], axis=1)
        found = shooting.points(z, path.u, np.full((len(z), m), FIXED), path.u)
        curvature = np.max(np.abs(np.diagonal(np.asarray(found.curvature), axis1=1, axis2=2)), axis=0)
        affine = curvature * sizes.u**2 <= 1e-10 * sizes.rate
        slope = np.asarray(found.values)[:, 1 : 1 + m]
        unit = sizes.rate / sizes.u
        return Seen(path.t, path.u, slope, phase.u_lower, phase.u_upper, affine, unit)

    def conditions(self, path: Path) -> EndConditions:
        """End conditions as a path suggests them."""
        n = path.n
        w = end_vector(path)
        phase = self.problem.phases[0]
        x = Sizes.of(path, phase.u_lower, phase.u_upper).x
        rows = np.asarray(
            self.programs(Law.REGULAR).ends(w, np.zeros(len(self.problem.b_lower)), self.problem.k).rows
        )
        return EndConditions.of(
            self.problem,
            (float(path.t[0]), float(path.t[-1])),
            path.y[0, :n],
            path.y[-1, :n],
            path.p,
            rows,
            x,
        )

    def extremal(self, path: Path, arcs: Arcs, conditions: EndConditions) -> Extremal:
        """The unknowns on a path, multipliers as they fit best."""
        held = {"x0": conditions.x0.held, "xf": conditions.xf.held, "rows": conditions.rows.held}
        phase = self.problem.phases[0]
        costate = Sizes.of(path, phase.u_lower, phase.u_upper).costate
        multipliers = multipliers_of(self.problem, path, held, self.programs(Law.REGULAR).ends, costate)
        return extremal_on(path, arcs, multipliers)

    def direct(self, path: Path) -> Found:
        """From an estimate: arcs of the affine controls, then those of all controls, then more accuracy."""
        seen = self.look(path)
        shooting = self.shooting(path, self.conditions(path), Law.REGULAR)
        path = minimising(shooting, path, seen.affine)
        found = self.settled(path, detect(seen), shooting.conditions)
        if not found.converged:
            return found
        bounded = self._with_bounds(found)
        return self.refined(bounded if bounded is not None and bounded.converged else found)

    def settled(
        self, path: Path, schedule: Schedule, conditions: EndConditions, weight: Array | None = None
    ) -> Found:
        """Newton with a structure, corrected until it is consistent with its own solution."""
        e = self.extremal(path, schedule.arcs(), conditions)
        found = self._newton(path, e, conditions, weight)
        for _ in range(self.restructures):
            if not found.converged:
                return found
            new_path = self.path_of(found)
            seen = self.look(new_path, weight)
            old = schedule_of(found.extremal.arcs, found.extremal.times)
            new = corrected(old, seen)
            revised = self.revised(found, conditions)
            if new.same_kinds(schedule) and revised.same(conditions):
                return found
            log.debug(
                "arcs %s, ends changed: %s", [len(row) for row in new.pieces], not revised.same(conditions)
            )
            schedule, conditions = new, revised
            e = extremal_on(new_path, schedule.arcs(), found.extremal.multipliers)
            found = self._newton(new_path, e, conditions, weight)
        return found

    def path_of(self, found: Found) -> Path:
        """The solution as a path."""
        return samples(found.extremal, found.system.shots).path(found.extremal.p)

    def revised(self, found: Found, conditions: EndConditions) -> EndConditions:
        """Ranges held or released as the multipliers say."""
        e, system = found.extremal, found.system
        n = e.y.shape[1] // 2
        gradient = np.asarray(system.ends.gradient)
        sizes = found.shooting.sizes
        arcs = e.arcs.count
        values = np.asarray(system.points.values)
        slope = gradient[2 + 2 * n :] + np.sum(np.asarray(system.shots.slope), axis=0)
        time, rate = np.array([sizes.time]), np.array([sizes.rate])
        p_size = np.maximum(np.abs(e.p), 1e-3)
        row_size = 1.0 + np.abs(np.asarray(system.ends.rows))
        c = conditions
        return EndConditions(
            c.x0.revised(e.y[0, :n], e.y[0, n:] + gradient[1 : 1 + n], sizes.x, sizes.costate),
            c.xf.revised(e.y[-1, :n], gradient[2 + n : 2 + 2 * n] - e.y[-1, n:], sizes.x, sizes.costate),
            c.t0.revised(e.times[:1], gradient[:1] - values[0, :1], time, rate),
            c.tf.revised(e.times[-1:], gradient[1 + n : 2 + n] + values[2 * arcs - 1, :1], time, rate),
            c.p.revised(e.p, slope, p_size, sizes.cost / p_size),
            c.rows.revised(np.asarray(system.ends.rows), -e.multipliers, row_size, sizes.cost / row_size),
        )

    def refined(self, found: Found) -> Found:
        """Segments divided until their local errors meet the tolerance."""
        for _ in range(ROUNDS):
            errors = np.asarray(found.system.shots.error)
            where = errors > 0.1 * self.tolerance
            if not np.any(where) or found.extremal.division.count + int(np.sum(where)) > MOST_SEGMENTS:
                break
            e = found.extremal.divided(where, np.asarray(found.system.shots.nodes))
            new = solve(found.shooting, e, self.tolerance, self.budget, self.report)
            if not new.converged:
                break
            found = new
        return found

    def _newton(self, path: Path, e: Extremal, conditions: EndConditions, weight: Array | None) -> Found:
        law = Law.REGULAR
        if e.arcs.singular:
            law = Law.LINEAR if np.all(self.look(path).affine) else Law.MIXED
        shooting = self.shooting(path, conditions, law, weight)
        e = self._divided(shooting, path, e)
        found = solve(shooting, e, max(self.tolerance, 1e-9), self.budget, self.report)
        log.debug(
            "newton: %s, %d arcs, %d segments, residual %.1e, cost %.12g, kinds %s, times %s",
            found.status,
            e.arcs.count,
            e.division.count,
            np.max(np.abs(found.system.residual)),
            found.system.cost,
            e.arcs.kinds.tolist(),
            found.extremal.times.tolist(),
        )
        return found

    def _divided(self, shooting: Shooting, path: Path, e: Extremal) -> Extremal:
        """Segments divided until errors and their growth are bearable."""
        for _ in range(8):
            shots, jacobian = shooting.shots(e)
            rough = ~(np.asarray(shots.error) <= ROUGH) | ~(shooting.growth(jacobian) <= GROWTH)
            if not np.any(rough) or e.division.count + int(np.sum(rough)) > MOST_SEGMENTS:
                break
            spans = e.division.spans(e.times)
            nodes = np.array(shots.nodes)
            nodes[:, nodes.shape[1] // 2] = path.state(0.5 * (spans[:, 0] + spans[:, 1]))
            e = e.divided(rough, nodes)
        return e

    def _with_bounds(self, found: Found) -> Found | None:
        """The solution again with controls at their bounds as arcs of their own."""
        path = self.path_of(found)
        schedule = schedule_of(found.extremal.arcs, found.extremal.times)
        with_arcs = with_bounds(schedule, self.look(path))
        if (
            not np.any(with_arcs.arcs().kinds == FIXED)
            or with_arcs.same_kinds(schedule)
            or sum(len(row) for row in with_arcs.pieces) > 40
        ):
            return None
        return self.settled(path, with_arcs, found.shooting.conditions)
