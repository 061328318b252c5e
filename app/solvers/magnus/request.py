"""Accepting a problem for the solver `magnus`: every fault named, canonical data, structure. Never imports
JAX."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from app.errors import Faults
from app.problems.expression import suggestion
from app.solvers.magnus.reading import ANNOTATIONS, read
from app.solvers.magnus.statement import Statement


def check(config: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """A `problem_config` as canonical data and the hash of its shapes; InvalidInput with fields relative to
    it."""
    problem = config.get("problem", config) if set(config) == {"problem"} else config
    path = "problem.matrices" if problem is not config else "matrices"
    faults = Faults()
    if not isinstance(problem, Mapping) or "matrices" not in problem:
        faults.add(path, "is missing", None, "the matrices of a Schroedinger, Lindblad or linear problem")
        faults.check()
    for key in problem:
        if key not in ("matrices", *ANNOTATIONS):
            faults.add(str(key)[:64], "unknown key", key, suggestion(str(key), ("matrices",), "keys"))
    statement = _read(problem["matrices"], faults, path)
    matrices = {key: value for key, value in problem["matrices"].items() if key not in ANNOTATIONS}
    return {"matrices": matrices}, _structure(statement)


def parse(problem: Mapping[str, Any]) -> Statement:
    """The statement behind canonical data; InvalidInput where it has faults."""
    return _read(problem.get("matrices"), Faults(), "matrices")


def _read(matrices: Any, faults: Faults, path: str) -> Statement:
    statement = read(matrices, faults, path)
    faults.check()
    if statement is None:
        raise AssertionError("a problem without faults has a statement")
    return statement


def _structure(statement: Statement) -> str:
    """Programs are compiled for shapes only: amplitudes are evaluated outside of them."""
    shapes = [
        statement.kind,
        statement.register.dimension,
        len(statement.terms) + len(statement.collapse) + len(statement.source),
        len(statement.controls),
        statement.slices if statement.controls else statement.times.size,
        [spread.values.size for spread in statement.spreads],
        list(statement.initial.shape),
    ]
    return hashlib.sha256(json.dumps(shapes).encode()).hexdigest()
