from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.problems.evaluation import evaluate
from app.problems.expression import FUNCTIONS, Expression, ExpressionError, constant
from app.problems.parser import MAX_DEPTH, MAX_LENGTH, MAX_NODES, parse_expression

VALUES = {"a": 1.7, "b": -0.6, "c": 0.25, "pi": math.pi, "e": math.e}
ORACLE = {name: np.float64(value) for name, value in VALUES.items()}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("-a^2", -(1.7**2)),
        ("2^-1", 0.5),
        ("2^3^2", 512.0),
        ("2**3**2", 512.0),
        ("a^2*b", 1.7**2 * -0.6),
        ("1/9", 1 / 9),
        ("2*pi/3", 2 * math.pi / 3),
        ("a-(b-c)", 1.7 - (-0.6 - 0.25)),
        ("a-b-c", 1.7 + 0.6 - 0.25),
        ("a/b/c", 1.7 / -0.6 / 0.25),
        ("--a", 1.7),
        ("+a*-b", 1.7 * 0.6),
        ("2^-a*3", 2**-1.7 * 3),
        ("(-2)^2", 4.0),
        ("-2^2", -4.0),
        ("1.5e-3", 1.5e-3),
        (".5 + 2.", 2.5),
        ("max(a, b, c) - min(a, b, c)", 2.3),
        ("atan2(1, -1)", 3 * math.pi / 4),
        ("\t a\n +\r c ", 1.95),
        ("a^-2", 1.7**-2),
        ("a^0.5", 1.7**0.5),
    ],
)
def test_operators_bind_as_in_mathematics(text: str, value: float) -> None:
    assert evaluate(parse_expression(text), VALUES) == pytest.approx(value, rel=1e-15)


@given(
    st.lists(st.sampled_from("abc"), min_size=1, max_size=8),
    st.lists(
        st.tuples(st.sampled_from(["+", "-", "*", "/", "**"]), st.sampled_from(["", "-"])),
        min_size=8,
        max_size=8,
    ),
)
def test_precedence_is_that_of_python(names: list[str], operators: list[tuple[str, str]]) -> None:
    text = names[0] + "".join(f"{o}{sign}{n}" for n, (o, sign) in zip(names[1:], operators, strict=False))
    with np.errstate(all="ignore"):
        expected = eval(text, {}, ORACLE)  # noqa: S307 - Python's own parser is the oracle, on names a, b, c
    for written in (text, text.replace("**", "^")):
        np.testing.assert_allclose(evaluate(parse_expression(written), VALUES), float(expected), rtol=1e-12)


def trees() -> st.SearchStrategy[Any]:
    """Nested tuples: a number, a name, or an operator or function with its operands."""
    leaves = st.one_of(st.sampled_from([*"abc", "pi"]), st.floats(-50, 50, allow_nan=False).map(abs))
    unary = [name for name, (least, most) in FUNCTIONS.items() if least == most == 1]
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.tuples(st.sampled_from([*unary, "-"]), inner),
            st.tuples(st.sampled_from([*"+-*/^", "atan2"]), inner, inner),
            st.tuples(st.sampled_from(["max", "min"]), inner, inner, inner),
        ),
        max_leaves=25,
    )


def written(tree: Any) -> str:
    if not isinstance(tree, tuple):
        return tree if isinstance(tree, str) else repr(tree)
    name, *operands = [tree[0], *map(written, tree[1:])]
    if name in FUNCTIONS:
        return f"{name}({','.join(operands)})"
    return f"(-{operands[0]})" if len(operands) == 1 else f"({operands[0]}{name}{operands[1]})"


PYTHON = {
    "+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "^": np.power, "atan2": np.arctan2,
    "asin": np.arcsin, "acos": np.arccos, "atan": np.arctan,
    "max": lambda *values: np.maximum(np.maximum(values[0], values[1]), values[2]),
    "min": lambda *values: np.minimum(np.minimum(values[0], values[1]), values[2]),
}  # fmt: skip


def computed(tree: Any) -> Any:
    if isinstance(tree, str):
        return ORACLE[tree]
    if not isinstance(tree, tuple):
        return np.float64(tree)
    operands = [computed(operand) for operand in tree[1:]]
    if tree[0] == "-" and len(operands) == 1:
        return np.negative(operands[0])
    return (PYTHON.get(tree[0]) or getattr(np, tree[0]))(*operands)


@given(trees())
def test_evaluation_agrees_with_numpy_on_the_same_tree(tree: Any) -> None:
    text = written(tree)
    assume(len(text) <= MAX_LENGTH)
    with np.errstate(all="ignore"):
        expected = computed(tree)
    np.testing.assert_allclose(evaluate(parse_expression(text), VALUES), expected, rtol=1e-12, equal_nan=True)


@given(trees())
def test_printing_and_parsing_are_inverse(tree: Any) -> None:
    expression = parse_expression(written(tree))
    assert parse_expression(str(expression)) == expression


@given(trees(), st.sampled_from([" ", "\n", "\t  "]))
def test_spaces_change_nothing(tree: Any, space: str) -> None:
    text = written(tree)
    spaced = "".join(f"{space}{c}{space}" if c in "()+*/^," else c for c in text)
    assume(len(spaced) <= MAX_LENGTH)
    assert parse_expression(spaced) == parse_expression(text)
    assert hash(parse_expression(spaced)) == hash(parse_expression(text))


@given(st.one_of(st.text(max_size=200), st.text(alphabet="ab12.e+-*/^(), maxsintable", max_size=80)))
def test_any_text_is_an_expression_or_a_clean_error(text: str) -> None:
    try:
        expression = parse_expression(text)
    except ExpressionError as error:
        clean = bool(error.message) and 0 <= error.position <= len(text)
    else:
        clean = parse_expression(str(expression)) == expression
    assert clean


@pytest.mark.parametrize(
    ("text", "message", "position"),
    [
        ("", "empty", 0),
        ("   ", "empty", 3),
        ("a+", "ends too early", 2),
        ("2a", "an operator is missing", 1),
        ("a b", "an operator is missing", 2),
        ("sin", "is a function", 0),
        ("sim(a)", "unknown function 'sim'", 0),
        ("max(a)", "has 1 argument", 3),
        ("sin(a, b)", "has 2 argument", 3),
        ("a, b", "outside the arguments", 1),
        ("(a", "never closed", 0),
        ("a)", "closes no bracket", 1),
        ("()", "where a value is expected", 1),
        ("a $ b", "'$' is not allowed", 2),
        ("__import__('os')", "unknown function '__import__'", 0),
        ("a.b", "'.' is not allowed", 1),
        ("a[0]", "'[' is not allowed", 1),
        ("lambda: 0", "':' is not allowed", 6),
        ("1e999", "too large", 0),
        ("9" * 4000, "too large", 0),
        ("table", "needs the name of a table", 0),
        ("table(1, a)", "needs the name of a table", 0),
        ("a" * 65, "the name is too long", 0),
    ],
)
def test_a_fault_is_named_with_its_place(text: str, message: str, position: int) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse_expression(text)
    assert message in caught.value.message
    assert caught.value.position == position


@pytest.mark.parametrize(
    "text",
    ["x" * 10_000_000, "(" * 10_000 + ")" * 10_000, "(" * (MAX_DEPTH + 1) + "a" + ")" * (MAX_DEPTH + 1),
     "+".join(["a"] * (MAX_NODES // 2 + 2)), "-" * 3000 + "a", "^".join("a" * 1100),
     "max(" + ",".join("a" * 1999) + ",a,a)"],
)  # fmt: skip
def test_what_is_too_large_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError, match=r"characters|nested|too large"):
        parse_expression(text)


def test_the_largest_allowed_chain_is_parsed_printed_and_evaluated_without_recursion() -> None:
    for operator in "+^":
        expression = parse_expression(operator.join(["a"] * (MAX_NODES // 2)))
        assert parse_expression(str(expression)) == expression
        evaluate(expression, {"a": 1.0})
    deep = "(" * MAX_DEPTH + "a" + ")" * MAX_DEPTH
    assert parse_expression(deep) == parse_expression("a")


def test_an_unknown_function_gets_near_misses() -> None:
    with pytest.raises(ExpressionError) as caught:
        parse_expression("sgrt(a)")
    assert caught.value.remedy == "did you mean 'sqrt'?"


@pytest.mark.parametrize("text", ["sign(a)", "Heaviside(a)", "if(a > 0, 1, 2)", "floor(a)", "mod(a, 2)"])
def test_a_function_that_is_not_smooth_gets_a_smooth_one(text: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse_expression(text)
    assert str(caught.value.remedy).startswith("not smooth: e.g. tanh(k*x) with a large k")


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("ln(a)", "log"),
        ("log10(a)", "log(x)/log(10)"),
        ("pow(a, b)", "a^b"),
        ("clip(a, 0, 1)", "max(lower, min(x, upper))"),
        ("arcsin(a)", "did you mean 'asin'?"),
        ("arctan2(a, b)", "did you mean 'atan2'?"),
        ("x(tf)^2", "'x_f' for its value at tf"),
        ("x( t_0 )", "'x_0' for its value at t0"),
        ("x(0)", "'x_0' for its value at t0"),
        ("v(t)", "'v' alone for its value at t, or a function: "),
    ],
)
def test_a_call_of_what_is_no_function_is_told_how_to_write_it(text: str, remedy: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse_expression(text)
    assert str(caught.value.remedy).startswith(remedy)


def test_whole_exponents_belong_to_the_structure_and_others_are_values() -> None:
    assert ("powi", 2) in parse_expression("a^2").code
    assert ("powi", -3) in parse_expression("a**-3.0").code
    assert ("pow", 2) in parse_expression("a^0.5").code
    assert ("pow", 2) in parse_expression("a^b").code
    assert ("pow", 2) in parse_expression("a^1000").code


def test_tables_are_found_apart_from_names() -> None:
    expression = parse_expression("a*table(price, c/24)")
    assert expression.tables == {"price"}
    assert expression.names == {"a", "c"}
    tables = {"price": (np.array([0.0, 1.0, 3.0]), np.array([10.0, 20.0, 0.0]))}
    for place, value in [(-5.0, 10.0), (0.5, 15.0), (2.0, 10.0), (9.0, 0.0)]:
        assert evaluate(parse_expression("table(price, c)"), {"c": place}, tables) == value


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e101, 10**400, -(10**400)])
def test_a_number_must_be_finite_and_of_sane_size(value: float) -> None:
    with pytest.raises(ExpressionError):
        constant(value)


def test_whole_and_floating_numbers_are_the_same_expression() -> None:
    assert (
        constant(2)
        == constant(2.0)
        == parse_expression("2")
        == parse_expression("2.0")
        == parse_expression("+2")
    )
    assert constant(-2) == parse_expression("-2")
    assert constant(-0.0) == parse_expression("0") == parse_expression("-0")
    assert isinstance(hash(Expression(())), int)
