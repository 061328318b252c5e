"""The numbers of a problem: bounds, end values, times, guesses and `k`, evaluated and checked."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from app.errors import Faults
from app.problems.constants import Constants, Row
from app.problems.evaluation import Array, Number, clip, maximum, middle, minimum, show
from app.problems.expression import Expression
from app.problems.guesses import guesses
from app.problems.scopes import Numbers
from app.problems.statement import Bounds, Constraint, PhaseStatement, Statement
from app.problems.times import Times, phase_times

TOLERANCE = 1e-9  # relative: end values this close outside a bound lie on it


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

    def __init__(self, statement: Statement, faults: Faults, known: Collection[str]) -> None:
        self.statement = statement
        self._constants = Constants(statement, faults, known)
        self._times: list[Times] = []

    def phases(self) -> tuple[PhaseValues, ...]:
        """The numbers of each phase, in order: a free initial time is guessed from the phase before."""
        found: list[PhaseValues] = []
        previous: Number = 0.0
        for phase in self.statement.phases:
            times = phase_times(phase, previous, self._constants)
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
            low, high = self._constants.bounds(parameter.bounds, path)
            center = (
                middle(low, high)
                if parameter.guess is None
                else self._constants.number(parameter.guess, path)
            )
            lower.append(low)
            upper.append(high)
            guess.append(clip(center, low, high))
        boundary = [c for phase in statement.phases for c in phase.boundary_constraints]
        bounds = [self._constraint(c) for c in (*boundary, *statement.boundary_constraints, *statement.links)]
        return WholeValues(
            p_lower=self._constants.stack(lower),
            p_upper=self._constants.stack(upper),
            p_guess=self._constants.stack(guess),
            b_lower=self._constants.stack([low for low, _ in bounds]),
            b_upper=self._constants.stack([high for _, high in bounds]),
            k=self._k(numbers),
        )

    def _k(self, numbers: Numbers) -> Array:
        values: list[Number] = []
        for kind, entry in numbers.entries:
            if kind == "constant":
                values.append(self._constants[str(entry)])
            elif kind == "literal":
                values.append(float(entry))
            else:
                values.append(self._times[int(entry)][kind][0])
        stacked = self._constants.stack(values)
        tables = [column for table in self.statement.tables.values() for column in table]
        if not tables:
            return stacked
        data = np.concatenate(tables)
        return np.concatenate([stacked, np.broadcast_to(data, (*stacked.shape[:-1], len(data)))], axis=-1)

    def _phase(self, phase: PhaseStatement, times: Times) -> PhaseValues:
        prefix = f"{phase.path}." if phase.path else ""
        inside = {}
        for names, kind in ((phase.states, "state_bounds"), (phase.controls, "control_bounds")):
            for name in names:
                bounds = phase.bounds.get(name, (None, None))
                inside[name] = self._constants.bounds(
                    bounds, f"{prefix}{kind}.{name}", Row("a path constraint", Expression((("name", name),)))
                )
        initial = {
            n: self._end(phase.initial.get(n), inside[n], f"{prefix}initial.{n}") for n in phase.states
        }
        final = {n: self._end(phase.final.get(n), inside[n], f"{prefix}final.{n}") for n in phase.states}
        grid, guess = guesses(phase, inside, initial, final, self._constants)
        nominal = {
            name: self._constants.number(value, f"{prefix}nominal.{name}")
            for name, value in phase.nominal.items()
        }
        for name, value in nominal.items():
            if np.any(np.asarray(value) <= 0):
                self._constants.faults.add(
                    f"{prefix}nominal.{name}", "must be positive", show(value), "a typical magnitude"
                )
        path_bounds = [self._constraint(constraint) for constraint in phase.path_constraints]
        return PhaseValues(
            x_lower=self._constants.stack([inside[name][0] for name in phase.states]),
            x_upper=self._constants.stack([inside[name][1] for name in phase.states]),
            u_lower=self._constants.stack([inside[name][0] for name in phase.controls]),
            u_upper=self._constants.stack([inside[name][1] for name in phase.controls]),
            g_lower=self._constants.stack([low for low, _ in path_bounds]),
            g_upper=self._constants.stack([high for _, high in path_bounds]),
            x0_lower=self._constants.stack([initial[name][0] for name in phase.states]),
            x0_upper=self._constants.stack([initial[name][1] for name in phase.states]),
            xf_lower=self._constants.stack([final[name][0] for name in phase.states]),
            xf_upper=self._constants.stack([final[name][1] for name in phase.states]),
            t0=self._constants.stack(list(times["t0"])),
            tf=self._constants.stack(list(times["tf"])),
            guess_s=grid,
            guess_x=self._constants.trajectories([guess[name] for name in phase.states], len(grid)),
            guess_u=self._constants.trajectories([guess[name] for name in phase.controls], len(grid)),
            nominal_x=self._constants.stack([nominal.get(name, math.nan) for name in phase.states]),
            nominal_u=self._constants.stack([nominal.get(name, math.nan) for name in phase.controls]),
            nominal_t=self._constants.stack([nominal.get("t", math.nan)]),
        )

    def _constraint(self, constraint: Constraint) -> tuple[Number, Number]:
        row = Row("the constraint", constraint.expression)
        return self._constants.bounds(constraint.bounds, constraint.path, row)

    def _end(self, bounds: Bounds | None, inside: tuple[Number, Number], path: str) -> tuple[Number, Number]:
        """Bounds of a state at an end: those given, within the state's own."""
        if bounds is None:
            return inside
        low, high = self._constants.bounds(bounds, path)
        below = np.any(np.asarray(high) < np.asarray(inside[0]) - _allowance(inside[0]))
        above = np.any(np.asarray(low) > np.asarray(inside[1]) + _allowance(inside[1]))
        if below or above:
            given = f"[{show(low)}, {show(high)}]" if bounds[0] is not bounds[1] else show(low)
            allowed = f"within [{show(inside[0])}, {show(inside[1])}]"
            self._constants.faults.add(path, "lies outside the bounds of the state", given, allowed)
        if bounds[0] is bounds[1]:
            return low, high
        return maximum(low, inside[0]), minimum(high, inside[1])


def _allowance(bound: Number) -> Number:
    """How far an end value may lie outside `bound` by rounding."""
    return TOLERANCE * (1.0 + np.abs(np.where(np.isfinite(bound), bound, 0.0)))
