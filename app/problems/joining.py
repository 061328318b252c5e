"""Guesses of states of which nothing is said but what boundary constraints and links say of their ends.

A mass is often known so only: it begins as the sum of its parts, some of them parameters, and goes on from phase to
phase. A guess of zero, where it divides, leads nowhere.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from app.problems.evaluation import Array
from app.problems.probe import boundary_values

if TYPE_CHECKING:
    from app.problems.model import Problem

FAINT = 1e-4  # weight of "ends at what it began with", beside the equations


def joined(problem: Problem) -> Problem:
    """The problem with such states guessed from the equations that are linear in their ends.

    What these leave open changes as little as possible from one end of a phase to the other.
    """
    unknown = [(i, j) for i in range(len(problem.phases)) for j in _untold(problem, i)]
    if not unknown or not len(problem.b_lower):
        return problem
    held = problem.b_lower == problem.b_upper
    ends = np.array([problem.phases[i].guess_x[[0, -1], j] for i, j in unknown]).ravel()

    def missed(ends: Array) -> Array:
        """What each equation lacks."""
        lacking: Array = (boundary_values(_with(problem, unknown, ends)) - problem.b_lower)[held]
        return lacking

    with np.errstate(all="ignore"):
        off = missed(ends)
        slopes = np.stack([missed(ends + one) - off for one in np.eye(len(ends))], axis=1)
        linear = np.isfinite(off) & np.all(np.isfinite(slopes), axis=1) & np.any(slopes != 0.0, axis=1)
        change = FAINT * np.kron(np.eye(len(unknown)), [1.0, -1.0])
        right = np.concatenate([-off[linear], -change @ ends])
        step, *_ = np.linalg.lstsq(np.concatenate([slopes[linear], change]), right)
        better = np.sum(np.abs(missed(ends + step)[linear])) < np.sum(np.abs(off[linear]))
    return _with(problem, unknown, ends + step) if better else problem


def _untold(problem: Problem, index: int) -> list[int]:
    """Of which states of a phase neither guess nor end values nor two bounds are known."""
    stated, phase = problem.statement.phases[index], problem.phases[index]
    named = np.array([name in (*stated.guess, *stated.initial, *stated.final) for name in stated.states])
    bounded = np.isfinite(phase.x_lower) & np.isfinite(phase.x_upper)
    return [int(j) for j in np.flatnonzero(~named & ~bounded)]


def _with(problem: Problem, unknown: list[tuple[int, int]], ends: Array) -> Problem:
    """The problem with those states guessed linear from end to end, within their bounds."""
    phases = list(problem.phases)
    for (i, j), (first, last) in zip(unknown, ends.reshape(-1, 2), strict=True):
        phase = phases[i]
        guess = phase.guess_x.copy()
        line = first + (last - first) * phase.guess_s
        guess[:, j] = np.clip(line, phase.x_lower[j], phase.x_upper[j])
        phases[i] = replace(phase, guess_x=guess)
    return replace(problem, phases=tuple(phases))
