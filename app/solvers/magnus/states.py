"""Initial states and targets: by label, as arrays, or gates by name."""

from __future__ import annotations

from typing import Any

import numpy as np

from app.errors import Faults
from app.problems.expression import ExpressionError, suggestion
from app.problems.reader import Reader
from app.solvers.magnus.arrays import FORM, read_array
from app.solvers.magnus.operators import GATES, Register, gate
from app.solvers.magnus.statement import Kind, Target

NORMALISED = 1e-6
"""Deviation of a norm or trace from 1 that is taken for rounding of the input, and mended."""


def read_initial(top: Reader, kind: Kind, register: Register) -> np.ndarray | None:
    """The columns `(n, k)`, or the density matrix `(n, n)` of kind `lindblad`."""
    value, path = top.data.get("initial"), top.at("initial")
    if value is None:
        target = top.data.get("target")
        if kind != "lindblad" and isinstance(target, dict) and "gate" in target:
            return np.eye(register.dimension, dtype=complex)
        top.faults.add(path, "is missing", None, "a state, or 'identity' for the propagator")
        return None
    if value == "identity" and kind != "lindblad":
        return np.eye(register.dimension, dtype=float if kind == "linear" else complex)
    return _state(value, path, top.faults, kind, register)


def read_target(top: Reader, kind: Kind, register: Register) -> Target | None:
    """The target, None where there is none."""
    if top.data.get("target") is None:
        return None
    reader = top.inner("target")
    reader.only(("state", "gate", "subspace"))
    state, wanted = reader.data.get("state"), reader.data.get("gate")
    if (state is None) == (wanted is None):
        top.faults.add(reader.path, "must be a state or a gate", None, '{"state": ...} or {"gate": ...}')
        return None
    if wanted is None:
        if reader.data.get("subspace") is not None:
            top.faults.add(reader.at("subspace"), "belongs to a gate", None, "a target without it")
        columns = _state(state, reader.at("state"), top.faults, kind, register)
        return None if columns is None else Target(columns, None)
    if kind != "schroedinger":
        top.faults.add(reader.at("gate"), f"a problem of kind {kind!r} has no gate", None, '{"state": ...}')
        return None
    if top.data.get("initial") not in (None, "identity"):
        top.faults.add(top.at("initial"), "a gate acts on all basis states", None, "no initial state")
        return None
    return _gate_target(reader, register)


def _gate_target(reader: Reader, register: Register) -> Target | None:
    n = register.dimension
    subspace = reader.data.get("subspace")
    places = list(range(n)) if subspace is None else subspace
    if (
        not isinstance(places, list)
        or not places
        or not all(isinstance(k, int) and not isinstance(k, bool) and 0 <= k < n for k in places)
        or len(set(places)) < len(places)
    ):
        reader.faults.add(
            reader.at("subspace"), "must list basis states", subspace, f"distinct numbers from 0 to {n - 1}"
        )
        return None
    matrix = _gate(reader.data["gate"], reader.at("gate"), reader, register, len(places))
    if matrix is None:
        return None
    basis = np.eye(n, dtype=complex)[:, places]
    return Target(basis @ matrix, basis)


def _gate(value: Any, path: str, reader: Reader, register: Register, size: int) -> np.ndarray | None:
    faults = reader.faults
    if isinstance(value, str):
        matrix = gate(value)
        if matrix is None:
            expression = reader.expression(value, path)
            if expression is None:
                return None
            try:
                matrix = register.operator(expression, {})
            except ExpressionError as error:
                faults.add(path, f"unknown gate: {error.message}", value, suggestion(value, GATES, "gates"))
                return None
    else:
        matrix = read_array(value, path, faults, (None, None))
    if matrix is None:
        return None
    if matrix.shape != (size, size):
        faults.add(path, f"is {matrix.shape[0]} x {matrix.shape[1]}", value, f"{size} x {size}")
        return None
    if np.abs(matrix.conj().T @ matrix - np.eye(size)).max() > NORMALISED:
        faults.add(path, "is not unitary", value, "a matrix whose inverse is its adjoint")
        return None
    return matrix


def _state(value: Any, path: str, faults: Faults, kind: Kind, register: Register) -> np.ndarray | None:
    n = register.dimension
    if kind == "linear":
        array = read_array(value, path, faults, (n,))
        if array is None:
            return None
        if array.imag.any():
            faults.add(path, "must be real", None, f"{n} numbers")
            return None
        return array.real[:, None]
    if isinstance(value, str):
        vector = register.state(value)
        if vector is None:
            example = register.labels()[-1]
            faults.add(
                path, "unknown state", value, f"one level for each subsystem, such as {example!r}; or {FORM}"
            )
            return None
    else:
        if kind == "lindblad" and _is_matrix(value):
            return _density(value, path, faults, n)
        array = read_array(value, path, faults, (n,))
        if array is None:
            return None
        norm = float(np.linalg.norm(array))
        if abs(norm - 1) > NORMALISED:
            faults.add(path, f"has norm {norm:.8g}", value, "a state of norm 1")
            return None
        vector = array / norm
    column = vector[:, None]
    return column @ column.conj().T if kind == "lindblad" else column


def _is_matrix(value: Any) -> bool:
    rows = value.get("re", value.get("im")) if isinstance(value, dict) else value
    return isinstance(rows, list) and bool(rows) and isinstance(rows[0], list)


def _density(value: Any, path: str, faults: Faults, n: int) -> np.ndarray | None:
    rho = read_array(value, path, faults, (n, n))
    if rho is None:
        return None
    trace = complex(np.trace(rho))
    if np.abs(rho - rho.conj().T).max() > NORMALISED:
        faults.add(path, "is not Hermitian", value, "a density matrix")
    elif abs(trace - 1) > NORMALISED:
        faults.add(path, f"has trace {trace.real:.8g}", value, "a density matrix of trace 1")
    elif np.linalg.eigvalsh(rho).min() < -NORMALISED:
        faults.add(path, "has a negative eigenvalue", value, "a density matrix")
    else:
        return np.asarray((rho + rho.conj().T) / 2 / trace.real)
    return None
