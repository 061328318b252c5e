"""A front: points that none of the others dominates, and what is said of them in a result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.solvers.multi_objective.hypervolume import MOST, hypervolume
from app.solvers.multi_objective.knee import Knee, knee
from app.solvers.multi_objective.objectives import Objective

Array = NDArray[np.float64]
MARGIN = 0.1  # of the front's range: where the reference point lies beyond it, if none is given


class Front:
    """Points `f (n, m)` of objectives to be minimised, in the order of the first objective.

    `order (n,)` are their places in what the front was made of.
    """

    def __init__(
        self,
        f: Array,
        order: NDArray[np.intp],
        objectives: Sequence[Objective],
        reference: dict[str, float] | None,
    ) -> None:
        self.f = f
        self.order = order
        self.objectives = objectives
        self.signs = np.array([objective.sign for objective in objectives])
        self.reference = self._reference(reference)

    @classmethod
    def of(
        cls,
        f: Array,
        good: NDArray[np.bool_],
        objectives: Sequence[Objective],
        reference: dict[str, float] | None,
        close: float = 0.0,
    ) -> Front:
        """The front of the points `f (n, m)` that are `good`; of points closer than `close` ranges one stays.

        A point counts as dominated when another is better by more than `close` of the range in one objective
        and not worse by more in any.
        """
        places = np.flatnonzero(good)
        width = np.ptp(f[places], axis=0) if len(places) else np.ones(f.shape[1])
        slack = close * np.where(width > 0, width, 1.0)
        places = places[np.lexsort(f[places].T[::-1])]
        kept: list[int] = []
        for place in places:
            others = f[places[places != place]]
            beaten = np.all(others <= f[place] + slack, axis=1) & np.any(others < f[place] - slack, axis=1)
            same = [np.all(np.abs(f[other] - f[place]) <= slack) for other in kept]
            if not np.any(beaten) and not any(same):
                kept.append(int(place))
        order = np.array(kept, np.intp)
        return cls(f[order], order, objectives, reference)

    def __len__(self) -> int:
        return len(self.order)

    @property
    def hypervolume(self) -> float | None:
        """The volume it dominates below the reference point; None beyond MOST objectives or without points."""
        if not len(self) or self.f.shape[1] > MOST:
            return None
        return hypervolume(self.f, self.reference)

    def knee(self) -> Knee | None:
        """The knee; None when there are no points."""
        return knee(self.f) if len(self) else None

    def values(self, index: int) -> dict[str, float]:
        """The objectives of one point by name, in the user's own sense."""
        return self._named(self.f[index])

    def to_json(self) -> dict[str, Any]:
        """What a result says of the front as a whole."""
        found = self.knee()
        return {
            "hypervolume": self.hypervolume,
            "reference_point": self._named(self.reference) if len(self) else None,
            "knee": found.to_json() if found else None,
            "trade_off": self._trade_off(),
        }

    def _named(self, f: Array) -> dict[str, float]:
        names = (objective.name for objective in self.objectives)
        return {name: float(value) for name, value in zip(names, f * self.signs, strict=True)}

    def _trade_off(self) -> dict[str, Any]:
        """Columns to plot; of two objectives also the rate of exchange between neighbours."""
        names = [objective.name for objective in self.objectives]
        columns = (self.f * self.signs).T.tolist()
        data: dict[str, Any] = {"axes": names, "columns": dict(zip(names, columns, strict=True))}
        if len(names) == 2 and len(self) > 1:
            change = np.diff(self.f * self.signs, axis=0)
            with np.errstate(divide="ignore", invalid="ignore"):
                rates = change[:, 1] / change[:, 0]
            data["rate"] = [float(rate) if np.isfinite(rate) else None for rate in rates]
        return data

    def _reference(self, given: dict[str, float] | None) -> Array:
        if given is not None:
            return np.array([given[objective.name] for objective in self.objectives]) * self.signs
        if not len(self):
            return np.full(len(self.objectives), np.nan)
        low, high = np.min(self.f, axis=0), np.max(self.f, axis=0)
        found: Array = high + MARGIN * np.where(high > low, high - low, np.maximum(np.abs(high), 1.0))
        return found
