"""Scores of points: the objectives and constraints of a black box evaluated by numpy, a population at a time."""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import TopologicalSorter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.problems.evaluation import Number, evaluate
from app.problems.expression import Expression
from app.solvers.multi_objective.black_box import BlackBox

Array = NDArray[np.float64]
WORST = 1e30  # objective, and violation, of what has no finite value


class Scores(NamedTuple):
    """Objectives to be minimised `f (n, m)`, and `violation (n,)`: the sum over all constraints, relative."""

    f: Array
    violation: Array


class Scoring:
    """Expressions in the order in which definitions need each other."""

    def __init__(self, box: BlackBox) -> None:
        self._box = box
        statement = box.problem.statement
        phase = statement.phases[0]
        self._tables = statement.tables
        self._numbers: dict[str, Number] = {"pi": np.pi, "e": np.e}
        self._numbers |= dict(zip(statement.constants, box.problem.k.tolist(), strict=False))
        self._definitions = in_order(phase.definitions)
        self._rows = [row.expression for row in phase.boundary_constraints]

    def __call__(self, p: Array) -> Scores:
        """The scores of points `p (n, d)`; what is not finite is worst."""
        box = self._box
        values = self._numbers | dict(zip(box.problem.parameters, p.T, strict=True))
        for name, definition in self._definitions:
            values[name] = evaluate(definition, values, self._tables)
        rows = np.empty((len(p), len(self._rows)))
        for column, expression in enumerate(self._rows):
            rows[:, column] = evaluate(expression, values, self._tables)
        m = len(box.objectives)
        violation = np.sum(outside(rows[:, m:], box.constraint_lower, box.constraint_upper), axis=1)
        bad = ~np.all(np.isfinite(rows), axis=1)
        f = rows[:, :m] * box.signs
        return Scores(np.where(bad[:, None], WORST, f), np.where(bad, WORST, violation))


def in_order(definitions: Mapping[str, Expression]) -> list[tuple[str, Expression]]:
    """Definitions by name, each after those it uses."""
    uses = {name: expression.names & definitions.keys() for name, expression in definitions.items()}
    return [(name, definitions[name]) for name in TopologicalSorter(uses).static_order()]


def outside(g: Array, lower: Array, upper: Array) -> Array:
    """How far constraints `g (n, c)` are violated, relative to 1 + the size of the nearer bound."""
    size = 1.0 + np.minimum(np.abs(lower), np.abs(upper))
    found: Array = np.maximum(np.maximum(lower - g, g - upper), 0.0) / size
    return found
