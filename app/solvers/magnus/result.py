"""The parts of a result: populations, expectation values, norms, plain data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from app.solvers.magnus.arrays import plain
from app.solvers.magnus.density_matrices import matrices
from app.solvers.magnus.model import infidelity, target_columns
from app.solvers.magnus.statement import Statement


def described(statement: Statement, x: np.ndarray, starts: np.ndarray) -> dict[str, Any]:
    """The path `x` `(n, d, k)` from columns `starts` `(d, k)` in words of the problem.

    `states` holds populations (of `linear`, the states themselves) by label; with several columns, those of
    the first, and `trajectories` has all. `final_state` is the vector, matrix or propagator at the end.
    """
    states = _states(statement, x)
    found: dict[str, Any] = {
        "states": _by_name(statement.labels, states[..., 0]),
        "final_state": plain(_final(statement, x[-1])),
        "norm_error": norm_error(statement, x, starts),
    }
    if x.shape[2] > 1:
        found["trajectories"] = [_by_name(statement.labels, states[..., k]) for k in range(x.shape[2])]
    if statement.observables:
        found["expectations"] = {
            name: _expectation(statement, matrix, x).tolist()
            for name, matrix in statement.observables.items()
        }
    return found


def reached(statement: Statement, final: np.ndarray) -> dict[str, float]:
    """Fidelity and infidelity of `final` `(d, k)`; nothing without a target."""
    ends = target_columns(statement)
    if ends is None or ends[1].shape[1] != final.shape[1]:
        return {}
    value = infidelity(final, ends[1], ends[2])
    return {"infidelity": value, "fidelity": 1 - value}


def norm_error(statement: Statement, x: np.ndarray, starts: np.ndarray) -> float | None:
    """How far norm (or trace) and orthogonality of the columns drift at worst; None where nothing conserves
    them."""
    if statement.kind == "linear":
        return None
    if statement.kind == "lindblad":
        trace = np.sqrt(statement.register.dimension) * x[:, 0, 0]
        return float(np.max(np.abs(trace - 1)))
    products = np.swapaxes(x.conj(), 1, 2) @ x
    return float(np.max(np.abs(products - starts.conj().T @ starts)))


def _states(statement: Statement, x: np.ndarray) -> np.ndarray:
    """Populations or states, `(n, labels, k)`."""
    if statement.kind == "schroedinger":
        return np.asarray(np.abs(x) ** 2)
    if statement.kind == "lindblad":
        rho = matrices(x[:, :, 0])
        return np.asarray(np.einsum("nii->ni", rho).real[:, :, None])
    return np.asarray(x[:, : statement.register.dimension])


def _final(statement: Statement, x: np.ndarray) -> np.ndarray:
    if statement.kind == "lindblad":
        return matrices(x[:, 0])
    kept = x[: statement.register.dimension]
    return np.asarray(kept[:, 0] if kept.shape[1] == 1 else kept)


def _expectation(statement: Statement, operator: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The expectation value over time `(n,)`, from the first column."""
    if statement.kind == "lindblad":
        return np.asarray(np.einsum("nij,ji->n", matrices(x[:, :, 0]), operator).real)
    psi = x[:, :, 0]
    return np.asarray(np.einsum("ni,ij,nj->n", psi.conj(), operator, psi).real)


def _by_name(labels: tuple[str, ...], values: np.ndarray) -> Mapping[str, list[float]]:
    return {label: values[:, index].tolist() for index, label in enumerate(labels)}
