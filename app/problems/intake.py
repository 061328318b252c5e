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
from app.problems.phase_intake import (
    ANNOTATIONS,
    MAX_DEFINITIONS,
    PHASE_KEYS,
    read_constraints,
    read_expressions,
    read_phase,
)
from app.problems.reader import Reader
from app.problems.statement import ZERO, Parameter, Statement

MAX_PHASES = 8
MAX_PARAMETERS = 64
MAX_CONSTANTS = 512
MAX_TABLES = 32
MAX_TABLE_POINTS = 20_000  # of all tables together
MAX_ROWS = 1_024  # of a sweep
MAX_SWEEP = 8_192  # entries of all rows of a sweep

SHARED_KEYS = ("sense", "constants", "parameters", "tables", "phases", "links")
WHOLE_KEYS = (*SHARED_KEYS, "definitions", "terminal_cost", "boundary_constraints")


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
            read_phase(top.of(data, path), named=True) for data, path in top.items("phases", MAX_PHASES)
        )
        if top.data["phases"] == []:
            faults.add("phases", "there is no phase", top.data["phases"], f"1 to {MAX_PHASES} phases")
        for index, phase in enumerate(phases):
            if phase.name in [other.name for other in phases[:index]]:
                faults.add(
                    f"phases.{index}.name", f"{phase.name!r} is given twice", phase.name, "distinct names"
                )
    else:
        phases = (read_phase(top, named=False),)
        if top.data.get("links"):
            faults.add("links", "links need phases", None, "phases, or boundary_constraints instead")
    return Statement(
        maximise=sense == "max",
        constants=constants,
        sweep=sweep,
        parameters=_parameters(top),
        tables=_tables(top),
        definitions=read_expressions(top.inner("definitions"), MAX_DEFINITIONS) if several else {},
        phases=phases,
        terminal_cost=top.optional("terminal_cost") if several else None,
        boundary_constraints=read_constraints(top, "boundary_constraints") if several else (),
        links=read_constraints(top, "links", default=(ZERO, ZERO)),
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
