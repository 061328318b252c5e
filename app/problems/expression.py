"""Expressions in their immutable form, and their text.

An expression is kept as postfix code (operands before their operator), so a chain of thousands of terms
needs no recursion anywhere: not to parse, hash, print, evaluate or compile it.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

MAX_NUMBER = 1e100
MAX_NAME_LENGTH = 64

# name -> (least, most) number of arguments; None = any
FUNCTIONS: dict[str, tuple[int, int | None]] = {
    **dict.fromkeys(["sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh"], (1, 1)),
    **dict.fromkeys(["exp", "log", "sqrt", "abs"], (1, 1)),
    "atan2": (2, 2),
    "max": (2, None),
    "min": (2, None),
}
MATHEMATICAL = {"pi": math.pi, "e": math.e}

_ROUGH = "not smooth: e.g. tanh(k*x) with a large k; for what changes at known times a table, or phases"
_NO_BOUND = "null where there is no bound"
_INTEGRAL = (
    "a state with the integrand as its rate, and its final value bounded: "
    'dynamics {"w": "u^2"}, initial {"w": 0}, final {"w": [null, 5]}'
)
# What people write instead of what there is (in lower case), where the nearest name would mislead.
_INSTEAD: dict[str, dict[str, str]] = {
    "functions": {
        **dict.fromkeys(["sign", "sgn", "signum", "heaviside", "step", "unitstep", "rect"], _ROUGH),
        **dict.fromkeys(["if", "ifelse", "if_else", "iif", "where", "when", "piecewise", "switch"], _ROUGH),
        **dict.fromkeys(["floor", "ceil", "round", "trunc", "int", "mod", "fmod", "rem"], _ROUGH),
        **dict.fromkeys(["clip", "clamp", "sat"], "max(lower, min(x, upper))"),
        **dict.fromkeys(["pow", "power"], "a^b"),
        "ln": "log",
        "log10": "log(x)/log(10)",
    },
    "constants": {
        "free": 'a free time is {"free": true, "lower": .., "upper": .., "guess": ..}; '
        "the end value of a state is free where it is left out",
        **dict.fromkeys(["inf", "infinity", "infty", "oo", "none", "null"], _NO_BOUND),
    },
    "keys": {
        **dict.fromkeys(["integral_constraints", "integral_constraint", "integrals", "integral"], _INTEGRAL),
        **dict.fromkeys(["equals", "equal", "eq", "value"], "lower and upper set to the same number"),
    },
}

PRECEDENCE = {"add": 1, "sub": 1, "mul": 2, "div": 2, "neg": 3, "pos": 3, "pow": 4}
_SYMBOL = {"add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "^"}
_ATOM = 5

# `(operation, argument)`: `("number", value)`, `("name", name)`, `("powi", exponent)`, `("table", name)`,
# else `(operator or function, number of operands)`.
Instruction = tuple[str, float | int | str]


class ExpressionError(Exception):
    """A fault in one expression: `position` (from 0) in the text, and the remedy where there is one."""

    def __init__(self, message: str, position: int = 0, remedy: str | None = None) -> None:
        self.message = message
        self.position = position
        self.remedy = remedy
        super().__init__(message)


@dataclass(frozen=True)
class Expression:
    """An immutable expression, equal to another when the postfix code is, however it was spaced."""

    code: tuple[Instruction, ...]
    source: str = field(default="", compare=False, repr=False)

    @cached_property
    def names(self) -> frozenset[str]:
        """All names used, without functions and tables."""
        return frozenset(str(argument) for operation, argument in self.code if operation == "name")

    @cached_property
    def tables(self) -> frozenset[str]:
        """The tables that are looked up."""
        return frozenset(str(argument) for operation, argument in self.code if operation == "table")

    @property
    def number(self) -> float | None:
        """The value, when the expression is nothing but a number."""
        if len(self.code) == 1 and self.code[0][0] == "number":
            return float(self.code[0][1])
        return None

    def __str__(self) -> str:
        return _print(self.code)


def constant(value: float) -> Expression:
    """The expression that is one number. ExpressionError if it is not finite or too large."""
    try:
        number = float(value)
    except OverflowError:
        number = math.inf if value > 0 else -math.inf
    if not math.isfinite(number):
        raise ExpressionError(
            "the number is not finite", remedy="a finite number; null where a bound is absent"
        )
    if abs(number) > MAX_NUMBER:
        raise ExpressionError(f"the number {number:g} is too large", remedy=f"at most {MAX_NUMBER:g}")
    return Expression((("number", number + 0.0),))


def instead(name: str, kind: str) -> str | None:
    """What is written here in place of a name known from elsewhere; None where that is not known."""
    return _INSTEAD.get(kind, {}).get(name.lower())


def suggestion(name: str, known: Iterable[str], kind: str = "names") -> str:
    """The remedy for an unknown name: what is written instead, else near misses, else what there is."""
    meant = instead(name, kind)
    if meant is not None:
        return meant
    names = list(known)
    likely = [known for known in names if abs(len(known) - len(name)) <= 3] if len(names) > 50 else names
    near = difflib.get_close_matches(name[:MAX_NAME_LENGTH], likely, n=3, cutoff=0.5)
    if near:
        best = _likeness(name, near[0])
        near = [candidate for candidate in near if _likeness(name, candidate) > best - 0.1]
        return "did you mean " + " or ".join(repr(candidate) for candidate in near) + "?"
    shown = ", ".join(names[:20]) + (", ..." if len(names) > 20 else "")
    return f"known {kind}: {shown}" if names else f"there are no {kind} here"


def _likeness(first: str, second: str) -> float:
    return difflib.SequenceMatcher(None, first[:MAX_NAME_LENGTH], second).ratio()


def format_number(value: float) -> str:
    """The shortest text that reads back as the same float."""
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def _print(code: tuple[Instruction, ...]) -> str:
    stack: list[tuple[str, int]] = []

    def pop(least: int) -> str:
        text, precedence = stack.pop()
        return text if precedence >= least else f"({text})"

    for operation, argument in code:
        if operation == "number":
            value = float(argument)
            stack.append((format_number(value), _ATOM if value >= 0 else PRECEDENCE["neg"]))
        elif operation == "name":
            stack.append((str(argument), _ATOM))
        elif operation == "table":
            stack.append((f"table({argument}, {pop(0)})", _ATOM))
        elif operation == "neg":
            stack.append((f"-{pop(PRECEDENCE['neg'])}", PRECEDENCE["neg"]))
        elif operation == "powi":
            stack.append((f"{pop(_ATOM)}^{argument}", PRECEDENCE["pow"]))
        elif operation in _SYMBOL:
            own = PRECEDENCE[operation]
            right = pop(PRECEDENCE["neg"] if operation == "pow" else own + 1)
            left = pop(_ATOM if operation == "pow" else own)
            stack.append((f"{left}{_SYMBOL[operation]}{right}", own))
        else:
            arguments = [pop(0) for _ in range(int(argument))][::-1]
            stack.append((f"{operation}({', '.join(arguments)})", _ATOM))
    return stack[0][0]
