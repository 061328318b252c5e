"""Short ways to state common problems, each written out as ocp/1: chains of integrators, linear-quadratic."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from app.errors import Faults
from app.problems.expression import format_number, suggestion
from app.problems.statement import MAX_CONTROLS, MAX_STATES

CHAIN_KEYS = ("n_states", "n_controls", "t0", "tf", "initial_state", "target_state")
MATRIX_KEYS = ("A", "B", "Q", "R", "Qf", "x0", "xf", "t0", "tf")

Matrix = list[list[float]]


def integrator_chain(form: Mapping[str, Any]) -> dict[str, Any]:
    """Minimum-energy transfer of chains of integrators: `x1' = x2, ..., xn' = u`, cost the integral of `u^2`.

    With several controls the states are split into that many chains, as evenly as possible, the longer
    first. Keys: CHAIN_KEYS; `target_state` may hold null for a free end, or be absent. InvalidInput names the
    key at fault.
    """
    faults = Faults()
    _only(form, CHAIN_KEYS, faults)
    n = _count(form, "n_states", MAX_STATES, faults)
    m = _count(form, "n_controls", MAX_CONTROLS, faults)
    if n is not None and m is not None and m > n:
        faults.add("n_controls", "more controls than states", m, f"at most {n}")
    t0, tf = _time(form, "t0", 0.0, faults), _time(form, "tf", None, faults)
    initial = _vector(form, "initial_state", n, faults)
    target = (
        _vector(form, "target_state", n, faults, free=True) if form.get("target_state") is not None else None
    )
    faults.check()
    if n is None or m is None:
        raise AssertionError("counts are checked above")
    states = [f"x{i + 1}" for i in range(n)]
    controls = ["u"] if m == 1 else [f"u{i + 1}" for i in range(m)]
    dynamics: dict[str, str] = {}
    first = 0
    for index, control in enumerate(controls):
        length = n // m + (1 if index < n % m else 0)
        chain = states[first : first + length]
        dynamics |= dict(zip(chain, [*chain[1:], control], strict=True))
        first += length
    return {
        "states": states,
        "controls": controls,
        "time": {"t0": t0, "tf": tf},
        "dynamics": dynamics,
        "running_cost": "+".join(f"{control}^2" for control in controls),
        "initial": dict(zip(states, initial, strict=True)),
        "final": {s: v for s, v in zip(states, target or [None] * n, strict=True) if v is not None},
    }


def linear_quadratic(matrices: Mapping[str, Any]) -> dict[str, Any]:
    """`x' = A x + B u`, cost the integral of `x'Qx + u'Ru` plus `x_f'Qf x_f`; states x1.., controls u1...

    `x0` is the initial state, `xf` (or null entries in it) the final one where it is fixed. InvalidInput
    names the matrix at fault.
    """
    faults = Faults()
    _only(matrices, MATRIX_KEYS, faults)
    A = _matrix(matrices, "A", None, None, faults)
    n = len(A) if A else None
    if n is not None and n > MAX_STATES:
        faults.add("A", f"has {n} rows", None, f"at most {MAX_STATES} states")
    if A is not None and n is not None and len(A[0]) != n:
        faults.add("A", f"is {n} x {len(A[0])}", None, "a square matrix")
    B = _matrix(matrices, "B", n, None, faults)
    m = len(B[0]) if B else None
    if m is not None and m > MAX_CONTROLS:
        faults.add("B", f"has {m} columns", None, f"at most {MAX_CONTROLS} controls")
    Q, R = _matrix(matrices, "Q", n, n, faults), _matrix(matrices, "R", m, m, faults)
    Qf = _matrix(matrices, "Qf", n, n, faults) if matrices.get("Qf") is not None else None
    x0 = _vector(matrices, "x0", n, faults)
    xf = _vector(matrices, "xf", n, faults, free=True) if matrices.get("xf") is not None else None
    t0, tf = _time(matrices, "t0", 0.0, faults), _time(matrices, "tf", None, faults)
    faults.check()
    if A is None or B is None or Q is None or R is None:
        raise AssertionError("matrices are checked above")
    states = [f"x{i + 1}" for i in range(len(A))]
    controls = [f"u{i + 1}" for i in range(len(B[0]))]
    weights = {f"weight_{name}": terms for name, terms in zip(states, _quadratic(Q, states), strict=True)}
    weights |= {
        f"weight_{name}": terms for name, terms in zip(controls, _quadratic(R, controls), strict=True)
    }
    definitions = {name: _sum(terms) for name, terms in weights.items() if terms}
    problem: dict[str, Any] = {
        "states": states,
        "controls": controls,
        "time": {"t0": t0, "tf": tf},
        "dynamics": {
            state: _sum([*_linear(A[i], states), *_linear(B[i], controls)]) for i, state in enumerate(states)
        },
        "definitions": definitions,
        "running_cost": _sum(list(definitions)),
        "initial": dict(zip(states, x0, strict=True)),
        "final": {s: v for s, v in zip(states, xf or [None] * len(states), strict=True) if v is not None},
    }
    if Qf is not None:
        rows = _quadratic(Qf, [f"{state}_f" for state in states])
        final = {
            f"final_weight_{state}": _sum(terms) for state, terms in zip(states, rows, strict=True) if terms
        }
        problem["definitions"] = definitions | final
        problem["terminal_cost"] = _sum(list(final))
    return problem


def _sum(terms: list[str]) -> str:
    return "+".join(terms) or "0"


def _linear(row: list[float], names: list[str]) -> list[str]:
    return [f"({format_number(a)})*{name}" for a, name in zip(row, names, strict=True) if a != 0.0]


def _quadratic(matrix: Matrix, names: list[str]) -> list[list[str]]:
    """The terms of the symmetric part, row by row, each product once."""
    rows = []
    for i, first in enumerate(names):
        terms: list[str] = []
        if matrix[i][i] != 0.0:
            terms.append(f"({format_number(matrix[i][i])})*{first}^2")
        for j in range(i + 1, len(names)):
            both = matrix[i][j] + matrix[j][i]
            if both != 0.0:
                terms.append(f"({format_number(both)})*{first}*{names[j]}")
        rows.append(terms)
    return rows


def _only(form: Mapping[str, Any], keys: tuple[str, ...], faults: Faults) -> None:
    for key in form:
        if key not in keys:
            faults.add(str(key)[:64], "unknown key", key, suggestion(str(key), keys, "keys"))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= 1e100


def _count(form: Mapping[str, Any], key: str, most: int, faults: Faults) -> int | None:
    value = form.get(key)
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= most:
        return value
    faults.add(key, "must be a whole number", value, f"1 to {most}")
    return None


def _time(form: Mapping[str, Any], key: str, default: float | None, faults: Faults) -> Any:
    """A time as ocp/1 takes it: a number, an expression or {free, lower, upper, guess}."""
    value = form.get(key, default)
    if value is None:
        faults.add(key, "the time is not given", value, "a number")
    return value


def _vector(
    form: Mapping[str, Any], key: str, length: int | None, faults: Faults, *, free: bool = False
) -> list[Any]:
    value = form.get(key)
    if not isinstance(value, list):
        faults.add(key, "must be a list of numbers", value, f"{length or 'one'} numbers")
        return []
    if length is not None and len(value) != length:
        faults.add(key, f"has {len(value)} entries", None, f"{length}, one for each state")
        return []
    for index, entry in enumerate(value):
        if not _is_number(entry) and not (free and entry is None):
            faults.add(
                f"{key}.{index}", "must be a finite number", entry, "a number" + (" or null" if free else "")
            )
    return value


def _matrix(
    form: Mapping[str, Any], key: str, rows: int | None, columns: int | None, faults: Faults
) -> Matrix | None:
    """A list of equally long rows; where sizes are known, of that shape."""
    value = form.get(key)
    if not isinstance(value, list) or not value or not all(isinstance(row, list) and row for row in value):
        faults.add(key, "must be a matrix", value, "a list of rows, each a list of numbers")
        return None
    width = len(value[0])
    if any(len(row) != width for row in value):
        faults.add(key, "has rows of different lengths", value, "a list of equally long rows")
        return None
    if (rows is not None and len(value) != rows) or (columns is not None and width != columns):
        wanted = f"{rows or len(value)} x {columns or width}"
        faults.add(key, f"is {len(value)} x {width}", None, wanted)
        return None
    for i, row in enumerate(value):
        for j, entry in enumerate(row):
            if not _is_number(entry) or math.isnan(entry):
                faults.add(f"{key}.{i}.{j}", "must be a finite number", entry, "a number")
                return None
    return [[float(entry) for entry in row] for row in value]
