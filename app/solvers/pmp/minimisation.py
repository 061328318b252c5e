"""The control that minimises H along an estimate, looked for from several candidates.

An estimate may hold a control on the wrong branch (angles beyond a turn, a local minimum of H), though its
states and costates are good.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

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
    count = len(path.t)
    z = np.concatenate([path.t[:, None], path.y, np.tile(path.p, (count, 1))], axis=1)
    kinds = np.tile(np.where(affine, FIXED, FREE), (count, 1))
    found, values = [], []
    for start in _candidates(shooting, path, affine):
        points = shooting.points(z, start, kinds, path.u)
        u = np.asarray(points.u)
        flat = np.max(np.abs(np.asarray(points.values)[:, 1 : 1 + u.shape[1]]) * (kinds == FREE), axis=1)
        inside = np.all((u > phase.u_lower) & (u < phase.u_upper), axis=1)
        h = np.asarray(points.values)[:, 0]
        good = np.all(np.isfinite(u), axis=1) & np.isfinite(h)
        settled = ~inside | (flat <= 1e-6 * (1.0 + np.abs(h)))
        found.append(np.where(good[:, None], u, path.u))
        values.append(np.where(good & settled, h, np.inf))
    u, h = np.array(found), np.array(values)
    size = EQUAL * max(shooting.sizes.rate, 1e-300)
    chosen = path.u.copy()
    for i in range(count):
        lowest = np.min(h[:, i])
        if not np.isfinite(lowest):
            continue
        equal = np.flatnonzero(h[:, i] <= lowest + size)
        near = path.u[0] if i == 0 else chosen[i - 1]
        distance = np.max(np.abs(u[equal, i] - near) / shooting.sizes.u, axis=1)
        chosen[i] = u[equal[int(np.argmin(distance))], i]
    return replace(path, u=chosen)


def _candidates(shooting: Shooting, path: Path, affine: NDArray[np.bool_]) -> list[Array]:
    """Controls along the path (S, m) to start from: the estimate, the guess, and constants over the range."""
    phase = shooting.problem.phases[0]
    s = (path.t - path.t[0]) / (path.t[-1] - path.t[0])
    guess = np.stack([np.interp(s, phase.guess_s, column) for column in phase.guess_u.T], axis=1)
    found = [path.u, guess]
    for j in np.flatnonzero(~affine):
        reach = max(2.0, float(np.ptp(guess[:, j])))
        low, high = phase.u_lower[j], phase.u_upper[j]
        low = low if np.isfinite(low) else float(np.min(guess[:, j])) - reach
        high = high if np.isfinite(high) else float(np.max(guess[:, j])) + reach
        for value in np.linspace(low, high, CANDIDATES):
            u = path.u.copy()
            u[:, j] = value
            found.append(u)
    return found
