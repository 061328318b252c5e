"""What expressions and matrices of a problem may refer to: the register, the constants, time."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from app.problems.evaluation import evaluate
from app.problems.expression import MATHEMATICAL, Expression, ExpressionError, constant, suggestion
from app.problems.reader import Reader
from app.solvers.magnus.arrays import read_array
from app.solvers.magnus.operators import Register
from app.solvers.magnus.statement import Kind, Term

HERMITIAN = 1e-10
"""Deviation from Hermitian, relative to the largest entry, that is taken for rounding of the input."""

MAX_TERMS = 64

ONE = constant(1.0)


class Scope:
    """Reads expressions, matrices and terms of one problem; faults go to those of `top`."""

    def __init__(self, top: Reader, kind: Kind, register: Register) -> None:
        self.top, self.kind, self.register, self.faults = top, kind, register, top.faults
        self.constants: dict[str, float] = {}
        taken = register.names()
        reader = top.inner("constants")
        for name, value in reader.data.items():
            path = reader.at(name)
            if not reader.check_name(name, path):
                continue
            if name in taken:
                self.faults.add(path, f"{name!r} is an operator", name, "another name")
                continue
            expression = reader.expression(value, path)
            number = None if expression is None else self.value(expression, path)
            self.constants[name] = 0.0 if number is None else number

    def known(self, expression: Expression, path: str, *, time: bool = True) -> bool:
        """Whether every name of `expression` has a meaning; notes those that have none."""
        names = {*MATHEMATICAL, *self.constants, *(("t",) if time else ())}
        unknown = sorted(expression.names - names) + sorted(expression.tables)
        for name in unknown:
            self.faults.add(path, f"unknown name {name!r}", str(expression), suggestion(name, sorted(names)))
        return not unknown

    def value(self, expression: Expression, path: str) -> float | None:
        """The value of an expression of the constants read so far."""
        if not self.known(expression, path, time=False):
            return None
        number = float(evaluate(expression, {**MATHEMATICAL, **self.constants}))
        if not math.isfinite(number):
            self.faults.add(path, "is not finite", str(expression), "a finite number")
            return None
        return number

    def over_time(self, expression: Expression, t: np.ndarray) -> np.ndarray:
        """The values of a known expression at times `t` `(n,)`; not finite where it is undefined."""
        names: dict[str, float | np.ndarray] = {**MATHEMATICAL, **self.constants, "t": t}
        return np.array(np.broadcast_to(evaluate(expression, names), t.shape))

    def terms(self, key: str, factor: str, *, hermitian: bool = True) -> tuple[Term, ...]:
        """The list under `key`, of objects `{operator, <factor>}`."""
        found: list[Term] = []
        for value, path in self.top.items(key, MAX_TERMS):
            reader = self.top.of(value, path)
            reader.only(("operator", factor))
            term = self.term(reader, factor, hermitian=hermitian)
            if term is not None:
                found.append(term)
        return tuple(found)

    def term(self, reader: Reader, factor: str, *, hermitian: bool = True) -> Term | None:
        """One matrix with its factor, 1 where it is not given."""
        amplitude = ONE if reader.data.get(factor) is None else reader.optional(factor)
        if amplitude is None or not self.known(amplitude, reader.at(factor)):
            return None
        if reader.data.get("operator") is None:
            self.faults.add(
                reader.at("operator"), "is missing", None, "an operator such as 'sx', or a matrix"
            )
            return None
        matrix = self.matrix(reader.data["operator"], reader.at("operator"), hermitian=hermitian)
        return None if matrix is None else Term(matrix, amplitude, reader.at(factor))

    def matrix(self, value: Any, path: str, *, hermitian: bool = True) -> np.ndarray | None:
        """An operator by expression or array, `(n, n)`; real for `linear`, else Hermitian where asked."""
        n = self.register.dimension
        if isinstance(value, str):
            matrix = self._operator(value, path)
        else:
            matrix = read_array(value, path, self.faults, (n, n))
        if matrix is None:
            return None
        if self.kind == "linear":
            if matrix.imag.any():
                self.faults.add(path, "must be real", None, "a real matrix; kind 'schroedinger' is complex")
                return None
            return np.asarray(matrix.real)
        if not hermitian:
            return matrix
        asymmetry = float(np.abs(matrix - matrix.conj().T).max())
        if asymmetry > HERMITIAN * max(1.0, float(np.abs(matrix).max())):
            message = f"is not Hermitian (entries differ by {asymmetry:.2g})"
            self.faults.add(path, message, value, "an operator equal to its adjoint")
            return None
        return np.asarray((matrix + matrix.conj().T) / 2)

    def _operator(self, text: str, path: str) -> np.ndarray | None:
        expression = self.top.expression(text, path)
        if expression is None:
            return None
        uncertain = sorted(expression.names & set(self.top.inner("spread").data))
        if uncertain:
            remedy = f"{uncertain[0]!r} in the amplitude, not in the operator"
            self.faults.add(path, f"{uncertain[0]!r} has a spread", text, remedy)
            return None
        try:
            return self.register.operator(expression, self.constants)
        except ExpressionError as error:
            self.faults.add(path, error.message, text, error.remedy)
            return None
