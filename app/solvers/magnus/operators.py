"""Operators and states by name on a register of subsystems: `0.5*sz1*sz2`, `a + ad`, the state `01`, the
gate `cnot`.

An operator expression has the syntax of every other expression; its names are those below, numbered by
subsystem from 1 where there are several, and `i`, the imaginary unit. `*` is the product of matrices on the
whole register.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from app.problems.expression import MATHEMATICAL, Expression, ExpressionError, suggestion

MAX_POWER = 8

_SINGLE: dict[str, Callable[[int], np.ndarray]] = {
    "id": lambda n: np.eye(n),
    "a": lambda n: np.diag(np.sqrt(np.arange(1, n)), 1),
    "ad": lambda n: np.diag(np.sqrt(np.arange(1, n)), -1),
    "n": lambda n: np.diag(np.arange(n, dtype=float)),
    "jx": lambda n: (_raising(n) + _raising(n).T) / 2,
    "jy": lambda n: (_raising(n) - _raising(n).T) / 2j,
    "jz": lambda n: np.diag((n - 1) / 2 - np.arange(n)),
}
_QUBIT: dict[str, np.ndarray] = {
    "sx": np.array([[0, 1], [1, 0]]),
    "sy": np.array([[0, -1j], [1j, 0]]),
    "sz": np.array([[1, 0], [0, -1]]),
    "sp": np.array([[0, 1], [0, 0]]),
    "sm": np.array([[0, 0], [1, 0]]),
}
_HALF = np.sqrt(0.5)
_GATES: dict[str, np.ndarray] = {
    "identity": np.eye(2),
    "x": np.array([[0, 1], [1, 0]]),
    "y": np.array([[0, -1j], [1j, 0]]),
    "z": np.diag([1, -1]),
    "hadamard": _HALF * np.array([[1, 1], [1, -1]]),
    "s": np.diag([1, 1j]),
    "t": np.diag([1, np.exp(0.25j * np.pi)]),
    "sqrt_x": 0.5 * np.array([[1 + 1j, 1 - 1j], [1 - 1j, 1 + 1j]]),
    "cnot": np.eye(4)[[0, 1, 3, 2]],
    "cz": np.diag([1, 1, 1, -1]),
    "swap": np.eye(4)[[0, 2, 1, 3]],
    "iswap": np.array([[1, 0, 0, 0], [0, 0, 1j, 0], [0, 1j, 0, 0], [0, 0, 0, 1]]),
    "toffoli": np.eye(8)[[0, 1, 2, 3, 4, 5, 7, 6]],
}
GATES = tuple(_GATES)
_NUMBERED = re.compile(r"([a-z]+)([1-9][0-9]?)")


def _raising(n: int) -> np.ndarray:
    """The spin raising operator of `n = 2 j + 1` levels, highest first."""
    m = (n - 1) / 2 - np.arange(1, n)
    j = (n - 1) / 2
    return np.diag(np.sqrt(j * (j + 1) - m * (m + 1)), 1)


@dataclass(frozen=True)
class Register:
    """Subsystems of `dimensions`; the state of the whole is their tensor product, the first counting
    slowest."""

    dimensions: tuple[int, ...]

    @property
    def dimension(self) -> int:
        """The length of a state of the whole."""
        return int(np.prod(self.dimensions))

    def labels(self) -> list[str]:
        """One label for each basis state: its levels, joined by `_` where a level has two digits."""
        levels = [list(map(str, index)) for index in np.ndindex(*self.dimensions)]
        joint = "" if max(self.dimensions) <= 10 else "_"
        return [joint.join(level) for level in levels]

    def names(self) -> set[str]:
        """All names that mean an operator here, and `i`."""
        return set(self._known({}))

    def operator(self, expression: Expression, constants: Mapping[str, float]) -> np.ndarray:
        """The matrix of an expression, complex; ExpressionError names what it does not know."""
        stack: list[np.ndarray | complex] = []
        for operation, argument in expression.code:
            if operation == "number":
                stack.append(complex(float(argument)))
            elif operation == "name":
                stack.append(self._named(str(argument), constants))
            elif operation == "neg":
                stack.append(-stack.pop())
            elif operation == "powi":
                stack.append(_power(stack.pop(), int(argument)))
            elif operation in ("add", "sub", "mul", "div"):
                right = stack.pop()
                stack.append(self._binary(operation, stack.pop(), right))
            else:
                raise ExpressionError(
                    f"{operation!r} of an operator",
                    remedy="sums, products and whole powers; constants for the rest",
                )
        return self._whole(stack.pop())

    def state(self, text: str) -> np.ndarray | None:
        """The product state with one character for each subsystem: its level, or `+` or `-` of two levels."""
        if len(text) != len(self.dimensions):
            return None
        total = np.ones(1, complex)
        for character, n in zip(text, self.dimensions, strict=True):
            if character in "+-" and n == 2:
                one = np.array([_HALF, _HALF if character == "+" else -_HALF], complex)
            elif character.isdecimal() and int(character) < n:
                one = np.eye(n, dtype=complex)[int(character)]
            else:
                return None
            total = np.kron(total, one)
        return total

    def _named(self, name: str, constants: Mapping[str, float]) -> np.ndarray | complex:
        if name in constants:
            return complex(constants[name])
        if name == "i":
            return 1j
        if name in MATHEMATICAL:
            return complex(MATHEMATICAL[name])
        numbered = _NUMBERED.fullmatch(name)
        if len(self.dimensions) == 1 and (name in _SINGLE or name in _QUBIT):
            return self._single(name, 0)
        known = numbered is not None and (numbered[1] in _SINGLE or numbered[1] in _QUBIT)
        if numbered and known and int(numbered[2]) <= len(self.dimensions):
            return self._single(numbered[1], int(numbered[2]) - 1)
        raise ExpressionError(
            f"unknown operator {name!r}", remedy=suggestion(name, self._known(constants), "operators")
        )

    def _known(self, constants: Mapping[str, float]) -> list[str]:
        count = len(self.dimensions)
        suffixes = [""] if count == 1 else [str(k + 1) for k in range(count)]
        usable = [
            name + suffix
            for suffix, n in zip(suffixes, self.dimensions, strict=True)
            for name in (*(_QUBIT if n == 2 else ()), *_SINGLE)
        ]
        return [*usable, "i", *constants]

    def _single(self, name: str, place: int) -> np.ndarray:
        n = self.dimensions[place]
        if name in _QUBIT and n != 2:
            raise ExpressionError(
                f"{name!r} acts on two levels, subsystem {place + 1} has {n}", remedy="jx, jy, jz, a, ad, n"
            )
        own = _QUBIT[name] if name in _QUBIT else _SINGLE[name](n)
        before, after = int(np.prod(self.dimensions[:place])), int(np.prod(self.dimensions[place + 1 :]))
        return np.kron(np.kron(np.eye(before), own), np.eye(after)).astype(complex)

    def _binary(
        self, operation: str, left: np.ndarray | complex, right: np.ndarray | complex
    ) -> np.ndarray | complex:
        both = isinstance(left, np.ndarray) and isinstance(right, np.ndarray)
        if operation == "mul":
            return (
                left @ right
                if isinstance(left, np.ndarray) and isinstance(right, np.ndarray)
                else left * right
            )
        if operation == "div":
            if isinstance(right, np.ndarray):
                raise ExpressionError("division by an operator", remedy="division by a number")
            if right == 0:
                raise ExpressionError("division by zero", remedy="a number other than 0")
            return left / right
        if not both:
            # A number added to an operator stands for that multiple of the identity.
            left, right = (
                (self._whole(part) for part in (left, right)) if _mixed(left, right) else (left, right)
            )
        return left + right if operation == "add" else left - right

    def _whole(self, value: np.ndarray | complex) -> np.ndarray:
        return value if isinstance(value, np.ndarray) else value * np.eye(self.dimension, dtype=complex)


def _mixed(left: np.ndarray | complex, right: np.ndarray | complex) -> bool:
    return isinstance(left, np.ndarray) != isinstance(right, np.ndarray)


def _power(value: np.ndarray | complex, exponent: int) -> np.ndarray | complex:
    if not isinstance(value, np.ndarray):
        if value == 0 and exponent < 0:
            raise ExpressionError("division by zero", remedy="a number other than 0")
        return value**exponent
    if not 0 <= exponent <= MAX_POWER:
        raise ExpressionError(f"power {exponent} of an operator", remedy=f"0 to {MAX_POWER}")
    return np.asarray(np.linalg.matrix_power(value, exponent))


def gate(name: str) -> np.ndarray | None:
    """A gate by name, complex, or None."""
    return _GATES[name].astype(complex) if name in _GATES else None
