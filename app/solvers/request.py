"""Checking a request before it is accepted: every fault named, one canonical form, a digest.

The API process uses this module, so neither it nor what it imports may import JAX.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from pydantic import ValidationError

from app.errors import Faults, InvalidInput, from_pydantic
from app.problems.expression import suggestion
from app.solvers.registry import SOLVERS, Solver


@dataclass(frozen=True)
class CheckedRequest:
    """A request that will be solved.

    `problem` is canonical data with templates and short forms written out, `options` has every default filled
    in. Equal `digest`: the same question, so the same answer. Equal `structure`: the same solver and the same
    expressions but for numbers, so compiled programs are shared.
    """

    solver_type: str
    problem: dict[str, Any]
    options: dict[str, Any]
    digest: str
    structure: str

    def body(self) -> dict[str, Any]:
        """What to send for the same answer, everything written out."""
        return {
            "solver_type": self.solver_type,
            "problem_config": {"problem": self.problem},
            "solver_config": self.options,
        }

    def to_json(self) -> dict[str, Any]:
        """Plain data, for the queue and the database."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> CheckedRequest:
        """The inverse of `to_json`."""
        return cls(**data)


@dataclass(frozen=True)
class SolverInfo:
    """A solver as `GET /api/solvers` shows it; `options` is the JSON schema of its `solver_config`."""

    name: str
    title: str
    description: str
    options: dict[str, Any]


def check(
    solver_type: str, problem_config: Mapping[str, Any], solver_config: Mapping[str, Any] | None = None
) -> CheckedRequest:
    """The request in canonical form; InvalidInput carries every fault, fields as in the request body."""
    solver = _solver(solver_type)
    faults = Faults()
    options: dict[str, Any] = {}
    try:
        options = solver.options.model_validate({} if solver_config is None else solver_config).model_dump()
    except ValidationError as error:
        faults.extend(_with_suggestions(from_pydantic(error, "solver_config"), solver))
    try:
        problem = solver.check(problem_config)
    except InvalidInput as error:
        faults.extend(error.under("problem_config"))
        faults.check()
        raise AssertionError("an InvalidInput has at least one fault") from error
    faults.check()
    solver.suits(problem.data, options)
    return CheckedRequest(
        solver_type=solver.name,
        problem=problem.data,
        options=options,
        digest=_digest([solver.name, problem.data, options]),
        structure=_digest([solver.name, problem.structure]),
    )


def solvers() -> list[SolverInfo]:
    """Every solver, with the schema of its options."""
    return [
        SolverInfo(solver.name, solver.title, solver.description, solver.options.model_json_schema())
        for solver in SOLVERS.values()
    ]


def _solver(solver_type: Any) -> Solver:
    if not isinstance(solver_type, str) or solver_type not in SOLVERS:
        faults = Faults()
        faults.add(
            "solver_type", "unknown solver", solver_type, suggestion(str(solver_type), SOLVERS, "solvers")
        )
        faults.check()
    return SOLVERS[solver_type]


def _with_suggestions(error: InvalidInput, solver: Solver) -> InvalidInput:
    """Unknown options get the remedy that pydantic does not give."""
    known = list(solver.options.model_fields)
    faults = Faults()
    for fault in error.errors:
        name = fault.field.removeprefix("solver_config").lstrip(".")
        unknown = name not in known and "." not in name and name != ""
        remedy = suggestion(name, known, "options") if unknown else fault.allowed
        faults.add(fault.field, "unknown option" if unknown else fault.message, fault.given, remedy)
    try:
        faults.check()
    except InvalidInput as improved:
        return improved
    return error


def _digest(data: Any) -> str:
    """SHA-256 of JSON with sorted keys."""
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
