"""The conditions at both ends: which end values, times, parameters and rows are held, and which are free.

Free ones are stationary (transversality): with E = terminal cost + multipliers . boundary rows,
p(t0) = -E_x0, p(tf) = E_xf, H(t0) = E_t0, H(tf) = -E_tf, E_q + integral of H_q = 0 (Bryson & Ho, section 2.7).
Ranges are taken as held at a bound or free, and the choice is looked at again when a solution is there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from app.problems.model import Problem

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
CLOSE = 1e-4  # relative distance at which an estimate is taken to be at a bound


@dataclass(frozen=True)
class Held:
    """One group of numbers with bounds: where `held`, it equals `value`; elsewhere it is free."""

    lower: Array
    upper: Array
    held: Flags
    value: Array

    @classmethod
    def of(cls, lower: Array, upper: Array, found: Array, size: Array) -> Held:
        """Held where lower and upper bound agree, or where `found` is close to one of them."""
        fixed = lower == upper
        low = np.isfinite(lower) & (found - lower <= CLOSE * size)
        high = np.isfinite(upper) & (upper - found <= CLOSE * size) & ~low
        value = np.where(fixed | low, lower, np.where(high, upper, 0.0))
        return cls(lower, upper, fixed | low | high, value)

    def revised(self, found: Array, multiplier: Array, size: Array, weight: Array) -> Held:
        """Released where the cost would fall by leaving the bound; held where a bound is crossed.

        `multiplier`: derivative of the cost by the number, which is held where positive at a lower bound;
        `size`, `weight`: what is small for a number and its multiplier.
        """
        fixed = self.lower == self.upper
        at_lower = self.held & ~fixed & (self.value == self.lower)
        at_upper = self.held & ~fixed & ~at_lower
        wrong = (at_lower & (multiplier < -1e-6 * weight)) | (at_upper & (multiplier > 1e-6 * weight))
        below = ~self.held & (found < self.lower - 1e-7 * size)
        above = ~self.held & (found > self.upper + 1e-7 * size)
        value = np.where(below, self.lower, np.where(above, self.upper, self.value))
        return replace(self, held=(self.held & ~wrong) | below | above, value=value)

    def same(self, other: Held) -> bool:
        """Whether the same numbers are held at the same values."""
        return bool(np.all(self.held == other.held) and np.all((self.value == other.value) | ~self.held))


@dataclass(frozen=True)
class EndConditions:
    """Every group: states at both ends (n,), times (1,) each, parameters (q,), boundary rows (b,)."""

    x0: Held
    xf: Held
    t0: Held
    tf: Held
    p: Held
    rows: Held

    @classmethod
    def of(
        cls,
        problem: Problem,
        t: tuple[float, float],
        x0: Array,
        xf: Array,
        p: Array,
        rows: Array,
        size: Array,
    ) -> EndConditions:
        """The conditions as an estimate suggests them; `size (n,)` magnitudes of the states."""
        phase = problem.phases[0]
        span = np.array([max(abs(t[1] - t[0]), 1e-12)])

        def moment(bounds: tuple[float, float, float], found: float) -> Held:
            return Held.of(np.array([bounds[0]]), np.array([bounds[1]]), np.array([found]), span)

        return cls(
            Held.of(phase.x0_lower, phase.x0_upper, x0, size),
            Held.of(phase.xf_lower, phase.xf_upper, xf, size),
            moment(phase.t0, t[0]),
            moment(phase.tf, t[1]),
            Held.of(problem.p_lower, problem.p_upper, p, np.maximum(np.abs(p), 1e-3)),
            Held.of(problem.b_lower, problem.b_upper, rows, 1.0 + np.abs(rows)),
        )

    def same(self, other: EndConditions) -> bool:
        """Whether all groups agree."""
        return all(
            mine.same(theirs) for mine, theirs in zip(vars(self).values(), vars(other).values(), strict=True)
        )
