"""The necessary conditions of the solution found, each as its largest relative residual."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from app.problems.structure import Structure
from app.solvers.pmp.kinds import FIXED, FREE, SINGULAR
from app.solvers.pmp.newton import Found
from app.solvers.pmp.sampling import Samples, samples

Array = NDArray[np.float64]
CANDIDATES = 9  # values of each control that H is compared with
LOOKED_AT = 96  # points at which that is done


@dataclass(frozen=True)
class NecessaryConditions:
    """All relative; None where a condition does not apply.

    `minimum_principle`: how much lower H is at other values of one control, by the size of H.
    """

    stationarity: float
    costate_defect: float
    state_defect: float
    transversality: float
    hamiltonian_constancy: float | None
    hamiltonian_end: float | None
    legendre_clebsch: float
    junctions: float
    minimum_principle: float

    @property
    def worst(self) -> float:
        """The largest of all."""
        return max(value for value in asdict(self).values() if value is not None)

    def failed(self, allowed: float) -> list[str]:
        """The conditions that do not hold, in words."""
        return [
            f"{name.replace('_', ' ')} {value:.1e}"
            for name, value in asdict(self).items()
            if value is not None and not value <= allowed
        ]


def autonomous(structure: Structure) -> bool:
    """Whether time enters neither dynamics nor running cost."""
    phase = structure.phases[0]
    codes = [*phase.definitions, *phase.dynamics]
    if phase.running_cost is not None:
        codes.append(phase.running_cost)
    return not any(operation == "t" for code in codes for operation, *_ in code)


def conditions_of(found: Found) -> NecessaryConditions:
    """Every condition, on the integration nodes."""
    shooting, system, e = found.shooting, found.system, found.extremal
    sizes, n = shooting.sizes, e.y.shape[1] // 2
    at = samples(e, system.shots)
    m = at.u.shape[1]
    z = np.concatenate([at.t[:, None], at.y, np.tile(e.p, (len(at.t), 1))], axis=1)
    points = shooting.points(z, at.u, e.arcs.kinds[at.arc], e.arcs.values[at.arc])
    values = np.asarray(points.values)
    residual, groups = np.abs(system.residual), system.groups
    defects = residual[groups == "continuity"].reshape(-1, 2 * n) + 0.0
    error = float(np.max(np.asarray(system.shots.error)))

    def largest(*names: str) -> float:
        return float(np.max(residual[np.isin(groups, names)], initial=0.0))

    h = values[:, 0]
    size = max(sizes.rate, float(np.max(np.abs(h))))
    return NecessaryConditions(
        stationarity=_stationarity(found, at, values[:, 1 : 1 + m]),
        costate_defect=max(float(np.max(defects[:, n:], initial=0.0)), error),
        state_defect=max(float(np.max(defects[:, :n], initial=0.0)), error),
        transversality=largest("start", "end", "boundary", "parameters", "t0"),
        hamiltonian_constancy=float(np.ptp(h)) / size if autonomous(shooting.problem.structure) else None,
        hamiltonian_end=None if shooting.conditions.tf.held[0] else largest("tf"),
        legendre_clebsch=_convexity(found, at, np.asarray(points.curvature), np.asarray(points.bracket)),
        junctions=largest("junction"),
        minimum_principle=_excess(found, at, z, h) / size,
    )


def _stationarity(found: Found, at: Samples, slope: Array) -> float:
    """H_u where a control is inside its bounds, and where it points out of the wrong bound."""
    given, sizes = found.shooting.given, found.shooting.sizes
    lower, upper = np.asarray(given.lower), np.asarray(given.upper)
    relative = slope * sizes.u / sizes.rate
    low, high = at.u <= lower, at.u >= upper
    wrong = np.where(
        low, np.maximum(-relative, 0.0), np.where(high, np.maximum(relative, 0.0), np.abs(relative))
    )
    return float(np.max(wrong, initial=0.0))


def _convexity(found: Found, at: Samples, curvature: Array, bracket: Array) -> float:
    """How negative H_uu is over the controls inside (relative), and on singular arcs how positive the bracket."""
    sizes, e = found.shooting.sizes, found.extremal
    kinds = e.arcs.kinds[at.arc]
    given = found.shooting.given
    inside = (at.u > np.asarray(given.lower)) & (at.u < np.asarray(given.upper))
    free = (kinds != FIXED) & (kinds != SINGULAR) & (inside | (kinds != FREE))
    scaled = np.asarray(curvature) * sizes.u[:, None] * sizes.u / sizes.rate
    masked = np.where(free[:, :, None] & free[:, None, :], scaled, 0.0)
    lowest = float(np.min(np.linalg.eigvalsh(masked), initial=0.0)) if masked.size else 0.0
    singular = np.where(kinds == SINGULAR, np.asarray(bracket) * sizes.u**2 * sizes.time**2 / sizes.rate, 0.0)
    return max(-lowest, float(np.max(singular, initial=0.0)))


def _excess(found: Found, at: Samples, z: Array, h: Array) -> float:
    """How much lower H can be made by moving one control within its bounds."""
    m = at.u.shape[1]
    given, sizes = found.shooting.given, found.shooting.sizes
    chosen = np.unique(np.linspace(0, len(at.t) - 1, LOOKED_AT).astype(int))
    excess = 0.0
    for j in range(m):
        low, high = float(np.asarray(given.lower)[j]), float(np.asarray(given.upper)[j])
        reach = sizes.u[j]
        low = low if np.isfinite(low) else float(np.min(at.u[:, j])) - reach
        high = high if np.isfinite(high) else float(np.max(at.u[:, j])) + reach
        for value in np.linspace(low, high, CANDIDATES):
            u = at.u[chosen].copy()
            u[:, j] = value
            other = found.shooting.points(z[chosen], u, np.full(u.shape, FIXED), u)
            lower = h[chosen] - np.asarray(other.values)[:, 0]
            excess = max(excess, float(np.max(lower[np.isfinite(lower)], initial=0.0)))
    return excess
