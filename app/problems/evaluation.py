"""The value of an expression with numpy: what numbers, bounds and guesses need before any solver runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
import numpy.typing as npt

from app.problems.expression import Expression

Array = npt.NDArray[np.float64]
Number = float | Array
"""A value, or an array of values that broadcast (the rows of a sweep)."""

_NUMPY: dict[str, Callable[..., Any]] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "pow": np.power,
    "neg": np.negative,
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
    "atan2": np.arctan2,
    **{
        name: getattr(np, name)
        for name in ("sin", "cos", "tan", "exp", "log", "sqrt", "tanh", "sinh", "cosh", "abs")
    },
}


@dataclass(frozen=True, slots=True)
class Step:
    """One operation of an evaluation: its value, and the part `code[start:end]` that it stands for."""

    value: Any
    start: int
    end: int


def evaluate(
    expression: Expression,
    values: Mapping[str, Number],
    tables: Mapping[str, tuple[Array, Array]] | None = None,
) -> Number:
    """The value; not finite where it is undefined (1/0, log(-1)). KeyError for a name without a value.

    `tables` gives `(places, values)` of each table: linear in between, constant outside.
    """
    if expression.number is not None:
        return expression.number
    stack: list[Any] = []
    with np.errstate(all="ignore"):
        for operation, argument in expression.code:
            if operation == "number":
                stack.append(np.float64(argument))
            elif operation == "name":
                stack.append(np.asarray(values[str(argument)], np.float64)[()])
            else:
                count = 1 if operation in ("powi", "table") else int(argument)
                operands = stack[-count:]
                del stack[-count:]
                stack.append(_apply(operation, argument, operands, tables or {}))
    return stack[0] if isinstance(stack[0], np.ndarray) else float(stack[0])


def steps(
    expression: Expression, values: Mapping[str, Number], tables: Mapping[str, tuple[Array, Array]]
) -> Iterator[Step]:
    """Every operation of `evaluate` in order; the last is the whole. For finding the part at fault."""
    stack: list[Step] = []
    for index, (operation, argument) in enumerate(expression.code):
        start = index
        if operation == "number":
            value: Any = np.float64(argument)
        elif operation == "name":
            value = np.asarray(values[str(argument)], np.float64)[()]
        else:
            count = 1 if operation in ("powi", "table") else int(argument)
            operands = stack[-count:]
            del stack[-count:]
            start = operands[0].start
            with np.errstate(all="ignore"):
                value = _apply(operation, argument, [operand.value for operand in operands], tables)
        stack.append(Step(value, start, index + 1))
        yield stack[-1]


def _apply(
    operation: str, argument: float | str, operands: list[Any], tables: Mapping[str, tuple[Array, Array]]
) -> Any:
    if operation == "powi":
        return np.power(operands[0], float(argument))
    if operation == "table":
        return np.interp(operands[0], *tables[str(argument)])
    if operation in ("max", "min"):
        return reduce(np.maximum if operation == "max" else np.minimum, operands)
    return _NUMPY[operation](*operands)


def clip(value: Number, low: Number, high: Number) -> Number:
    """`value` moved within bounds."""
    return plain(np.clip(value, low, high))


def maximum(first: Number, second: Number) -> Number:
    """The larger, row by row."""
    return plain(np.maximum(first, second))


def minimum(first: Number, second: Number) -> Number:
    """The smaller, row by row."""
    return plain(np.minimum(first, second))


def plain(value: Array | np.float64) -> Number:
    """Arrays without axes as floats."""
    return value if isinstance(value, np.ndarray) and value.ndim else float(value)


def show(value: Number) -> str:
    """A number for a message; the first row of a sweep."""
    first = np.asarray(value).ravel()[0]
    return "null" if np.isinf(first) else f"{first:.6g}"


def middle(low: Number, high: Number) -> Number:
    """The middle of finite bounds, else zero moved within them."""
    with np.errstate(invalid="ignore"):
        center = 0.5 * (np.asarray(low) + np.asarray(high))
    return plain(np.where(np.isfinite(center), center, np.clip(0.0, low, high)))
