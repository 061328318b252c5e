"""Reading ocp/1 data into a `Statement`: form, keys, names, sizes; every fault noted with its field.

What JSON keeps without order (constants, parameters, tables, definitions) is sorted by name, so that the
order in which it was written changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from app.errors import Faults
from app.problems.evaluation import Array
from app.problems.expression import Expression
from app.problems.reader import Reader
from app.problems.statement import (
    MAX_CONTROLS,
    MAX_STATES,
    ZERO,
    Bounds,
    Constraint,
    Moment,
    Parameter,
    PhaseStatement,
    Statement,
)

MAX_PHASES = 8
MAX_PARAMETERS = 64
MAX_CONSTANTS = 512
MAX_DEFINITIONS = 256
MAX_CONSTRAINTS = 128
MAX_GUESS_POINTS = 1_000
MAX_TABLES = 32
MAX_TABLE_POINTS = 20_000  # of all tables together
MAX_ROWS = 1_024  # of a sweep
MAX_SWEEP = 8_192  # entries of all rows of a sweep

PHASE_KEYS = (
    *("states", "controls", "time", "dynamics", "running_cost", "terminal_cost", "initial", "final"),
    *("state_bounds", "control_bounds", "path_constraints", "boundary_constraints", "guess", "nominal"),
    "definitions",
)
SHARED_KEYS = ("sense", "constants", "parameters", "tables", "phases", "links")
WHOLE_KEYS = (*SHARED_KEYS, "definitions", "terminal_cost", "boundary_constraints")
# What people write beside a problem; it changes no answer.
ANNOTATIONS = (
    "schema",
    "id",
    "name",
    "title",
    "description",
    "source",
    "tags",
    "notes",
    "units",
    "published",
    "reference",
)


def read(ocp: Mapping[str, Any], faults: Faults) -> Statement:
    """Read a problem, noting every fault of form."""
    top = Reader(ocp, "", faults)
    if ocp.get("schema", "ocp/1") != "ocp/1":
        faults.add("schema", "unknown schema", ocp.get("schema"), "ocp/1")
    several = top.data.get("phases") is not None
    top.only(WHOLE_KEYS if several else (*SHARED_KEYS, *PHASE_KEYS), ANNOTATIONS)
    sense = top.data.get("sense") or "min"
    if sense not in ("min", "max"):
        faults.add("sense", "unknown sense", sense, "min or max")
    constants, sweep = _constants(top)
    if several:
        phases = tuple(
            _phase(top.of(data, path), named=True) for data, path in top.items("phases", MAX_PHASES)
        )
        if top.data["phases"] == []:
            faults.add("phases", "there is no phase", top.data["phases"], f"1 to {MAX_PHASES} phases")
        for index, phase in enumerate(phases):
            if phase.name in [other.name for other in phases[:index]]:
                faults.add(
                    f"phases.{index}.name", f"{phase.name!r} is given twice", phase.name, "distinct names"
                )
    else:
        phases = (_phase(top, named=False),)
        if top.data.get("links"):
            faults.add("links", "links need phases", None, "phases, or boundary_constraints instead")
    return Statement(
        maximise=sense == "max",
        constants=constants,
        sweep=sweep,
        parameters=_parameters(top),
        tables=_tables(top),
        definitions=_expressions(top.inner("definitions"), MAX_DEFINITIONS) if several else {},
        phases=phases,
        terminal_cost=top.optional("terminal_cost") if several else None,
        boundary_constraints=_constraints(top, "boundary_constraints") if several else (),
        links=_constraints(top, "links", default=(ZERO, ZERO)),
    )


def _phase(reader: Reader, *, named: bool) -> PhaseStatement:
    name = ""
    if named:
        reader.only(("name", *PHASE_KEYS), ANNOTATIONS)
        given = reader.data.get("name")
        if isinstance(given, str) and reader.check_name(given, reader.at("name")):
            name = given
        elif not isinstance(given, str):
            reader.faults.add(reader.at("name"), "a phase needs a name", given, "text such as 'ascent'")
    states = reader.names("states", MAX_STATES)
    controls = reader.names("controls", MAX_CONTROLS)
    if not states and not reader.data.get("states"):
        reader.faults.add(
            reader.at("states"), "there are no states", reader.data.get("states"), "a list of names"
        )
    for control in controls:
        if control in states:
            reader.faults.add(reader.at("controls"), f"{control!r} is a state too", control, "distinct names")
    time = reader.inner("time")
    time.only(("t0", "tf"))
    return PhaseStatement(
        name=name,
        path=reader.path,
        states=states,
        controls=controls,
        t0=_moment(time, "t0", None if named else ZERO),
        tf=_moment(time, "tf", None),
        dynamics=_dynamics(reader, states),
        running_cost=reader.optional("running_cost"),
        terminal_cost=reader.optional("terminal_cost"),
        initial=_bounds(reader.inner("initial"), states, "state", single=True),
        final=_bounds(reader.inner("final"), states, "state", single=True),
        bounds={
            **_bounds(reader.inner("state_bounds"), states, "state"),
            **_bounds(reader.inner("control_bounds"), controls, "control"),
        },
        path_constraints=_constraints(reader, "path_constraints"),
        boundary_constraints=_constraints(reader, "boundary_constraints"),
        guess=_guess(reader.inner("guess"), (*states, *controls)),
        nominal=_known_expressions(reader.inner("nominal"), (*states, *controls, "t")),
        definitions=_expressions(reader.inner("definitions"), MAX_DEFINITIONS),
    )


def _constants(top: Reader) -> tuple[dict[str, tuple[Expression, ...]], int]:
    """Constants, each a number or one number per row; or a list of rows, each an object of all constants."""
    given = top.data.get("constants")
    if isinstance(given, list):
        rows = [top.of(row, path) for row, path in top.items("constants", MAX_ROWS)]
        names = list(rows[0].data) if rows else []
        for row in rows[1:]:
            if sorted(row.data) != sorted(names):
                top.faults.add(
                    row.path, "every row needs the same constants", sorted(row.data), ", ".join(names)
                )
        reader = top.of({name: [row.data.get(name) for row in rows] for name in names}, "constants")
    else:
        reader = top.inner("constants")
    if len(reader.data) > MAX_CONSTANTS:
        top.faults.add("constants", f"has {len(reader.data):,} entries", None, f"at most {MAX_CONSTANTS}")
        return {}, 0
    entries_given = sum(len(value) for value in reader.data.values() if isinstance(value, list))
    if entries_given > MAX_SWEEP:
        top.faults.add("constants", f"has {entries_given:,} entries in rows", None, f"at most {MAX_SWEEP:,}")
        return {}, 0
    constants: dict[str, tuple[Expression, ...]] = {}
    rows_of: dict[str, int] = {}
    for name, value in reader.data.items():
        reader.check_name(name, reader.at(name))
        if isinstance(value, list):
            rows_of[name] = len(value)
            entries = [top.expression(item, path) for item, path in reader.items(name, MAX_ROWS)]
            if not value:
                top.faults.add(reader.at(name), "a sweep needs at least one row", value, "[value, ...]")
        else:
            entries = [top.expression(value, reader.at(name))]
        constants[name] = tuple(ZERO if entry is None else entry for entry in entries) or (ZERO,)
    if len(set(rows_of.values())) > 1:
        lengths = ", ".join(f"{name} has {rows}" for name, rows in rows_of.items())
        top.faults.add("constants", "the rows of a sweep differ in number", lengths, "lists of one length")
        return {name: entries[:1] for name, entries in sorted(constants.items())}, 0
    return dict(sorted(constants.items())), max(rows_of.values(), default=0)


def _parameters(top: Reader) -> dict[str, Parameter]:
    reader = top.inner("parameters")
    if len(reader.data) > MAX_PARAMETERS:
        top.faults.add("parameters", f"has {len(reader.data):,} entries", None, f"at most {MAX_PARAMETERS}")
        return {}
    parameters: dict[str, Parameter] = {}
    for name, value in sorted(reader.data.items()):
        path = reader.at(name)
        reader.check_name(name, path)
        guess = None
        if isinstance(value, Mapping):
            inner = top.of(value, path)
            inner.only(("lower", "upper", "guess"))
            guess = inner.optional("guess")
            value = {key: inner.data[key] for key in ("lower", "upper") if key in inner.data}
        parameters[name] = Parameter(top.pair(value, path) or (None, None), guess)
    return parameters


def _tables(top: Reader) -> dict[str, tuple[Array, Array]]:
    reader = top.inner("tables")
    if len(reader.data) > MAX_TABLES:
        top.faults.add("tables", f"has {len(reader.data):,} entries", None, f"at most {MAX_TABLES}")
        return {}
    tables: dict[str, tuple[Array, Array]] = {}
    total = 0
    for name, value in sorted(reader.data.items()):
        reader.check_name(name, reader.at(name))
        inner = top.of(value, reader.at(name))
        inner.only(("t", "value"))
        places, values = _column(inner, "t"), _column(inner, "value")
        tables[name] = (np.zeros(1), np.zeros(1))
        if places is None or values is None:
            continue
        total += len(places)
        if len(places) != len(values):
            lengths = f"t has {len(places):,}, value has {len(values):,}"
            top.faults.add(inner.path, "t and value differ in length", lengths, "lists of one length")
        elif np.any(np.diff(places) <= 0):
            where = int(np.argmax(np.diff(places) <= 0)) + 1
            top.faults.add(
                f"{inner.at('t')}.{where}", "t does not increase", float(places[where]), "increasing t"
            )
        else:
            tables[name] = (places, values)
    if total > MAX_TABLE_POINTS:
        top.faults.add("tables", f"have {total:,} points together", None, f"at most {MAX_TABLE_POINTS:,}")
    return tables


def _column(reader: Reader, key: str) -> Array | None:
    """A list of at least one finite number as an array."""
    values = reader.data.get(key)
    if not isinstance(values, list) or not values:
        reader.faults.add(reader.at(key), "must be a list of numbers", values, "[number, ...]")
        return None
    if len(values) > MAX_TABLE_POINTS:
        reader.faults.add(
            reader.at(key), f"has {len(values):,} entries", None, f"at most {MAX_TABLE_POINTS:,}"
        )
        return None
    for index, value in enumerate(values):
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) <= 1e100:
            reader.faults.add(f"{reader.at(key)}.{index}", "must be a finite number", value, "a number")
            return None
    return np.array(values, np.float64)


def _expressions(reader: Reader, most: int) -> dict[str, Expression]:
    """Named expressions, such as definitions."""
    if len(reader.data) > most:
        reader.faults.add(reader.path, f"has {len(reader.data):,} entries", None, f"at most {most}")
        return {}
    found: dict[str, Expression] = {}
    for name, value in sorted(reader.data.items()):
        reader.check_name(name, reader.at(name))
        expression = reader.expression(value, reader.at(name))
        found[name] = ZERO if expression is None else expression
    return found


def _known_expressions(reader: Reader, known: tuple[str, ...]) -> dict[str, Expression]:
    reader.only(known)
    parsed = {
        name: reader.expression(reader.data[name], reader.at(name)) for name in known if name in reader.data
    }
    return {name: expression for name, expression in parsed.items() if expression is not None}


def _dynamics(reader: Reader, states: tuple[str, ...]) -> dict[str, Expression]:
    inner = reader.inner("dynamics")
    for name in inner.data:
        if name not in states:
            inner.faults.add(
                inner.at(name[:64]), "dynamics of what is no state", name, "one of " + ", ".join(states)
            )
    for name in states:
        if name not in inner.data:
            inner.faults.add(inner.at(name), f"state {name!r} has no dynamics", None, "an expression")
    return {
        name: inner.expression(inner.data[name], inner.at(name)) or ZERO
        for name in states
        if name in inner.data
    }


def _bounds(reader: Reader, known: tuple[str, ...], kind: str, *, single: bool = False) -> dict[str, Bounds]:
    """Bounds by name; with `single`, a number alone fixes the value."""
    found: dict[str, Bounds] = {}
    for name, value in reader.data.items():
        path = reader.at(name[:64])
        if name not in known:
            reader.faults.add(path, f"{name[:64]!r} is no {kind}", name, "one of " + ", ".join(known))
        elif value is None:
            continue
        elif single and isinstance(value, (int, float, str)):
            fixed = reader.expression(value, path)
            found[name] = (fixed, fixed)
        else:
            found[name] = reader.pair(value, path) or (None, None)
    return found


def _moment(reader: Reader, key: str, default: Expression | None) -> Moment:
    value = reader.data.get(key)
    if value is None:
        if default is None:
            allowed = "a number, or {free: true, lower, upper, guess}"
            reader.faults.add(reader.at(key), "the time is not given", value, allowed)
        return Moment(default, default)
    if not isinstance(value, Mapping):
        fixed = reader.expression(value, reader.at(key))
        return Moment(fixed, fixed)
    inner = reader.of(value, reader.at(key))
    inner.only(("free", "lower", "upper", "guess"))
    if inner.data.get("free", True) is not True:
        inner.faults.add(
            inner.at("free"), "must be true", inner.data["free"], "for a fixed time give the number"
        )
    lower = inner.bound(inner.data.get("lower"), inner.at("lower"))
    upper = inner.bound(inner.data.get("upper"), inner.at("upper"))
    return Moment(lower, upper, inner.optional("guess"))


def _constraints(reader: Reader, key: str, default: Bounds | None = None) -> tuple[Constraint, ...]:
    found: list[Constraint] = []
    for value, path in reader.items(key, MAX_CONSTRAINTS):
        inner = reader.of(value, path)
        inner.only(("expr", "lower", "upper"), ("name", "title", "description"))
        if "expr" not in inner.data:
            inner.faults.add(inner.at("expr"), "the expression is missing", None, "{expr, lower, upper}")
            continue
        expression = inner.expression(inner.data["expr"], inner.at("expr"))
        lower = inner.bound(inner.data.get("lower"), inner.at("lower"))
        upper = inner.bound(inner.data.get("upper"), inner.at("upper"))
        if lower is None and upper is None:
            if default is None:
                inner.faults.add(path, "neither lower nor upper is given", None, "at least one of them")
            else:
                lower, upper = default
        if expression is not None:
            found.append(Constraint(expression, (lower, upper), path))
    return tuple(found)


def _guess(reader: Reader, known: tuple[str, ...]) -> dict[str, tuple[Expression, ...]]:
    """Guesses by name: one value, or a list spread evenly over the phase."""
    reader.only(known)
    found: dict[str, tuple[Expression, ...]] = {}
    for name in known:
        value = reader.data.get(name)
        if value is None:
            continue
        listed = isinstance(value, list)
        points = reader.items(name, MAX_GUESS_POINTS) if listed else [(value, reader.at(name))]
        if listed and not value:
            reader.faults.add(reader.at(name), "the guess is empty", value, "a value, or a list of values")
        parsed = [reader.expression(point, path) for point, path in points]
        if parsed and None not in parsed:
            found[name] = tuple(point for point in parsed if point is not None)
    return found
