"""The control that minimises H along an estimate, looked for from several candidates.

An estimate may hold a control on the wrong branch (angles beyond a turn, a local minimum of H), though its
states and costates are good.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from app.solvers.interpolation import Interpolation
from app.solvers.pmp.kinds import FIXED, FREE
from app.solvers.pmp.path import Path
from app.solvers.pmp.shooting import Shooting

Array = NDArray[np.float64]
CANDIDATES = 7  # values of each control that Newton starts from
EQUAL = 1e-6  # of the size of H: minima that count as the same


def minimising(shooting: Shooting, path: Path, affine: NDArray[np.bool_]) -> Path:
    """The path with every control that is not affine at the lowest minimum of H found.

    Among equal minima the one closest to the control just before is taken, so that the control is continuous
    where it can be.
    """
    if not np.any(~affine):
        return path
    phase = shooting.problem.phases[0]
    count, m = path.u.shape
    z = np.concatenate([path.t[:, None], path.y, np.tile(path.p, (count, 1))], axis=1)
    kind = np.where(affine, FIXED, FREE)

    def minima(at: slice, start: Array) -> tuple[Array, Array]:
        """Controls where Newton ends from `start`, and H there; infinite where it is no minimum."""
        rows = len(start)
        points = shooting.points(z[at], start, np.tile(kind, (rows, 1)), path.u[at])
        u, found = np.asarray(points.u), np.asarray(points.values)
        slope = np.max(np.abs(found[:, 1 : 1 + m]) * shooting.sizes.u * (kind == FREE), axis=1)
        inside = np.all((u > phase.u_lower) & (u < phase.u_upper), axis=1)
        good = np.all(np.isfinite(u), axis=1) & np.isfinite(found[:, 0])
        good &= ~inside | (slope <= 1e-6 * (shooting.sizes.rate + np.abs(found[:, 0])))
        return u, np.where(good, found[:, 0], np.inf)

    candidates = _candidates(shooting, path, affine)
    pairs = [minima(slice(None), start) for start in candidates]
    u, h = np.array([pair[0] for pair in pairs]), np.array([pair[1] for pair in pairs])
    size = EQUAL * shooting.sizes.rate
    chosen = path.u.copy()
    near = candidates[-1][0]
    for i in range(count):
        followed, value = minima(slice(i, i + 1), near[None])
        options, values = np.concatenate([followed, u[:, i]]), np.concatenate([value, h[:, i]])
        lowest = np.min(values)
        if np.isfinite(lowest):
            equal = np.flatnonzero(values <= lowest + size)
            distance = np.max(np.abs(options[equal] - near) / shooting.sizes.u, axis=1)
            chosen[i] = options[equal[int(np.argmin(distance))]]
        near = chosen[i]
    return replace(path, u=chosen)


def _candidates(shooting: Shooting, path: Path, affine: NDArray[np.bool_]) -> list[Array]:
    """Controls along the path (S, m) to start from: the estimate, constants over the range, the guess."""
    phase = shooting.problem.phases[0]
    s = (path.t - path.t[0]) / (path.t[-1] - path.t[0])
    guess = Interpolation(phase.guess_s, s)(phase.guess_u)
    found = [path.u]
    for j in np.flatnonzero(~affine):
        reach = max(2.0, float(np.ptp(guess[:, j])))
        low, high = phase.u_lower[j], phase.u_upper[j]
        low = low if np.isfinite(low) else float(np.min(guess[:, j])) - reach
        high = high if np.isfinite(high) else float(np.max(guess[:, j])) + reach
        for value in np.linspace(low, high, CANDIDATES):
            u = path.u.copy()
            u[:, j] = value
            found.append(u)
    return [*found, guess]
