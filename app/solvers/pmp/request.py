"""Accepting a problem for the solver `pmp`: what it cannot do is said before anything is solved. No JAX."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.errors import Faults
from app.problems.doors import problem_of
from app.problems.model import Problem

REMEDY = "solver_type 'collocation' takes such problems"


def accepted(config: Mapping[str, Any]) -> Problem:
    """The problem that a `problem_config` states; InvalidInput where it lies outside this solver's means.

    One phase, no path constraints, no sweep. Bounds of states are taken: they are looked at in the end.
    """
    problem = problem_of(config)
    prefix = "problem" if "problem" in config else ""
    faults = Faults()

    def refuse(field: str, message: str, given: Any) -> None:
        faults.add(f"{prefix}.{field}".strip("."), message, given, REMEDY)

    if len(problem.phases) > 1:
        refuse("phases", "the solver 'pmp' takes one phase", f"{len(problem.phases)} phases")
    for phase in problem.phases:
        for label in phase.path_labels:
            field, _, expression = label.partition(": ")
            refuse(field, "the solver 'pmp' takes no path constraints", expression)
    if problem.sweep:
        refuse("constants", "the solver 'pmp' takes no sweeps", f"{problem.sweep} rows")
    faults.check()
    return problem
