"""Reading the key `matrices` of a problem: every fault is noted with its field. Never imports JAX."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, cast

import numpy as np

from app.errors import Faults
from app.problems.expression import Expression, suggestion
from app.problems.reader import Reader
from app.solvers.magnus.arrays import read_array
from app.solvers.magnus.driving import read_controls
from app.solvers.magnus.operators import Register
from app.solvers.magnus.scope import ONE, Scope
from app.solvers.magnus.spread import read_spreads
from app.solvers.magnus.statement import ControlTerm, Kind, Statement, Term
from app.solvers.magnus.states import read_initial, read_target

KINDS = ("schroedinger", "lindblad", "linear")
KEYS = (
    "kind", "dimensions", "labels", "constants", "H0", "A0", "terms", "collapse", "source", "controls",
    "initial", "target", "t0", "tf", "times", "slices", "spread", "observables", "smoothness", "energy",
)  # fmt: skip
ANNOTATIONS = ("title", "description", "notes")
MISPLACED = {
    "schroedinger": ("A0", "collapse", "source"),
    "lindblad": ("A0", "source"),
    "linear": ("H0", "collapse", "observables"),
}
"""Kind -> keys that belong to another kind."""

MAX_DIMENSION: dict[str, int] = {"schroedinger": 128, "lindblad": 12, "linear": 128}
MAX_CONTROL_DIMENSION: dict[str, int] = {"schroedinger": 32, "lindblad": 6, "linear": 32}
MAX_SLICES = 2_000
MAX_TIMES = 10_000
DEFAULT_TIMES = 101
SAMPLES = 129
"""Times at which amplitudes are tried before a problem is accepted."""


def read(matrices: Any, faults: Faults, path: str = "matrices") -> Statement | None:
    """The statement; None when there are faults."""
    top = Reader(matrices, path, faults)
    top.only(KEYS, ANNOTATIONS)
    kind = top.data.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        faults.add(top.at("kind"), "unknown kind", kind, suggestion(str(kind), KINDS, "kinds"))
        return None
    for key in MISPLACED[kind]:
        if top.data.get(key) is not None:
            remedy = {"A0": "H0", "H0": "A0"}.get(key)
            faults.add(top.at(key), f"a problem of kind {kind!r} has no {key!r}", None, remedy)
    register = _register(top, kind)
    return None if register is None else _statement(top, cast("Kind", kind), register)


def _statement(top: Reader, kind: Kind, register: Register) -> Statement | None:
    scope = Scope(top, kind, register)
    times = _times(scope)
    slices = _count(top, "slices", 50, MAX_SLICES)
    span = np.array([0.0, 1.0]) if times is None else times
    terms = _terms(scope)
    collapse = scope.terms("collapse", "rate", hermitian=False)
    controls = read_controls(scope, np.linspace(span[0], span[-1], slices + 1))
    source = _source(scope)
    if not any(top.data.get(name) for name in (_constant_key(kind), "terms", "collapse", "controls")):
        remedy = "this, terms, collapse or controls"
        top.faults.add(top.at(_constant_key(kind)), "there is no matrix at all", None, remedy)
    initial = read_initial(top, kind, register)
    target = read_target(top, kind, register)
    spreads = read_spreads(top, scope.constants)
    _check_control(scope)
    labels = _labels(scope)
    observables = _observables(scope)
    smoothness, energy = _weight(top, "smoothness"), _weight(top, "energy")
    _probe(scope, span, terms, collapse, source, controls)
    if len(top.faults) or initial is None or times is None:
        return None
    return Statement(
        kind=kind, register=register, labels=labels, constants=scope.constants, terms=terms,
        collapse=collapse, source=source, controls=controls, initial=initial, target=target, times=times,
        slices=slices, spreads=spreads, observables=observables, smoothness=smoothness, energy=energy,
    )  # fmt: skip


def _register(top: Reader, kind: str) -> Register | None:
    """From `dimensions`, else from the first matrix or state given as an array."""
    most = MAX_DIMENSION[kind]
    given = top.data.get("dimensions")
    if given is None:
        for value in (top.data.get(_constant_key(kind)), top.data.get("initial")):
            rows = value.get("re", value.get("im")) if isinstance(value, Mapping) else value
            if isinstance(rows, list) and 1 <= len(rows) <= most:
                return Register((len(rows),))
        remedy = f"2, or [2, 2] for two qubits; at most {most} levels in all"
        top.faults.add(top.at("dimensions"), "is needed where no matrix is given as an array", None, remedy)
        return None
    sizes = given if isinstance(given, list) else [given]
    whole = bool(sizes) and all(
        isinstance(n, int) and not isinstance(n, bool) and 1 <= n <= most for n in sizes
    )
    if not whole or len(sizes) > 16 or math.prod(sizes) > most:
        remedy = f"a whole number, or a list such as [2, 2]; at most {most} levels in all"
        top.faults.add(top.at("dimensions"), "must be the levels of each subsystem", given, remedy)
        return None
    return Register(tuple(sizes))


def _constant_key(kind: str) -> str:
    return "A0" if kind == "linear" else "H0"


def _terms(scope: Scope) -> tuple[Term, ...]:
    """The constant matrix, then the list `terms`."""
    key = _constant_key(scope.kind)
    value = scope.top.data.get(key)
    matrix = None if value is None else scope.matrix(value, scope.top.at(key))
    first = () if matrix is None else (Term(matrix, ONE, scope.top.at(key)),)
    return (*first, *scope.terms("terms", "amplitude"))


def _times(scope: Scope) -> np.ndarray | None:
    """All times of the answer, `t0` and `tf` among them."""
    top = scope.top
    t0, tf = _time(scope, "t0", 0.0), _time(scope, "tf", None)
    if t0 is None or tf is None:
        return None
    if not tf > t0:
        top.faults.add(top.at("tf"), f"must come after t0 = {t0:g}", tf, f"a number above {t0:g}")
        return None
    given = top.data.get("times", DEFAULT_TIMES)
    if isinstance(given, int) and not isinstance(given, bool) and 2 <= given <= MAX_TIMES:
        return np.linspace(t0, tf, given)
    if not isinstance(given, list) or not 1 <= len(given) <= MAX_TIMES:
        remedy = f"how many (2 to {MAX_TIMES:,}), or a list that rises"
        top.faults.add(top.at("times"), "must be times", given, remedy)
        return None
    array = read_array(given, top.at("times"), top.faults, (None,))
    if array is None:
        return None
    times = np.unique(np.concatenate([[t0], array.real, [tf]]))
    if array.imag.any() or np.any(np.diff(array.real) <= 0) or times[0] < t0 or times[-1] > tf:
        remedy = f"numbers from {t0:g} to {tf:g}, each larger"
        top.faults.add(top.at("times"), "must rise from t0 to tf", None, remedy)
        return None
    return times


def _time(scope: Scope, key: str, default: float | None) -> float | None:
    value = scope.top.data.get(key, default)
    if value is None:
        scope.faults.add(scope.top.at(key), "is missing", None, "a number")
        return None
    expression = scope.top.expression(value, scope.top.at(key))
    return None if expression is None else scope.value(expression, scope.top.at(key))


def _count(top: Reader, key: str, default: int, most: int) -> int:
    value = top.data.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        top.faults.add(top.at(key), "must be a whole number", value, f"1 to {most:,}")
        return default
    return value


def _weight(top: Reader, key: str) -> float:
    value = top.data.get(key, 0.0)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1e100:
        top.faults.add(top.at(key), "must be a number", value, "0 or more")
        return 0.0
    return float(value)


def _source(scope: Scope) -> tuple[Expression, ...]:
    top, n = scope.top, scope.register.dimension
    items = top.items("source", n)
    if items and len(items) != n:
        top.faults.add(top.at("source"), f"has {len(items)} entries", None, f"{n}, one for each state")
    found: list[Expression] = []
    for value, path in items:
        expression = top.expression(value, path)
        if expression is not None and scope.known(expression, path):
            found.append(expression)
    return tuple(found)


def _check_control(scope: Scope) -> None:
    """What only a control problem has, and what it must have."""
    top, data = scope.top, scope.top.data
    if not data.get("controls"):
        for key in ("spread", "slices", "smoothness", "energy"):
            if data.get(key):
                top.faults.add(top.at(key), "has a meaning only for a control problem", None, "controls")
        return
    if data.get("target") is None:
        top.faults.add(
            top.at("target"), "is missing", None, "a state or a gate that the controls shall reach"
        )
    for key in ("source", "times"):
        if data.get(key) is not None:
            top.faults.add(top.at(key), "cannot be joined with controls", None, "a problem without it")
    most = MAX_CONTROL_DIMENSION[scope.kind]
    if scope.register.dimension > most:
        remedy = f"at most {most} levels"
        top.faults.add(top.at("dimensions"), "is too large to control", scope.register.dimension, remedy)


def _labels(scope: Scope) -> tuple[str, ...]:
    n = scope.register.dimension
    if scope.top.data.get("labels") is None:
        if scope.kind == "linear":
            return tuple(f"x{i + 1}" for i in range(n))
        return tuple(f"p{label}" for label in scope.register.labels())
    names = scope.top.names("labels", n)
    if len(names) != n:
        scope.faults.add(scope.top.at("labels"), f"has {len(names)} names", None, f"{n}, one for each state")
    return names


def _observables(scope: Scope) -> dict[str, np.ndarray]:
    reader = scope.top.inner("observables")
    found: dict[str, np.ndarray] = {}
    for name, value in reader.data.items():
        matrix = scope.matrix(value, reader.at(name)) if reader.check_name(name, reader.at(name)) else None
        if matrix is not None:
            found[name] = matrix
    return found


def _probe(
    scope: Scope,
    span: np.ndarray,
    terms: tuple[Term, ...],
    collapse: tuple[Term, ...],
    source: tuple[Expression, ...],
    controls: tuple[ControlTerm, ...],
) -> None:
    """Amplitudes must be finite, and rates not negative, wherever they are tried."""
    t = np.linspace(span[0], span[-1], SAMPLES)
    named = [(term.amplitude, term.path) for term in (*terms, *collapse, *(c.term for c in controls))]
    named += [(expression, scope.top.at(f"source.{index}")) for index, expression in enumerate(source)]
    rates = {term.path for term in collapse}
    for expression, path in named:
        values = scope.over_time(expression, t)
        bad = ~np.isfinite(values)
        if bad.any():
            message = f"is not finite at t = {t[bad][0]:.6g}"
            scope.faults.add(path, message, str(expression), "finite from t0 to tf")
        elif path in rates and values.min() < 0:
            message = f"a rate is negative at t = {t[int(values.argmin())]:.6g}"
            scope.faults.add(path, message, str(expression), "0 or more")
