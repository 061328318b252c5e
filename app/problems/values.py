"""The numbers of a problem: constants, bounds, end values, times and guesses, evaluated and checked.

A number is a float, or an array with one entry for each row of a sweep; what is stacked from them gets the
rows as leading axis then.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

import numpy as np

from app.errors import Faults
from app.problems.evaluation import Array, Number, evaluate
from app.problems.expression import MATHEMATICAL, Expression, suggestion
from app.problems.scopes import Numbers
from app.problems.statement import Bounds, Constraint, Moment, PhaseStatement, Statement

TOLERANCE = 1e-9  # relative: end values this close outside a bound lie on it
SHORTEST = 1e-6  # of the guessed duration: the least duration of a phase whose end time is free


@dataclass(frozen=True)
class PhaseValues:
    """The numbers of one phase; with a sweep every array has the rows as leading axis, but `guess_s`."""

    x_lower: Array
    x_upper: Array
    u_lower: Array
    u_upper: Array
    g_lower: Array
    g_upper: Array
    x0_lower: Array
    x0_upper: Array
    xf_lower: Array
    xf_upper: Array
    t0: Array  # lower, upper, guess
    tf: Array
    guess_s: Array
    guess_x: Array
    guess_u: Array
    nominal_x: Array
    nominal_u: Array
    nominal_t: Array  # one entry


@dataclass(frozen=True)
class WholeValues:
    """The numbers that belong to no phase."""

    p_lower: Array
    p_upper: Array
    p_guess: Array
    b_lower: Array
    b_upper: Array
    k: Array


class Valuation:
    """Evaluates the numbers of one statement; faults are noted, not raised."""

    def __init__(self, statement: Statement, faults: Faults) -> None:
        self.statement = statement
        self._faults = faults
        self._rows = statement.sweep
        self._constants: dict[str, Number] = dict(MATHEMATICAL)
        self._constants |= self._evaluate_constants()
        self._times: list[dict[str, tuple[Number, Number, Number]]] = []

    def phases(self) -> tuple[PhaseValues, ...]:
        """The numbers of each phase, in order: a free initial time is guessed from the phase before."""
        found: list[PhaseValues] = []
        previous: Number = 0.0
        for phase in self.statement.phases:
            times = self._phase_times(phase, previous)
            self._times.append(times)
            previous = times["tf"][2]
            found.append(self._phase(phase, times))
        return tuple(found)

    def whole(self, numbers: Numbers) -> WholeValues:
        """Parameters, boundary constraints and `k`; to be asked after `phases`."""
        statement = self.statement
        lower, upper, guess = [], [], []
        for name, parameter in statement.parameters.items():
            path = f"parameters.{name}"
            low, high = self._bounds(parameter.bounds, path)
            middle = (
                self._middle(low, high) if parameter.guess is None else self.number(parameter.guess, path)
            )
            lower.append(low)
            upper.append(high)
            guess.append(_clip(middle, low, high))
        boundary = [c for phase in statement.phases for c in phase.boundary_constraints]
        bounds = [self._constraint(c) for c in (*boundary, *statement.boundary_constraints, *statement.links)]
        return WholeValues(
            p_lower=self._stack(lower),
            p_upper=self._stack(upper),
            p_guess=self._stack(guess),
            b_lower=self._stack([low for low, _ in bounds]),
            b_upper=self._stack([high for _, high in bounds]),
            k=self._k(numbers),
        )

    def number(self, expression: Expression, path: str) -> Number:
        """The value of an expression of constants; NaN (and a fault) where it has none."""
        if expression.number is not None:
            return expression.number
        unknown = sorted(expression.names - self._constants.keys())
        if unknown and self._faults.full:
            return math.nan
        if unknown:
            remedy = suggestion(unknown[0], self._constants, "constants")
            if unknown[0] in self.statement.parameters:
                remedy = f"a boundary constraint, such as {{expr: 'x_0-{unknown[0]}', lower: 0, upper: 0}}"
            message = f"{unknown[0]!r} is no constant; a number may use constants only"
            self._faults.add(path, message, expression.source, remedy)
            return math.nan
        if expression.tables:
            self._faults.add(path, "a number cannot use a table", expression.source, "constants only")
            return math.nan
        value = evaluate(expression, self._constants)
        if not np.all(np.isfinite(value)) and all(
            np.all(np.isfinite(self._constants[n])) for n in expression.names
        ):
            self._faults.add(
                path, "has no finite value", expression.source, "no division by zero, log(0) and such"
            )
        return _plain(np.where(np.isfinite(value), value, math.nan))

    def _evaluate_constants(self) -> dict[str, Number]:
        given = self.statement.constants
        uses = {name: {n for row in rows for n in row.names} & given.keys() for name, rows in given.items()}
        try:
            order = list(TopologicalSorter(uses).static_order())
        except CycleError as error:
            cycle: list[str] = error.args[1][::-1]
            self._faults.add(
                f"constants.{cycle[0]}", "the constant uses itself", " -> ".join(cycle), "no circle"
            )
            return dict.fromkeys(given, math.nan)
        for name in order:
            rows, path = given[name], f"constants.{name}"
            if len(rows) == 1 and not (self._rows == 1 and name in uses):
                self._constants[name] = self.number(rows[0], path)
            else:
                values = [self.number(row, f"{path}.{index}") for index, row in enumerate(rows)]
                per_row = [
                    value if np.ndim(value) == 0 else value[i]
                    for i, value in enumerate(map(np.asarray, values))
                ]
                self._constants[name] = np.array(per_row, np.float64)
        return {name: self._constants[name] for name in given}

    def _k(self, numbers: Numbers) -> Array:
        values: list[Number] = []
        for kind, entry in numbers.entries:
            if kind == "constant":
                values.append(self._constants[str(entry)])
            elif kind == "literal":
                values.append(float(entry))
            else:
                values.append(self._times[int(entry)][kind][0])
        stacked = self._stack(values)
        tables = [column for table in self.statement.tables.values() for column in table]
        if not tables:
            return stacked
        data = np.concatenate(tables)
        return np.concatenate([stacked, np.broadcast_to(data, (*stacked.shape[:-1], len(data)))], axis=-1)

    def _phase(self, phase: PhaseStatement, times: dict[str, tuple[Number, Number, Number]]) -> PhaseValues:
        prefix = f"{phase.path}." if phase.path else ""
        inside = {}
        for names, kind in ((phase.states, "state_bounds"), (phase.controls, "control_bounds")):
            for name in names:
                inside[name] = self._bounds(phase.bounds.get(name, (None, None)), f"{prefix}{kind}.{name}")
        initial = {
            n: self._end(phase.initial.get(n), inside[n], f"{prefix}initial.{n}") for n in phase.states
        }
        final = {n: self._end(phase.final.get(n), inside[n], f"{prefix}final.{n}") for n in phase.states}
        grid, guess = self._guess(phase, prefix, inside, initial, final)
        nominal = {
            name: self.number(value, f"{prefix}nominal.{name}") for name, value in phase.nominal.items()
        }
        for name, value in nominal.items():
            if np.any(np.asarray(value) <= 0):
                self._faults.add(
                    f"{prefix}nominal.{name}", "must be positive", _show(value), "a typical magnitude"
                )
        path_bounds = [self._constraint(constraint) for constraint in phase.path_constraints]
        return PhaseValues(
            x_lower=self._stack([inside[name][0] for name in phase.states]),
            x_upper=self._stack([inside[name][1] for name in phase.states]),
            u_lower=self._stack([inside[name][0] for name in phase.controls]),
            u_upper=self._stack([inside[name][1] for name in phase.controls]),
            g_lower=self._stack([low for low, _ in path_bounds]),
            g_upper=self._stack([high for _, high in path_bounds]),
            x0_lower=self._stack([initial[name][0] for name in phase.states]),
            x0_upper=self._stack([initial[name][1] for name in phase.states]),
            xf_lower=self._stack([final[name][0] for name in phase.states]),
            xf_upper=self._stack([final[name][1] for name in phase.states]),
            t0=self._stack(list(times["t0"])),
            tf=self._stack(list(times["tf"])),
            guess_s=grid,
            guess_x=self._trajectories([guess[name] for name in phase.states], len(grid)),
            guess_u=self._trajectories([guess[name] for name in phase.controls], len(grid)),
            nominal_x=self._stack([nominal.get(name, math.nan) for name in phase.states]),
            nominal_u=self._stack([nominal.get(name, math.nan) for name in phase.controls]),
            nominal_t=self._stack([nominal.get("t", math.nan)]),
        )

    def _bounds(self, bounds: Bounds, path: str) -> tuple[Number, Number]:
        low = -math.inf if bounds[0] is None else self.number(bounds[0], path)
        high = low
        if bounds[1] is not bounds[0] or bounds[1] is None:
            high = math.inf if bounds[1] is None else self.number(bounds[1], path)
        if np.any(np.asarray(low) > np.asarray(high)):
            given = f"[{_show(low)}, {_show(high)}]"
            self._faults.add(path, "the lower bound is above the upper bound", given, "lower <= upper")
            return -math.inf, math.inf
        return low, high

    def _constraint(self, constraint: Constraint) -> tuple[Number, Number]:
        return self._bounds(constraint.bounds, constraint.path)

    def _end(self, bounds: Bounds | None, inside: tuple[Number, Number], path: str) -> tuple[Number, Number]:
        """Bounds of a state at an end: those given, within the state's own."""
        if bounds is None:
            return inside
        low, high = self._bounds(bounds, path)
        below = np.any(np.asarray(high) < np.asarray(inside[0]) - _allowance(inside[0]))
        above = np.any(np.asarray(low) > np.asarray(inside[1]) + _allowance(inside[1]))
        if below or above:
            given = f"[{_show(low)}, {_show(high)}]" if bounds[0] is not bounds[1] else _show(low)
            allowed = f"within [{_show(inside[0])}, {_show(inside[1])}]"
            self._faults.add(path, "lies outside the bounds of the state", given, allowed)
        if bounds[0] is bounds[1]:
            return low, high
        return _maximum(low, inside[0]), _minimum(high, inside[1])

    def _phase_times(
        self, phase: PhaseStatement, previous: Number
    ) -> dict[str, tuple[Number, Number, Number]]:
        prefix = f"{phase.path}." if phase.path else ""
        earliest, latest, begin = self._time(phase.t0, f"{prefix}time.t0")
        if not phase.t0.fixed:
            begin = _clip(previous if phase.t0.guess is None else begin, earliest, latest)
        path = f"{prefix}time.tf"
        low, high, guess = self._time(phase.tf, path)
        if np.any(np.asarray(high) <= np.asarray(earliest)):
            given = f"t0 = {_show(earliest)}, tf = {_show(high)}"
            self._faults.add(path, "the phase ends before it begins", given, "tf above t0")
        if not phase.tf.fixed:
            guess = _clip(guess, low, high)
            late = _clip(_duration_guess(low, high, begin), _maximum(low, earliest), high)
            given_well = phase.tf.guess is not None and np.asarray(guess) > np.asarray(begin)
            guess = _plain(np.where(given_well, guess, late))
        if not phase.t0.fixed:  # a start guessed after the end moves before it
            middle = np.where(
                np.isfinite(earliest), 0.5 * (np.asarray(earliest) + guess), np.asarray(guess) - 1.0
            )
            begin = _plain(np.where(np.asarray(begin) < np.asarray(guess), begin, middle))
        if not phase.tf.fixed:
            shortest = np.asarray(earliest) + SHORTEST * (np.asarray(guess) - np.asarray(begin))
            low = _maximum(low, _plain(shortest))
        return {"t0": (earliest, latest, begin), "tf": (low, high, guess)}

    def _time(self, moment: Moment, path: str) -> tuple[Number, Number, Number]:
        low, high = self._bounds((moment.lower, moment.upper), path)
        guess = (
            self._middle(low, high) if moment.guess is None else self.number(moment.guess, f"{path}.guess")
        )
        return low, high, guess

    def _guess(
        self,
        phase: PhaseStatement,
        prefix: str,
        inside: dict[str, tuple[Number, Number]],
        initial: dict[str, tuple[Number, Number]],
        final: dict[str, tuple[Number, Number]],
    ) -> tuple[Array, dict[str, list[Number]]]:
        """The common grid of all guesses and each guess on it (a list of numbers, one a grid point)."""
        points: dict[str, list[Number]] = {}
        for name in (*phase.states, *phase.controls):
            if name in phase.guess:
                path = f"{prefix}guess.{name}"
                points[name] = [self.number(value, path) for value in phase.guess[name]]
                continue
            low, high = inside[name]
            ends = [
                self._middle(*bounds[name])
                for given, bounds in ((phase.initial, initial), (phase.final, final))
                if name in given and all(np.all(np.isfinite(bound)) for bound in bounds[name])
            ]
            points[name] = ends or [self._middle(low, high)]
        grid = np.unique(
            np.concatenate([np.linspace(0.0, 1.0, max(len(p), 2)) for p in points.values()]).round(12)
        )
        return grid, {name: _on_grid(grid, values) for name, values in points.items()}

    def _middle(self, low: Number, high: Number) -> Number:
        """The middle of finite bounds, else zero moved within them."""
        with np.errstate(invalid="ignore"):
            middle = 0.5 * (np.asarray(low) + np.asarray(high))
        return _plain(np.where(np.isfinite(middle), middle, np.clip(0.0, low, high)))

    def _stack(self, values: Sequence[Number]) -> Array:
        """`(n,)`, or `(rows, n)` in a sweep."""
        if not self._rows:
            return np.array(values, np.float64)
        columns = [np.broadcast_to(np.asarray(value, np.float64), (self._rows,)) for value in values]
        return np.stack(columns, axis=-1) if columns else np.zeros((self._rows, 0))

    def _trajectories(self, values: list[list[Number]], points: int) -> Array:
        """`(points, n)`, or `(rows, points, n)` in a sweep."""
        if not values:
            return np.zeros((*([self._rows] if self._rows else []), points, 0))
        return np.stack([self._stack(trajectory) for trajectory in values], axis=-1)


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


def _duration_guess(low: Number, high: Number, start: Number) -> Number:
    """A guess of a free final time: the geometric mean of shortest and longest duration, where bounded."""
    shortest = np.maximum(np.asarray(low) - np.asarray(start), 0.0)
    longest = np.maximum(np.asarray(high) - np.asarray(start), 0.0)
    with np.errstate(invalid="ignore"):
        bounded = np.sqrt(np.maximum(shortest, 1e-2 * longest) * longest)
    return _plain(
        np.asarray(start) + np.where(np.isfinite(longest), bounded, np.maximum(1.0, 2.0 * shortest))
    )


def _allowance(bound: Number) -> Number:
    """How far an end value may lie outside `bound` by rounding."""
    return TOLERANCE * (1.0 + np.abs(np.where(np.isfinite(bound), bound, 0.0)))


def _clip(value: Number, low: Number, high: Number) -> Number:
    return _plain(np.clip(value, low, high))


def _maximum(first: Number, second: Number) -> Number:
    return _plain(np.maximum(first, second))


def _minimum(first: Number, second: Number) -> Number:
    return _plain(np.minimum(first, second))


def _plain(value: Array | np.float64) -> Number:
    """Arrays without axes as floats."""
    return value if isinstance(value, np.ndarray) and value.ndim else float(value)


def _show(value: Number) -> str:
    """A number for a message; the first row of a sweep."""
    first = np.asarray(value).ravel()[0]
    return "null" if np.isinf(first) else f"{first:.6g}"
