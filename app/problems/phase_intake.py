"""Reading one phase of ocp/1 data: form, names and sizes; every fault noted with its field."""

from __future__ import annotations

from collections.abc import Mapping

from app.problems.expression import Expression
from app.problems.reader import Reader
from app.problems.statement import MAX_CONTROLS, MAX_STATES, ZERO, Bounds, Constraint, Moment, PhaseStatement

MAX_DEFINITIONS = 256
MAX_CONSTRAINTS = 128
MAX_GUESS_POINTS = 1_000

PHASE_KEYS = (
    *("states", "controls", "time", "dynamics", "running_cost", "terminal_cost", "initial", "final"),
    *("state_bounds", "control_bounds", "path_constraints", "boundary_constraints", "guess", "nominal"),
    "definitions",
)
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


def read_phase(reader: Reader, *, named: bool) -> PhaseStatement:
    """The phase; `named` as one of several, else the problem itself."""
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
        path_constraints=read_constraints(reader, "path_constraints"),
        boundary_constraints=read_constraints(reader, "boundary_constraints"),
        guess=_guess(reader.inner("guess"), (*states, *controls)),
        nominal=_known_expressions(reader.inner("nominal"), (*states, *controls, "t")),
        definitions=read_expressions(reader.inner("definitions"), MAX_DEFINITIONS),
    )


def read_expressions(reader: Reader, most: int) -> dict[str, Expression]:
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


def read_constraints(reader: Reader, key: str, default: Bounds | None = None) -> tuple[Constraint, ...]:
    """The constraints under `key`; those without bounds get `default`, or are a fault."""
    found: list[Constraint] = []
    for value, path in reader.items(key, MAX_CONSTRAINTS):
        inner = reader.of(value, path)
        noted = len(reader.faults)
        inner.only(("expr", "lower", "upper"), ("name", "title", "description"))
        lower = inner.bound(inner.data.get("lower"), inner.at("lower"))
        upper = inner.bound(inner.data.get("upper"), inner.at("upper"))
        faulty_bounds = len(reader.faults) > noted  # one that is misspelt is not missing too
        if "expr" not in inner.data:
            inner.faults.add(inner.at("expr"), "the expression is missing", None, "{expr, lower, upper}")
            continue
        expression = inner.expression(inner.data["expr"], inner.at("expr"))
        if lower is None and upper is None and not faulty_bounds:
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
