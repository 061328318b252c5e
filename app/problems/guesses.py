"""Guesses of states and controls over normalised time, as given or made from end values and bounds."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from app.problems.constants import Constants
from app.problems.evaluation import Array, Number, middle
from app.problems.statement import PhaseStatement

Interval = tuple[Number, Number]


def guesses(
    phase: PhaseStatement,
    inside: Mapping[str, Interval],
    initial: Mapping[str, Interval],
    final: Mapping[str, Interval],
    constants: Constants,
) -> tuple[Array, dict[str, list[Number]]]:
    """The common grid of all guesses and each guess on it (a list of numbers, one a grid point).

    Without a guess: linear between the end values that are given, else the middle of the bounds.
    """
    prefix = f"{phase.path}." if phase.path else ""
    points: dict[str, list[Number]] = {}
    for name in (*phase.states, *phase.controls):
        if name in phase.guess:
            path = f"{prefix}guess.{name}"
            points[name] = [constants.number(value, path) for value in phase.guess[name]]
            continue
        low, high = inside[name]
        ends = [
            middle(*bounds[name])
            for given, bounds in ((phase.initial, initial), (phase.final, final))
            if name in given and all(np.all(np.isfinite(bound)) for bound in bounds[name])
        ]
        points[name] = ends or [middle(low, high)]
    grid = np.unique(
        np.concatenate([np.linspace(0.0, 1.0, max(len(p), 2)) for p in points.values()]).round(12)
    )
    return grid, {name: _on_grid(grid, values) for name, values in points.items()}


def _on_grid(grid: Array, values: list[Number]) -> list[Number]:
    """Values spread evenly over 0..1, interpolated linearly on the grid."""
    if len(values) == 1:
        return values * len(grid)
    places = grid * (len(values) - 1)
    left = np.minimum(places.astype(int), len(values) - 2)
    return [
        (1.0 - (place - i)) * values[i] + (place - i) * values[i + 1]
        for place, i in zip(places, left, strict=True)
    ]
