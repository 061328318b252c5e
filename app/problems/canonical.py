"""A statement back as ocp/1 data in one canonical form, whatever way it was written.

Bounds are pairs, numbers floats, expressions printed anew, absent things left out, annotations dropped: two
texts of the same problem give equal data, and parsing it gives the same problem again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from app.problems.expression import Expression
from app.problems.statement import Bounds, Constraint, Moment, PhaseStatement, Statement


def canonical(statement: Statement) -> dict[str, Any]:
    """The statement as plain JSON data."""
    data: dict[str, Any] = {
        "sense": "max" if statement.maximise else "min",
        "constants": {
            name: [_number(row) for row in rows]
            if len(rows) > 1 or statement.sweep == 1
            else _number(rows[0])
            for name, rows in statement.constants.items()
        },
        "parameters": {
            name: {"lower": _number(p.bounds[0]), "upper": _number(p.bounds[1]), "guess": _number(p.guess)}
            for name, p in statement.parameters.items()
        },
        "tables": {name: {"t": t.tolist(), "value": v.tolist()} for name, (t, v) in statement.tables.items()},
    }
    if not statement.phases[0].name:
        return _present({**data, **_phase(statement.phases[0])})
    data |= {
        "definitions": _expressions(statement.definitions),
        "phases": [{"name": phase.name, **_phase(phase)} for phase in statement.phases],
        "terminal_cost": _text(statement.terminal_cost),
        "boundary_constraints": _constraints(statement.boundary_constraints),
        "links": _constraints(statement.links),
    }
    return _present(data)


def _phase(phase: PhaseStatement) -> dict[str, Any]:
    return _present(
        {
            "states": list(phase.states),
            "controls": list(phase.controls),
            "time": {"t0": _moment(phase.t0), "tf": _moment(phase.tf)},
            "definitions": _expressions(phase.definitions),
            "dynamics": _expressions(phase.dynamics),
            "running_cost": _text(phase.running_cost),
            "terminal_cost": _text(phase.terminal_cost),
            "initial": _ends(phase.initial),
            "final": _ends(phase.final),
            "state_bounds": _pairs(phase.bounds, phase.states),
            "control_bounds": _pairs(phase.bounds, phase.controls),
            "path_constraints": _constraints(phase.path_constraints),
            "boundary_constraints": _constraints(phase.boundary_constraints),
            "guess": {name: [_number(point) for point in points] for name, points in phase.guess.items()},
            "nominal": {name: _number(value) for name, value in phase.nominal.items()},
        }
    )


def _present(data: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if value is not None and value not in ({}, [])}


def _text(expression: Expression | None) -> str | None:
    return None if expression is None else str(expression)


def _number(expression: Expression | None) -> float | str | None:
    """A number as a float, an expression of constants as text."""
    if expression is None:
        return None
    return str(expression) if expression.number is None else expression.number


def _expressions(expressions: Mapping[str, Expression]) -> dict[str, str]:
    return {name: str(expression) for name, expression in expressions.items()}


def _pair(bounds: Bounds) -> list[float | str | None]:
    return [_number(bounds[0]), _number(bounds[1])]


def _pairs(bounds: Mapping[str, Bounds], names: Iterable[str]) -> dict[str, Any]:
    return {name: _pair(bounds[name]) for name in names if bounds.get(name, (None, None)) != (None, None)}


def _ends(bounds: Mapping[str, Bounds]) -> dict[str, Any]:
    return {
        name: _number(pair[0]) if pair[0] == pair[1] else _pair(pair)
        for name, pair in bounds.items()
        if pair != (None, None)
    }


def _moment(moment: Moment) -> Any:
    if moment.fixed:
        return _number(moment.lower)
    free = {"lower": _number(moment.lower), "upper": _number(moment.upper), "guess": _number(moment.guess)}
    return {"free": True, **{key: value for key, value in free.items() if value is not None}}


def _constraints(constraints: Iterable[Constraint]) -> list[dict[str, Any]]:
    return [
        {"expr": str(c.expression), "lower": _number(c.bounds[0]), "upper": _number(c.bounds[1])}
        for c in constraints
    ]
