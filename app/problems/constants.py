"""Constants, and every number made of them: a float, or an array over the rows of a sweep."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

import numpy as np

from app.errors import Faults, shorten
from app.problems.evaluation import Array, Number, evaluate, plain, show
from app.problems.expression import MATHEMATICAL, Expression, suggestion
from app.problems.statement import Bounds, Statement


@dataclass(frozen=True)
class Row:
    """The constraint (as `kind` calls it) that bounds `expression`: it may use what a bound may not."""

    kind: str
    expression: Expression

    def instead_of(self, bound: Expression, side: str) -> str:
        """The remedy for a `bound` that is no number: the difference to it, bounded by zero."""
        difference = Expression((*self.expression.code, *bound.code, ("sub", 2)))
        return f'{self.kind} {{"expr": "{shorten(str(difference))}", "{side}": 0}}'


class Constants:
    """Evaluates the numbers of one statement; faults are noted, not raised.

    `known` are the names that mean something somewhere in the problem.
    """

    def __init__(self, statement: Statement, faults: Faults, known: Collection[str]) -> None:
        self.faults = faults
        self._known = known
        self._statement = statement
        self._rows = statement.sweep
        self._values: dict[str, Number] = dict(MATHEMATICAL)
        self._values |= self._evaluate()

    def __getitem__(self, name: str) -> Number:
        return self._values[name]

    def number(
        self, expression: Expression, path: str, row: Row | None = None, side: str = "lower"
    ) -> Number:
        """The value of an expression of constants; NaN (and a fault) where it has none.

        Of a bound on this `side`, `row` is the constraint that could state it.
        """
        if expression.number is not None:
            return expression.number
        unknown = sorted(expression.names - self._values.keys())
        if unknown and self.faults.full:
            return math.nan
        if unknown:
            remedy = suggestion(unknown[0], self._values, "constants")
            if row is not None and unknown[0] in self._known:
                remedy = row.instead_of(expression, side)
            elif unknown[0] in self._statement.parameters:
                remedy = f"a boundary constraint, such as {{expr: 'x_0-{unknown[0]}', lower: 0, upper: 0}}"
            message = f"{unknown[0]!r} is no constant; a number may use constants only"
            self.faults.add(path, message, expression.source, remedy)
            return math.nan
        if expression.tables:
            self.faults.add(path, "a number cannot use a table", expression.source, "constants only")
            return math.nan
        value = evaluate(expression, self._values)
        if not np.all(np.isfinite(value)) and all(
            np.all(np.isfinite(self._values[n])) for n in expression.names
        ):
            self.faults.add(
                path, "has no finite value", expression.source, "no division by zero, log(0) and such"
            )
        return plain(np.where(np.isfinite(value), value, math.nan))

    def bounds(self, bounds: Bounds, path: str, row: Row | None = None) -> tuple[Number, Number]:
        """Lower and upper bound, infinite where there is none; `row`: the constraint that could state them."""
        low = -math.inf if bounds[0] is None else self.number(bounds[0], path, row)
        high = low
        if bounds[1] is not bounds[0] or bounds[1] is None:
            high = math.inf if bounds[1] is None else self.number(bounds[1], path, row, "upper")
        if np.any(np.asarray(low) > np.asarray(high)):
            given = f"[{show(low)}, {show(high)}]"
            self.faults.add(path, "the lower bound is above the upper bound", given, "lower <= upper")
            return -math.inf, math.inf
        return low, high

    def stack(self, values: Sequence[Number]) -> Array:
        """`(n,)`, or `(rows, n)` in a sweep."""
        if not self._rows:
            return np.array(values, np.float64)
        columns = [np.broadcast_to(np.asarray(value, np.float64), (self._rows,)) for value in values]
        return np.stack(columns, axis=-1) if columns else np.zeros((self._rows, 0))

    def trajectories(self, values: list[list[Number]], points: int) -> Array:
        """`(points, n)`, or `(rows, points, n)` in a sweep."""
        if not values:
            return np.zeros((*([self._rows] if self._rows else []), points, 0))
        return np.stack([self.stack(trajectory) for trajectory in values], axis=-1)

    def _evaluate(self) -> dict[str, Number]:
        given = self._statement.constants
        uses = {name: {n for row in rows for n in row.names} & given.keys() for name, rows in given.items()}
        try:
            order = list(TopologicalSorter(uses).static_order())
        except CycleError as error:
            cycle: list[str] = error.args[1][::-1]
            self.faults.add(
                f"constants.{cycle[0]}", "the constant uses itself", " -> ".join(cycle), "no circle"
            )
            return dict.fromkeys(given, math.nan)
        for name in order:
            rows, path = given[name], f"constants.{name}"
            if len(rows) == 1 and not (self._rows == 1 and name in uses):
                self._values[name] = self.number(rows[0], path)
            else:
                values = [self.number(row, f"{path}.{index}") for index, row in enumerate(rows)]
                per_row = [
                    value if np.ndim(value) == 0 else value[i]
                    for i, value in enumerate(map(np.asarray, values))
                ]
                self._values[name] = np.array(per_row, np.float64)
        return {name: self._values[name] for name in given}
