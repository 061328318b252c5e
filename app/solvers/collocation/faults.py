"""Faults: which constraints a point violates most, and where, in the words of the problem."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from app.problems.model import Problem
from app.solvers.collocation.outcome import Outcome

Array = NDArray[np.float64]
NOTED = 1e-6  # scaled violation from which a constraint is named


def worst_rows(problem: Problem, outcome: Outcome, count: int = 3) -> list[str]:
    """The most violated constraints, worst first: what each is called, where, and by how much (unscaled).

    Dynamics are named only where nothing else is at fault: they give way when other constraints conflict.
    """
    found = sorted(_rows(problem, outcome), key=lambda row: -row[0])
    stated = [row for row in found if row[0] > NOTED and not row[2]]
    rows = stated or [row for row in found if row[0] > NOTED]
    return [text for _, text, _ in rows[:count]]


def _rows(problem: Problem, outcome: Outcome) -> Iterator[tuple[float, str, bool]]:
    """Scaled violation and description of every constraint at its worst place; whether it is dynamics."""
    layout, scales = outcome.discretization.layout, outcome.discretization.scales
    values = outcome.values
    boundary = np.asarray(values.boundary)
    for row, label in enumerate(problem.boundary_labels):
        yield _row(label, boundary[row], scales.b[row], None)
    for index, phase in enumerate(problem.phases):
        times = _times(outcome, index)
        prefix = f"phase {phase.name!r}, " if layout.phases > 1 else ""
        for row, label in enumerate(phase.path_labels):
            residual = np.asarray(values.path)[index, :, :, row]
            at = np.unravel_index(np.argmax(np.abs(residual)), residual.shape)
            yield _row(prefix + label, residual[at], scales.g[index, row], times[at])
        left = int(layout.transcription.left)
        for j, name in enumerate(phase.states):
            yield _row(
                f"{prefix}final value of {name}", np.asarray(values.link)[index, j], scales.x[index, j], None
            )
            residual = np.asarray(values.defect)[index, :, :, j]
            at = np.unravel_index(np.argmax(np.abs(residual)), residual.shape)
            place = (at[0], at[1] + left)
            value = np.asarray(outcome.variables.x)[index, *at, j] * scales.x[index, j]
            label = f"{prefix}dynamics of {name}, where {name} = {value:.6g},"
            yield _row(label, residual[at], scales.x[index, j], times[place], dynamics=True)


def _row(
    label: str, residual: float, scale: float, time: float | None, dynamics: bool = False
) -> tuple[float, str, bool]:
    place = "" if time is None else f" at t = {time:.6g}"
    size = abs(float(residual))
    return (size if np.isfinite(size) else np.inf), f"{label}{place} (off by {size * scale:.3g})", dynamics


def _times(outcome: Outcome, index: int) -> Array:
    """Times of the places of a phase, (N, s)."""
    d = outcome.discretization
    ends = np.asarray(outcome.variables.ends)[index, -2:] * d.scales.t[index]
    found: Array = ends[0] + (ends[1] - ends[0]) * d.places()[index]
    return found
