"""Lanes: problems of one structure side by side, as one problem whose numbers have a leading axis.

What is done with all of them at once in NumPy costs hardly more than with one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from app.problems.model import Phase, Problem

OF_PROBLEM = ("p_lower", "p_upper", "p_guess", "b_lower", "b_upper", "k")
OF_PHASE = (
    "x_lower", "x_upper", "u_lower", "u_upper", "g_lower", "g_upper", "x0_lower", "x0_upper", "xf_lower",
    "xf_upper", "nominal_x", "nominal_u", "nominal_t",
)  # fmt: skip
MOMENTS = ("t0", "tf")
GUESSES = ("guess_x", "guess_u")


def side_by_side(problems: Sequence[Problem]) -> Problem:
    """All numbers stacked, each of a time's three as well; of guesses, which may differ in their points, the
    largest magnitudes `(lanes, 1, n)`. Names and text are those of the first."""
    each = zip(*(problem.phases for problem in problems), strict=True)
    return replace(problems[0], phases=tuple(map(_phase, each)), **_stacked(problems, OF_PROBLEM))


def _phase(phases: Sequence[Phase]) -> Phase:
    moments = {name: tuple(np.array([getattr(phase, name) for phase in phases]).T) for name in MOMENTS}
    guesses = {
        name: np.stack([np.max(np.abs(getattr(phase, name)), axis=0, keepdims=True) for phase in phases])
        for name in GUESSES
    }
    stacked: dict[str, Any] = {**_stacked(phases, OF_PHASE), **moments, **guesses}
    return replace(phases[0], **stacked)


def _stacked(rows: Sequence[Problem] | Sequence[Phase], names: Sequence[str]) -> dict[str, Any]:
    return {name: np.array([getattr(row, name) for row in rows]) for name in names}
