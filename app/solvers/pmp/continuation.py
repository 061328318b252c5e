"""Continuation: a quadratic term in the controls that enter linearly, made smaller from solution to solution.

With it H is strictly convex in every control, so that no structure of arcs need be known (Bertrand & Epenoy,
Optim. Control Appl. Methods 23 (2002)); the last solution shows the arcs of the problem itself.
"""

from __future__ import annotations

import logging

import numpy as np

from app.solvers.pmp.arcs import Piece, Schedule
from app.solvers.pmp.attempt import Attempt
from app.solvers.pmp.kinds import FREE
from app.solvers.pmp.newton import Found
from app.solvers.pmp.path import Path, Sizes

log = logging.getLogger(__name__)
FIRST, LAST = 1.0, 1e-4  # weights of the term, relative to the largest switching function
FASTER, FASTEST = 0.3, 0.05  # factors from weight to weight
LEVELS = 24


def smoothed(attempt: Attempt, path: Path) -> Found | None:
    """The solution after continuation, or None where there is nothing to smooth or it fails at once."""
    seen = attempt.look(path)
    if not np.any(seen.affine):
        return None
    sizes = Sizes.of(path, seen.lower, seen.upper)
    unit = np.where(seen.affine, 2.0 * seen.largest / sizes.u, 0.0)
    level, factor = FIRST, FASTER
    best: Path | None = None
    for _ in range(LEVELS):
        if attempt.budget.late or attempt.budget.over:
            break
        start = path if best is None else best
        weight = level * unit
        rows = tuple((Piece(float(start.t[0]), FREE),) for _ in range(path.u.shape[1]))
        schedule = Schedule(float(start.t[0]), float(start.t[-1]), rows)
        found = attempt.settled(start, schedule, attempt.conditions(start), weight)
        log.debug("continuation at %.1e: %s", level, found.status)
        if found.converged:
            best, reached = attempt.path_of(found), level
            if level <= 1e-2:
                final = attempt.direct(best)
                if final.converged:
                    return final
            if level <= LAST:
                break
            factor = max(FASTEST, factor * 0.7)
            level = reached * factor
        elif best is None:
            level *= 10.0
            if level > 1e3:
                break
        else:
            factor = factor**0.5
            level = reached * factor
            if factor > 0.95:
                break
    return None
