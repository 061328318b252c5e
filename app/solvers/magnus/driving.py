"""Reading the controls of a problem: name, operator, bounds, guess."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from app.problems.reader import Reader
from app.solvers.magnus.arrays import read_array
from app.solvers.magnus.scope import Scope
from app.solvers.magnus.statement import ControlTerm

MAX_CONTROLS = 16


def read_controls(scope: Scope, edges: np.ndarray) -> tuple[ControlTerm, ...]:
    """The key `controls`; `edges` `(slices + 1,)` are the times between which they are constant."""
    found: list[ControlTerm] = []
    for value, path in scope.top.items("controls", MAX_CONTROLS):
        control = _control(scope, value, path, edges)
        if control is not None:
            found.append(control)
    names = [control.name for control in found]
    for name in sorted({name for name in names if names.count(name) > 1 or name in scope.constants}):
        scope.faults.add(
            scope.top.at("controls"), f"the name {name!r} is given twice", name, "distinct names"
        )
    return tuple(found)


def _control(scope: Scope, value: Any, path: str, edges: np.ndarray) -> ControlTerm | None:
    reader = scope.top.of(value, path)
    reader.only(("name", "operator", "amplitude", "lower", "upper", "guess"))
    name = reader.data.get("name")
    term = scope.term(reader, "amplitude")
    lower, upper = _bound(scope, reader, "lower", -math.inf), _bound(scope, reader, "upper", math.inf)
    if lower > upper:
        scope.faults.add(reader.at("lower"), "lies above upper", lower, f"at most {upper:g}")
    guess = _guess(scope, reader, edges)
    if not isinstance(name, str):
        scope.faults.add(reader.at("name"), "must be a name", name, "text such as 'u1'")
        return None
    if term is None or not reader.check_name(name, reader.at("name")):
        return None
    return ControlTerm(name, term, lower, upper, guess)


def _bound(scope: Scope, reader: Reader, key: str, none: float) -> float:
    expression = reader.bound(reader.data.get(key), reader.at(key))
    number = None if expression is None else scope.value(expression, reader.at(key))
    return none if number is None else number


def _guess(scope: Scope, reader: Reader, edges: np.ndarray) -> np.ndarray | None:
    """A list with one value for each slice, or an expression of `t` taken at their middles."""
    value, path = reader.data.get("guess"), reader.at("guess")
    if value is None:
        return None
    middles = (edges[1:] + edges[:-1]) / 2
    if isinstance(value, list):
        array = read_array(value, path, scope.faults, (middles.size,))
        return None if array is None else np.asarray(array.real)
    expression = reader.expression(value, path)
    if expression is None or not scope.known(expression, path):
        return None
    values = scope.over_time(expression, middles)
    if not np.all(np.isfinite(values)):
        scope.faults.add(path, "is not finite everywhere", str(expression), "finite from t0 to tf")
        return None
    return values
