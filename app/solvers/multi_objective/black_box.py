"""Problems of variables alone: read as ocp/1 problems without dynamics, so that all its checks hold here too.

Variables become parameters, objectives and constraints boundary constraints (in this order), and one state
that never moves takes the place of dynamics. Never imports JAX.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.errors import Faults, FieldError, InvalidInput
from app.problems.canonical import canonical
from app.problems.model import Problem, parse
from app.problems.reader import Reader
from app.solvers.multi_objective.objectives import Objective, read_objectives, read_reference

Array = NDArray[np.float64]
MAX_VARIABLES = 64
MAX_CONSTRAINTS = 64
ANNOTATIONS = ("title", "description", "source", "schema")
KEYS = ("variables", "constants", "tables", "definitions", "objectives", "constraints", "reference_point")
RESTING = "resting__state"
UNKNOWN = {"t", "t0", "tf", RESTING, f"{RESTING}_0", f"{RESTING}_f"}  # names that ocp/1 has and this has not
NAMES = "the names of variables, constants and definitions"
FREE = -1e18  # bound of an objective's row: none


@dataclass(frozen=True)
class BlackBox:
    """The problem: `problem.p_lower, p_upper (d,)` bounds, its boundary rows are objectives, then constraints.

    `data` is the canonical form.
    """

    objectives: tuple[Objective, ...]
    reference: dict[str, float] | None
    problem: Problem
    data: dict[str, Any]

    @property
    def signs(self) -> Array:
        """What makes every objective one to be minimised, (m,)."""
        return np.array([objective.sign for objective in self.objectives])

    @property
    def constraint_lower(self) -> Array:
        """Lower bounds of the constraints, (c,)."""
        return self.problem.b_lower[len(self.objectives) :]

    @property
    def constraint_upper(self) -> Array:
        """Upper bounds of the constraints, (c,)."""
        return self.problem.b_upper[len(self.objectives) :]

    def named(self, p: Array) -> dict[str, float]:
        """The values of all variables by name."""
        return dict(zip(self.problem.parameters, p.tolist(), strict=True))


def read_black_box(config: Mapping[str, Any]) -> BlackBox:
    """The problem; InvalidInput carries every fault, with fields relative to `config`."""
    faults = Faults()
    top = Reader(config, "", faults)
    top.only(KEYS, ANNOTATIONS)
    variables = _variables(top)
    objectives = read_objectives(top, ("expr",))
    reference = read_reference(top, objectives)
    try:
        problem = parse(_without_dynamics(top, variables, objectives))
    except InvalidInput as error:
        faults.extend(InvalidInput([_said(fault, len(objectives)) for fault in error.errors]))
        faults.check()
        raise AssertionError("an InvalidInput has at least one fault") from error
    if problem.sweep:
        faults.add("constants", "sweeps are not taken here", f"{problem.sweep} rows", "one row")
    _check_names(problem, len(objectives), faults)
    _check_bounds(problem, faults)
    faults.check()
    return BlackBox(tuple(objectives), reference, problem, _canonical(problem, objectives, reference))


def _variables(top: Reader) -> dict[str, Any]:
    inner = top.inner("variables")
    if not inner.data:
        top.faults.add("variables", "there are no variables", None, "{name: {lower, upper}}")
    elif len(inner.data) > MAX_VARIABLES:
        top.faults.add("variables", f"are {len(inner.data):,}", None, f"at most {MAX_VARIABLES}")
        return {}
    found = {}
    for name, value in inner.data.items():
        entry = inner.of(value, inner.at(name[:64]))
        entry.only(("lower", "upper"), ("title", "description", "unit"))
        for key in ("lower", "upper"):
            if entry.data.get(key) is None:
                entry.faults.add(entry.at(key), "the bound is missing", None, "a number")
        found[name] = {key: entry.data.get(key) for key in ("lower", "upper")}
    return found


def _without_dynamics(top: Reader, variables: dict[str, Any], objectives: list[Objective]) -> dict[str, Any]:
    """The ocp/1 problem that says the same."""
    rows = [{"expr": objective.expressions.get("expr", 0), "lower": FREE} for objective in objectives]
    rows += [top.of(value, path).data for value, path in top.items("constraints", MAX_CONSTRAINTS)]
    return {
        "states": [RESTING],
        "dynamics": {RESTING: 0},
        "initial": {RESTING: 0},
        "time": {"t0": 0, "tf": 1},
        "terminal_cost": f"{RESTING}_f",
        "parameters": variables,
        "boundary_constraints": rows,
        **{key: top.data.get(key) or {} for key in ("constants", "tables", "definitions")},
    }


def _said(fault: FieldError, objectives: int) -> FieldError:
    """The fault in the words of the user."""
    field = _place(fault.field, objectives)
    if fault.allowed is not None and RESTING in fault.allowed:
        return replace(fault, field=field, allowed=NAMES)
    return replace(fault, field=field)


def _place(field: str, objectives: int) -> str:
    match = re.fullmatch(r"boundary_constraints\.(\d+)(.*)", field)
    if match is None:
        return re.sub(r"^parameters\b", "variables", field)
    index = int(match[1])
    if index < objectives:
        return f"objectives.{index}{match[2]}"
    return f"constraints.{index - objectives}{match[2]}"


def _check_names(problem: Problem, objectives: int, faults: Faults) -> None:
    """Times and end values mean something in ocp/1, but not here."""
    phase = problem.statement.phases[0]
    named = [
        *((_place(f"{row.path}.expr", objectives), row.expression) for row in phase.boundary_constraints),
        *((f"definitions.{name}", expression) for name, expression in phase.definitions.items()),
    ]
    for path, expression in named:
        for name in sorted(expression.names & UNKNOWN):
            faults.add(path, f"unknown name {name!r}", expression.source, NAMES)


def _check_bounds(problem: Problem, faults: Faults) -> None:
    for name, low, high in zip(problem.parameters, problem.p_lower, problem.p_upper, strict=True):
        if not (np.isfinite(low) and np.isfinite(high) and low < high):
            given, allowed = f"[{low:g}, {high:g}]", "finite numbers, lower < upper"
            faults.add(f"variables.{name}", "the bounds leave no range", given, allowed)


def _canonical(
    problem: Problem, objectives: list[Objective], reference: dict[str, float] | None
) -> dict[str, Any]:
    """The data without annotations and absent things."""
    ocp = canonical(problem.statement)
    rows = ocp["boundary_constraints"]
    variables = {name: {"lower": p["lower"], "upper": p["upper"]} for name, p in ocp["parameters"].items()}
    data = {
        "variables": variables,
        "objectives": [
            {**objective.to_json(), "expr": row["expr"]}
            for objective, row in zip(objectives, rows, strict=False)
        ],
        "constraints": rows[len(objectives) :],
        **{key: ocp.get(key) for key in ("constants", "tables", "definitions")},
        "reference_point": reference,
    }
    return {key: value for key, value in data.items() if value}
