"""The value of an expression with numpy: what numbers, bounds and guesses need before any solver runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
            elif operation == "powi":
                stack.append(np.power(stack.pop(), float(argument)))
            elif operation == "table":
                places, data = (tables or {})[str(argument)]
                stack.append(np.interp(stack.pop(), places, data))
            else:
                operands = stack[-int(argument) :]
                del stack[-int(argument) :]
                stack.append(_apply(operation, operands))
    value = stack[0]
    return value if isinstance(value, np.ndarray) else float(value)


def _apply(operation: str, operands: list[Any]) -> Any:
    if operation in ("max", "min"):
        pick = np.maximum if operation == "max" else np.minimum
        value = operands[0]
        for operand in operands[1:]:
            value = pick(value, operand)
        return value
    return _NUMPY[operation](*operands)
