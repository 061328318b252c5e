"""From a statement to numbers: the linear system behind each kind of equation, and its control problem."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from app.problems.evaluation import evaluate
from app.problems.expression import MATHEMATICAL, Expression, constant
from app.solvers.magnus.control import ControlProblem, Ensemble, Measure
from app.solvers.magnus.density_matrices import coordinates, decay_generator, hamiltonian_generator
from app.solvers.magnus.spread import combinations
from app.solvers.magnus.statement import Statement
from app.solvers.magnus.system import LinearSystem

PURE = 1e-9
"""Deviation of the purity from 1 that is taken for rounding."""


def linear_system(statement: Statement, constants: Mapping[str, float] | None = None) -> LinearSystem:
    """`x' = A(t) x` of a statement: first terms, decays and source, then controls with `u = 1`.

    `constants` replace those of the statement. Of `lindblad`, `x` holds real coordinates of the density
    matrix; with a source, a last entry 1 is added to `x` so that the system is homogeneous.
    """
    values = {**statement.constants, **(constants or {})}
    parts = [(_generator(statement, term.matrix), term.amplitude) for term in statement.terms]
    parts += [(decay_generator(term.matrix), term.amplitude) for term in statement.collapse]
    if statement.source:
        n = statement.register.dimension
        parts = [(np.pad(matrix, (0, 1)), amplitude) for matrix, amplitude in parts]
        parts += [(_unit(n + 1, row, n), amplitude) for row, amplitude in enumerate(statement.source)]
    parts += [
        (_generator(statement, control.term.matrix), control.term.amplitude) for control in statement.controls
    ]
    if not statement.controls:
        parts = _constants_joined(parts, values)
    amplitudes = [amplitude for _, amplitude in parts]
    return LinearSystem(
        np.stack([matrix for matrix, _ in parts]),
        lambda t: statement.amplitudes(amplitudes, t, values),
        skew=statement.kind == "schroedinger",
    )


def _constants_joined(
    parts: list[tuple[np.ndarray, Expression]], values: Mapping[str, float]
) -> list[tuple[np.ndarray, Expression]]:
    """The same sum, all that does not change in time as one matrix: fewer matrices are combined at every
    step."""
    still = [part for part in parts if "t" not in part[1].names]
    numbers = [float(evaluate(amplitude, {**MATHEMATICAL, **values})) for _, amplitude in still]
    if not still or not np.all(np.isfinite(numbers)):
        return parts
    whole = sum(number * matrix for number, (matrix, _) in zip(numbers, still, strict=True))
    return [(np.asarray(whole), constant(1.0)), *(part for part in parts if "t" in part[1].names)]


def initial_columns(statement: Statement) -> np.ndarray:
    """The initial value of `x`, `(d, k)`."""
    if statement.kind == "lindblad":
        return coordinates(statement.initial)[:, None]
    if statement.source:
        k = statement.initial.shape[1]
        last = np.ones((1, 1)) if k == 1 else np.zeros((1, k))
        return np.concatenate([statement.initial, last])
    return statement.initial


def target_columns(statement: Statement) -> tuple[np.ndarray, np.ndarray, Measure] | None:
    """Start and end columns that a target joins, `(d, k)` each, and how far off is measured; None without a
    target."""
    target = statement.target
    if target is None:
        return None
    if statement.kind == "lindblad":
        end = coordinates(target.columns)[:, None]
        pure = abs(float(np.sum(end**2)) - 1) < PURE
        return initial_columns(statement), end, "overlap" if pure else "distance"
    start = statement.initial if target.starts is None else target.starts
    return start, target.columns, "distance" if statement.kind == "linear" else "phase_insensitive"


def infidelity(final: np.ndarray, target: np.ndarray, measure: Measure) -> float:
    """How far columns `final` `(d, k)` are from `target` `(d, k)`; see `Measure`."""
    if measure == "distance":
        return float(np.sum(np.abs(final - target) ** 2) / 2)
    overlap = complex(np.sum(target.conj() * final)) / target.shape[1]
    return float(1 - overlap.real) if measure == "overlap" else float(1 - abs(overlap) ** 2)


def control_problem(statement: Statement) -> ControlProblem:
    """The control problem of a statement that has controls and a target."""
    ends = target_columns(statement)
    if ends is None:
        raise ValueError("a control problem has a target")
    start, target, measure = ends
    combined = combinations(statement.spreads)
    nominal = linear_system(statement)
    ensemble = Ensemble(
        members=tuple(linear_system(statement, values) for values, _ in combined)
        if statement.spreads
        else (nominal,),
        weights=np.array([weight for _, weight in combined]),
        labels=tuple(values for values, _ in combined),
    )
    controls = statement.controls
    edges = np.linspace(statement.times[0], statement.times[-1], statement.slices + 1)
    return ControlProblem(
        ensemble=ensemble,
        nominal=nominal,
        drifts=nominal.basis.shape[0] - len(controls),
        names=tuple(control.name for control in controls),
        initial=start,
        target=target,
        measure=measure,
        edges=edges,
        lower=np.array([control.lower for control in controls]),
        upper=np.array([control.upper for control in controls]),
        guess=_guess(statement),
        smoothness=statement.smoothness,
        energy=statement.energy,
    )


def _generator(statement: Statement, matrix: np.ndarray) -> np.ndarray:
    """What a matrix of the statement adds to `A`."""
    if statement.kind == "schroedinger":
        return -1j * matrix
    return hamiltonian_generator(matrix) if statement.kind == "lindblad" else matrix


def _unit(n: int, row: int, column: int) -> np.ndarray:
    matrix = np.zeros((n, n))
    matrix[row, column] = 1.0
    return matrix


def _guess(statement: Statement) -> np.ndarray | None:
    """The guess of all controls `(slices, controls)`; None where none has one. Controls without a guess
    start at 0."""
    guesses = [control.guess for control in statement.controls]
    if all(guess is None for guess in guesses):
        return None
    columns = [np.zeros(statement.slices) if guess is None else guess for guess in guesses]
    bounds = [(control.lower, control.upper) for control in statement.controls]
    clipped = [np.clip(column, low, high) for column, (low, high) in zip(columns, bounds, strict=True)]
    return np.stack(clipped, axis=1)
