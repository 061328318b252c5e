"""Control problems with several objectives: read, and stated as ocp/1 problems of one structure. No JAX.

Every scalarised problem minimises `sum_i weight_i f_i - level` under one row for each objective,

    f_i - slope_i level <= upper_i,

where the level is a parameter that may be held at zero. Weights, slopes and bounds are numbers only, so that
all points of a front share compiled programs, whatever the method. The integral of an objective is a state of
its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.errors import Faults, InvalidInput
from app.problems.canonical import canonical
from app.problems.doors import problem_of
from app.problems.model import Problem, parse
from app.problems.reader import Reader
from app.problems.statement import Statement
from app.solvers.multi_objective.objectives import Objective, read_objectives, read_reference

Array = NDArray[np.float64]
MAX_OBJECTIVES = 3
PREFIX = "front_"  # of names added; refused in the user's
OWN_KEYS = ("objectives", "reference_point")
LEVEL = f"{PREFIX}level"
HIGHEST = 10.0  # level: in ranges of objectives, so never reached
FREE = 1e18  # bound of a row that is replaced before any solve
_COSTS = ("running_cost", "terminal_cost", "sense")


@dataclass(frozen=True)
class ControlFront:
    """The user's problem without its cost (`base`, canonical ocp/1 data), and the objectives.

    `problem` is that of all points, its weights those of a plain sum, its rows free.
    """

    base: dict[str, Any]
    objectives: tuple[Objective, ...]
    reference: dict[str, float] | None
    problem: Problem

    @property
    def data(self) -> dict[str, Any]:
        """The canonical form."""
        data: dict[str, Any] = {
            "problem": self.base,
            "objectives": [objective.to_json() for objective in self.objectives],
        }
        return data | ({"reference_point": self.reference} if self.reference else {})

    @property
    def signs(self) -> Array:
        """What makes every objective one to be minimised, (m,)."""
        return np.array([objective.sign for objective in self.objectives])


def weight(index: int) -> str:
    """The constant that weighs objective `index` (from 0)."""
    return f"{PREFIX}weight_{index + 1}"


def slope(index: int) -> str:
    """The constant that multiplies the level in the row of objective `index`."""
    return f"{PREFIX}slope_{index + 1}"


def integral(index: int) -> str:
    """The state that integrates objective `index`."""
    return f"{PREFIX}integral_{index + 1}"


def read_control_front(config: Mapping[str, Any]) -> ControlFront:
    """The problem; InvalidInput carries every fault, with fields relative to `config`."""
    faults = Faults()
    top = Reader({key: config[key] for key in OWN_KEYS if key in config}, "", faults)
    objectives = read_objectives(top, ("running", "terminal"), MAX_OBJECTIVES)
    reference = read_reference(top, objectives)
    objectives = [_printed(top, index, objective) for index, objective in enumerate(objectives)]
    try:
        problem = problem_of(_with_cost(config), extra=OWN_KEYS)
    except InvalidInput as error:
        faults.extend(error)
        faults.check()
        raise AssertionError("an InvalidInput has at least one fault") from error
    _check_kind(problem, faults)
    faults.check()
    base = {key: value for key, value in canonical(problem.statement).items() if key not in _COSTS}
    _check_objectives(base, objectives, faults)
    faults.check()
    return ControlFront(base, tuple(objectives), reference, parse(_family(base, tuple(objectives))))


def _with_cost(config: Mapping[str, Any]) -> dict[str, Any]:
    """The problem's own cost is not used, so it need not have one."""
    problem = config.get("problem")
    if isinstance(problem, Mapping) and not any(problem.get(key) is not None for key in _COSTS[:2]):
        return {**config, "problem": {**problem, "terminal_cost": 0}}
    return dict(config)


def _printed(top: Reader, index: int, objective: Objective) -> Objective:
    """The objective with its expressions in canonical text; faults of grammar are noted."""
    expressions = {}
    for key, value in objective.expressions.items():
        expression = top.expression(value, f"objectives.{index}.{key}")
        expressions[key] = "0" if expression is None else str(expression)
    return replace(objective, expressions=expressions)


def _check_kind(problem: Problem, faults: Faults) -> None:
    if len(problem.phases) > 1:
        faults.add("problem.phases", "fronts are of one phase", f"{len(problem.phases)} phases", "one phase")
    if problem.sweep:
        faults.add("problem.constants", "fronts take no sweeps", f"{problem.sweep} rows", "one row")
    for name in _names(problem.statement):
        if name.startswith(PREFIX):
            faults.add("problem", f"names do not begin with {PREFIX!r} here", name, "another name")


def _names(statement: Statement) -> list[str]:
    phase = statement.phases[0]
    return [
        *phase.states, *phase.controls, *statement.constants, *statement.parameters, *statement.tables,
        *phase.definitions,
    ]  # fmt: skip


def _family(base: dict[str, Any], objectives: tuple[Objective, ...]) -> dict[str, Any]:
    """The problem of all points, as data; its last boundary constraints are the rows of the objectives."""
    weights = {weight(index): objective.sign for index, objective in enumerate(objectives)}
    slopes = {slope(index): 0.0 for index in range(len(objectives))}
    integrals = {
        integral(index): objective.expressions["running"]
        for index, objective in enumerate(objectives)
        if "running" in objective.expressions
    }
    data = {
        **base,
        "constants": {**base.get("constants", {}), **weights, **slopes},
        "parameters": {
            **base.get("parameters", {}),
            LEVEL: {"lower": -HIGHEST, "upper": HIGHEST, "guess": 0.0},
        },
        "states": [*base["states"], *integrals],
        "dynamics": {**base["dynamics"], **integrals},
        "initial": {**base.get("initial", {}), **dict.fromkeys(integrals, 0.0)},
        "boundary_constraints": [
            *base.get("boundary_constraints", []),
            *({"expr": _row(index, one), "upper": FREE} for index, one in enumerate(objectives)),
        ],
    }
    terminal = [f"-{LEVEL}", *_weighted(objectives, "terminal")]
    costs = {"terminal_cost": terminal, "running_cost": _weighted(objectives, "running")}
    return data | {key: " + ".join(terms) for key, terms in costs.items() if terms}


def _weighted(objectives: tuple[Objective, ...], key: str) -> list[str]:
    return [
        f"{weight(index)}*({objective.expressions[key]})"
        for index, objective in enumerate(objectives)
        if key in objective.expressions
    ]


def _row(index: int, objective: Objective) -> str:
    terms = [f"{objective.sign}*({part})" for part in _parts(index, objective)]
    return " + ".join(terms) + f" - {slope(index)}*{LEVEL}"


def _parts(index: int, objective: Objective) -> list[str]:
    """What an objective is the sum of at the end."""
    terminal = [objective.expressions["terminal"]] if "terminal" in objective.expressions else []
    return terminal + ([f"{integral(index)}_f"] if "running" in objective.expressions else [])


def _check_objectives(base: dict[str, Any], objectives: list[Objective], faults: Faults) -> None:
    """Each objective as the cost of the problem: what is wrong then is wrong with it."""
    for index, objective in enumerate(objectives):
        costs = {f"{key}_cost": expression for key, expression in objective.expressions.items()}
        try:
            found = parse({**base, **costs}).faults
            if found:
                raise InvalidInput([fault.to_error() for fault in found])
        except InvalidInput as error:
            faults.extend(
                InvalidInput(
                    [
                        replace(fault, field=f"objectives.{index}.{fault.field.removesuffix('_cost')}")
                        for fault in error.errors
                    ]
                )
            )
