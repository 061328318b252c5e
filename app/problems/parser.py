"""Text to expression by whitelist: Dijkstra's shunting-yard algorithm, without recursion and without eval.

Precedence is that of mathematics: `-x^2` is `-(x^2)`, `a^b^c` is `a^(b^c)`, `2^-1` is a half; `**` means `^`.
Length and bracket depth are checked before anything else is looked at.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from app.problems.expression import (
    FUNCTIONS,
    MAX_NAME_LENGTH,
    MAX_NUMBER,
    PRECEDENCE,
    Expression,
    ExpressionError,
    Instruction,
    instead,
    suggestion,
)

MAX_LENGTH = 4_000  # characters
MAX_DEPTH = 64  # brackets
MAX_NODES = 2_000
MAX_STATIC_POWER = 32  # whole exponents up to here are part of the structure, larger ones are values

_ENDS = {"t0": "0", "t_0": "0", "0": "0", "tf": "f", "t_f": "f"}
_BINARY = {"+": "add", "-": "sub", "*": "mul", "/": "div", "^": "pow", "**": "pow"}
_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<symbol>\*\*|[-+*/^(),])|(?P<end>\Z)|(?P<other>[\s\S]))"
)


def parse_expression(text: str) -> Expression:
    """Parse `text`; ExpressionError names the position and the remedy of the first fault."""
    if len(text) > MAX_LENGTH:
        raise ExpressionError(
            f"the expression has {len(text):,} characters", remedy=f"at most {MAX_LENGTH:,}; use definitions"
        )
    _check_brackets(text)
    return Expression(_Parser(text).parse(), source=text)


def _check_brackets(text: str) -> None:
    depth = 0
    opened: list[int] = []
    for position, character in enumerate(text):
        if character == "(":
            depth += 1
            opened.append(position)
            if depth > MAX_DEPTH:
                raise ExpressionError(
                    "brackets are nested too deeply", position, f"at most {MAX_DEPTH} levels"
                )
        elif character == ")":
            depth -= 1
            if depth < 0:
                raise ExpressionError("')' closes no bracket", position)
            opened.pop()
    if opened:
        raise ExpressionError("'(' is never closed", opened[-1])


@dataclass(slots=True)
class _Pending:
    """What waits on the operator stack: an operator, or an open bracket with the call it belongs to."""

    operation: str  # operator name, or "(" for an open bracket
    position: int
    function: str = ""  # of a bracket: the function called, "" for plain brackets
    table: str = ""
    arguments: int = 1


class _Parser:
    """Shunting-yard: operands go straight to the code, operators wait for their right operand."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(_TOKEN.finditer(text))
        self._next = 0
        self._code: list[Instruction] = []
        self._pending: list[_Pending] = []
        self._nodes = 0

    def parse(self) -> tuple[Instruction, ...]:
        operand_expected = True
        while True:
            token = self._tokens[self._next]
            self._next += 1
            kind, text = str(token.lastgroup), token[str(token.lastgroup)]
            position = token.start(kind)
            if kind == "other":
                raise ExpressionError(
                    f"character {text!r} is not allowed", position, "names, numbers, + - * / ^ ( ) ,"
                )
            if kind == "end":
                if operand_expected:
                    what = (
                        "the expression is empty"
                        if not self._text.strip()
                        else "the expression ends too early"
                    )
                    raise ExpressionError(what, position, "a number, a name or a bracket")
                while self._pending:
                    self._emit_pending()
                return tuple(self._code)
            if operand_expected:
                operand_expected = self._operand(kind, text, position)
            else:
                operand_expected = self._operator(kind, text, position)

    def _operand(self, kind: str, text: str, position: int) -> bool:
        """Take a token where an operand must start; True while one is still expected."""
        if kind == "number":
            self._emit(("number", _literal(text, position)), position)
            return False
        if kind == "name":
            return self._name(text, position)
        if text in "+-":
            self._push(_Pending("neg" if text == "-" else "pos", position))
            return True
        if text == "(":
            self._push(_Pending("(", position))
            return True
        raise ExpressionError(
            f"{text!r} where a value is expected", position, "a number, a name or a bracket"
        )

    def _name(self, text: str, position: int) -> bool:
        if len(text) > MAX_NAME_LENGTH:
            raise ExpressionError("the name is too long", position, f"at most {MAX_NAME_LENGTH} characters")
        called = self._peek() == "("
        if text == "table":
            return self._table(position)
        if text in FUNCTIONS:
            if not called:
                raise ExpressionError(f"{text!r} is a function", position, f"{text}(...)")
            self._push(_Pending("(", self._tokens[self._next].start("symbol"), function=text))
            self._next += 1
            return True
        if called:
            raise ExpressionError(f"unknown function {text!r}", position, self._instead_of_call(text))
        self._emit(("name", text), position)
        return False

    def _instead_of_call(self, name: str) -> str:
        """The remedy for a call of what is no function: `x(tf)` is meant as an end value."""
        remedy = suggestion(name, FUNCTIONS, "functions")
        inside = [token[str(token.lastgroup)] for token in self._tokens[self._next + 1 : self._next + 3]]
        if instead(name, "functions") or inside[1:] != [")"]:
            return remedy
        if inside[0] == "t":
            return f"{name!r} alone for its value at t, or a function: {remedy}"
        end = _ENDS.get(inside[0])
        return remedy if end is None else f"'{name}_{end}' for its value at t{end}"

    def _table(self, position: int) -> bool:
        tokens = self._tokens[self._next : self._next + 3]
        shape = [str(token.lastgroup) for token in tokens]
        if shape != ["symbol", "name", "symbol"] or tokens[0]["symbol"] != "(" or tokens[2]["symbol"] != ",":
            raise ExpressionError(
                "'table' needs the name of a table and a place in it", position, "table(name, t)"
            )
        self._push(_Pending("(", tokens[0].start("symbol"), function="table", table=tokens[1]["name"]))
        self._next += 3
        return True

    def _operator(self, kind: str, text: str, position: int) -> bool:
        """Take a token after an operand; True when it asks for another operand."""
        if kind != "symbol" or text == "(":
            raise ExpressionError(
                f"an operator is missing before {text!r}", position, "write products with '*'"
            )
        if text == ")":
            self._close(position)
            return False
        if text == ",":
            self._unwind()
            if not self._pending or not self._pending[-1].function:
                raise ExpressionError("',' outside the arguments of a function", position)
            self._pending[-1].arguments += 1
            return True
        operation = _BINARY[text]
        precedence = PRECEDENCE[operation]
        while self._pending and self._pending[-1].operation != "(":
            waiting = PRECEDENCE[self._pending[-1].operation]
            if waiting < precedence or (waiting == precedence and operation == "pow"):
                break
            self._emit_pending()
        self._push(_Pending(operation, position))
        return True

    def _close(self, position: int) -> None:
        self._unwind()
        bracket = self._pending.pop()
        if not bracket.function:
            return
        if bracket.function == "table":
            if bracket.arguments != 1:
                raise ExpressionError(
                    "'table' takes a name and one place", bracket.position, "table(name, t)"
                )
            self._emit(("table", bracket.table), position)
            return
        least, most = FUNCTIONS[bracket.function]
        if bracket.arguments < least or (most is not None and bracket.arguments > most):
            wanted = f"{least}" if most == least else f"at least {least}"
            raise ExpressionError(
                f"{bracket.function!r} has {bracket.arguments} argument(s)",
                bracket.position,
                f"it takes {wanted}",
            )
        self._emit((bracket.function, bracket.arguments), position)

    def _unwind(self) -> None:
        while self._pending and self._pending[-1].operation != "(":
            self._emit_pending()

    def _peek(self) -> str:
        token = self._tokens[self._next]
        return token[str(token.lastgroup)]

    def _push(self, pending: _Pending) -> None:
        if len(self._pending) > MAX_NODES:
            raise ExpressionError(
                "the expression is too large", pending.position, f"at most {MAX_NODES:,} terms"
            )
        self._pending.append(pending)

    def _emit_pending(self) -> None:
        waiting = self._pending.pop()
        if waiting.operation == "pos":
            return
        last, argument = self._code[-1]
        if waiting.operation == "neg":
            if last == "number":  # the operand is exactly this number
                self._code[-1] = ("number", 0.0 - float(argument))
                return
            self._emit(("neg", 1), waiting.position)
            return
        if waiting.operation == "pow" and last == "number" and _is_static_power(float(argument)):
            self._code[-1] = ("powi", int(argument))
            return
        self._emit((waiting.operation, 2), waiting.position)

    def _emit(self, instruction: Instruction, position: int) -> None:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise ExpressionError(
                "the expression is too large", position, f"at most {MAX_NODES:,} terms; use definitions"
            )
        self._code.append(instruction)


def _literal(text: str, position: int) -> float:
    value = float(text)
    if not math.isfinite(value) or value > MAX_NUMBER:
        raise ExpressionError(
            f"the number {text[:20]} is too large", position, f"at most {MAX_NUMBER:g} in magnitude"
        )
    return value


def _is_static_power(value: float) -> bool:
    return value.is_integer() and abs(value) <= MAX_STATIC_POWER
