"""Names that influence nothing: likely slips, so they are warned of, but no reason to refuse a problem."""

from __future__ import annotations

from collections.abc import Mapping

from app.problems.expression import Expression
from app.problems.statement import PhaseStatement, Statement


def unused(statement: Statement, used: set[str]) -> tuple[str, ...]:
    """One warning for each name without influence; `used` are the names that expressions looked up."""
    everywhere = used | {name for rows in statement.constants.values() for row in rows for name in row.names}
    everywhere |= _names_of_numbers(statement)
    warnings = [
        f"constant {name!r} is used nowhere" for name in statement.constants if name not in everywhere
    ]
    warnings += [
        f"parameter {name!r} influences nothing" for name in statement.parameters if name not in used
    ]
    warnings += [
        f"table {name!r} is used nowhere" for name in statement.tables if f"table {name}" not in used
    ]
    for phase in statement.phases:
        where = f" in phase {phase.name!r}" if phase.name else ""
        definitions = {**statement.definitions, **phase.definitions}
        warnings += [f"definition {name!r} is used nowhere" for name in phase.definitions if name not in used]
        influences = _influences(phase, definitions)
        for kind, names in (("state", phase.states), ("control", phase.controls)):
            for name in names:
                ends = {f"{prefix}{name}_{end}" for prefix in ("", f"{phase.name}_") for end in "0f"}
                if name not in influences and not ends & used and name not in (phase.final | phase.bounds):
                    warnings.append(f"{kind} {name!r} influences nothing{where}")
    return tuple(warnings)


def _influences(phase: PhaseStatement, definitions: Mapping[str, Expression]) -> set[str]:
    """Names that reach a cost, a constraint or the dynamics of another state."""
    found: set[str] = set()
    costs = [cost for cost in (phase.running_cost, phase.terminal_cost) if cost is not None]
    expressions = [*costs, *(c.expression for c in (*phase.path_constraints, *phase.boundary_constraints))]
    for names in [expression.names for expression in expressions]:
        found |= _closure(names, definitions)
    for state, dynamics in phase.dynamics.items():
        found |= _closure(dynamics.names, definitions) - {state}
    return found


def _closure(names: frozenset[str], definitions: Mapping[str, Expression]) -> set[str]:
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += definitions[name].names if name in definitions else ()
    return found


def _names_of_numbers(statement: Statement) -> set[str]:
    """Names used where numbers stand: bounds, end values, times, guesses."""
    numbers: list[Expression | None] = []
    for parameter in statement.parameters.values():
        numbers += [*parameter.bounds, parameter.guess]
    constraints = [*statement.boundary_constraints, *statement.links]
    for phase in statement.phases:
        for moment in (phase.t0, phase.tf):
            numbers += [moment.lower, moment.upper, moment.guess]
        for bounds in (*phase.initial.values(), *phase.final.values(), *phase.bounds.values()):
            numbers += bounds
        numbers += [*phase.nominal.values(), *(point for points in phase.guess.values() for point in points)]
        constraints += [*phase.path_constraints, *phase.boundary_constraints]
    for constraint in constraints:
        numbers += constraint.bounds
    return {name for number in numbers if number is not None for name in number.names}
