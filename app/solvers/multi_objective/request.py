"""Accepting a problem for the solver `multi_objective`: which of the two kinds it is, and its checks. No JAX."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from app.errors import Faults, InvalidInput
from app.problems.expression import suggestion
from app.solvers.multi_objective.black_box import BlackBox, read_black_box
from app.solvers.multi_objective.control_front import ControlFront, read_control_front
from app.solvers.multi_objective.examples import TEST_PROBLEMS

FOREIGN = "variables", "objectives", "template"  # to ocp/1: what has one of these is no control problem alone
METHODS = {"variables": ("auto", "nsga2", "nsga3"), "problem": ("auto", "nbi", "epsilon")}
EXAMPLE_KEYS = ("template", "reference_point")


def read(config: Mapping[str, Any]) -> BlackBox | ControlFront:
    """The problem that a `problem_config` states; InvalidInput carries every fault.

    `variables` make it one of variables alone (so does the name of a test problem as `template`), anything
    else is a control problem with `objectives`. All of it may stand under `problem`, as problems of other
    solvers do.
    """
    inner = config.get("problem")
    if len(config) == 1 and isinstance(inner, Mapping) and any(key in inner for key in FOREIGN):
        try:
            return read(inner)
        except InvalidInput as error:
            raise error.under("problem") from error
    template = config.get("template")
    if isinstance(template, str) and template in TEST_PROBLEMS:
        faults = Faults()
        for key in config:
            if key not in EXAMPLE_KEYS:
                faults.add(str(key)[:64], "unknown key", key, suggestion(str(key), EXAMPLE_KEYS))
        faults.check()
        extra = {key: value for key, value in config.items() if key != "template"}
        return read_black_box({**TEST_PROBLEMS[template], **extra})
    return read_black_box(config) if "variables" in config else read_control_front(config)


def check(config: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """Canonical data and the hash of the structure; InvalidInput carries every fault."""
    found = read(config)
    senses = [objective.sign for objective in found.objectives]
    text = json.dumps([found.problem.structure.digest, senses])
    return found.data, hashlib.sha256(text.encode()).hexdigest()


def check_method(data: Mapping[str, Any], options: Mapping[str, Any]) -> None:
    """InvalidInput where the method does not suit the kind of problem."""
    kind = "variables" if "variables" in data else "problem"
    if options["method"] not in METHODS[kind]:
        what = "problems of variables alone" if kind == "variables" else "control problems"
        faults = Faults()
        faults.add("solver_config.method", f"is not for {what}", options["method"], ", ".join(METHODS[kind]))
        faults.check()
