"""A matrix problem as it was stated: matrices evaluated, amplitudes as expressions of `t` and the
constants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from app.problems.evaluation import evaluate
from app.problems.expression import MATHEMATICAL, Expression
from app.solvers.magnus.operators import Register

Kind = Literal["schroedinger", "lindblad", "linear"]


@dataclass(frozen=True)
class Term:
    """`amplitude(t) * matrix`, `matrix` `(n, n)`; the amplitude is real. Of a decay, the rate and the jump
    operator."""

    matrix: np.ndarray
    amplitude: Expression
    path: str


@dataclass(frozen=True)
class ControlTerm:
    """`u(t) * amplitude(t) * matrix` with `lower <= u <= upper`; `guess` `(slices,)` where it is given."""

    name: str
    term: Term
    lower: float
    upper: float
    guess: np.ndarray | None


@dataclass(frozen=True)
class Target:
    """Where the state shall end: columns `(n, k)`; of `lindblad`, a density matrix `(n, n)`.

    `starts` are the columns it belongs to, where they differ from the initial state (gates: the basis
    states).
    """

    columns: np.ndarray
    starts: np.ndarray | None


@dataclass(frozen=True)
class Spread:
    """Values of one uncertain constant, with weights that sum to 1."""

    name: str
    values: np.ndarray
    weights: np.ndarray


@dataclass(frozen=True)
class Statement:
    """The problem: `kind` says which equation the matrices enter.

    - `schroedinger`: `i psi' = H(t) psi`, `H = sum of terms + controls`, Hermitian.
    - `lindblad`: `rho' = -i [H, rho] + sum_k rate_k(t) (C rho C^+ - {C^+ C, rho} / 2)`.
    - `linear`: `x' = A(t) x + b(t)`, real.

    `initial` is `(n, k)`, of `lindblad` a density matrix `(n, n)`. It is a control problem when there are
    `controls`.
    """

    kind: Kind
    register: Register
    labels: tuple[str, ...]
    constants: Mapping[str, float]
    terms: tuple[Term, ...]
    collapse: tuple[Term, ...]
    source: tuple[Expression, ...]
    controls: tuple[ControlTerm, ...]
    initial: np.ndarray
    target: Target | None
    times: np.ndarray
    slices: int
    spreads: tuple[Spread, ...]
    observables: Mapping[str, np.ndarray]
    smoothness: float
    energy: float

    @property
    def whole_propagator(self) -> bool:
        """Whether the initial state is the identity, so that the answer is the propagator itself."""
        return self.kind != "lindblad" and self.initial.shape[1] > 1

    def amplitudes(
        self, expressions: list[Expression], t: np.ndarray, constants: Mapping[str, float]
    ) -> np.ndarray:
        """The value of every expression at every time, `(n, m)`."""
        names: dict[str, float | np.ndarray] = {**MATHEMATICAL, **constants, "t": t}
        columns = [np.broadcast_to(evaluate(expression, names), t.shape) for expression in expressions]
        return np.stack(columns, axis=1) if columns else np.zeros((t.size, 0))
