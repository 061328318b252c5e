"""Control of a linear system as numbers: piecewise-constant controls, a target, an ensemble of parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from app.solvers.magnus.system import LinearSystem

Measure = Literal["phase_insensitive", "overlap", "distance"]
"""How near a final state is to the target, with `g = tr(X_target^+ X) / k` over the `k` columns: `1 -
|g|^2`, or `1 - g` (pure density matrices as real vectors), or `|X - X_target|^2 / 2`."""


@dataclass(frozen=True)
class Ensemble:
    """The systems one control must serve: one member for each value of the uncertain parameters.

    Each member is `x' = (sum_m c_m(t) A_m + sum_j u_j(t) s_j(t) B_j) x`: its `LinearSystem` has the `m`
    drift terms first, then the control terms with their modulations `s_j`. All share one basis. `weights`
    sum to 1; `nominal` is the index of the member with the parameters as stated, or None where it is not
    among them.
    """

    members: tuple[LinearSystem, ...]
    weights: np.ndarray
    labels: tuple[dict[str, float], ...]


@dataclass(frozen=True)
class ControlProblem:
    """Steer `initial` `(d, k)` to `target` `(d, k)` over `edges` `(slices + 1,)`.

    `lower`, `upper` `(controls,)` may be infinite; `guess` `(slices, controls)`. `smoothness` weighs the
    integral of `(du/dt)^2`, `energy` that of `u^2`. `nominal` is the system with all parameters as stated.
    """

    ensemble: Ensemble
    nominal: LinearSystem
    drifts: int
    names: tuple[str, ...]
    initial: np.ndarray
    target: np.ndarray
    measure: Measure
    edges: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    guess: np.ndarray | None
    smoothness: float
    energy: float

    @property
    def slices(self) -> int:
        """The number of intervals on which the controls are constant."""
        return self.edges.size - 1

    def driven(self, system: LinearSystem, controls: np.ndarray) -> LinearSystem:
        """`system` under `controls` `(slices, controls)`: a plain time-dependent system."""
        edges, drifts = self.edges, self.drifts

        def coefficients(t: np.ndarray) -> np.ndarray:
            values = system.coefficients(t).copy()
            slot = np.clip(np.searchsorted(edges, t, side="right") - 1, 0, edges.size - 2)
            values[:, drifts:] *= controls[slot]
            return values

        return LinearSystem(system.basis, coefficients, system.skew)
