"""Objectives as stated: names, senses and expressions, common to both kinds of problems. No JAX."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.problems.reader import Reader

MAX_OBJECTIVES = 8


@dataclass(frozen=True)
class Objective:
    """One objective: `name`, whether it is maximised, and its expressions by key, as text or number."""

    name: str
    maximise: bool
    expressions: dict[str, Any]

    @property
    def sign(self) -> float:
        """What makes the objective one to be minimised."""
        return -1.0 if self.maximise else 1.0

    def to_json(self) -> dict[str, Any]:
        """Plain data, canonical."""
        return {"name": self.name, "sense": "max" if self.maximise else "min", **self.expressions}


def read_objectives(top: Reader, keys: tuple[str, ...], most: int = MAX_OBJECTIVES) -> list[Objective]:
    """The list under `objectives`; each needs at least one of the expressions `keys`."""
    found: list[Objective] = []
    given = top.items("objectives", most)
    for value, path in given:
        inner = top.of(value, path)
        inner.only(("name", "sense", *keys), ("title", "description", "unit"))
        name = inner.data.get("name")
        if not isinstance(name, str) or not name or len(name) > 64:
            inner.faults.add(inner.at("name"), "must be a name", name, "text of at most 64 characters")
            name = path
        elif name in [objective.name for objective in found]:
            inner.faults.add(inner.at("name"), f"{name!r} is given twice", name, "distinct names")
        sense = inner.data.get("sense") or "min"
        if sense not in ("min", "max"):
            inner.faults.add(inner.at("sense"), "unknown sense", sense, "min or max")
        expressions = {key: inner.data[key] for key in keys if inner.data.get(key) is not None}
        if not expressions:
            inner.faults.add(path, "the objective has no expression", None, " or ".join(keys))
        for key, expression in expressions.items():
            if isinstance(expression, bool) or not isinstance(expression, (str, int, float)):
                inner.faults.add(inner.at(key), "must be an expression", expression, "text such as '2*x'")
        found.append(Objective(name, sense == "max", expressions))
    if isinstance(top.data.get("objectives"), list) and len(top.data["objectives"]) > most:
        return found
    if len(found) < 2:
        count = "there are no objectives" if not found else "there is one objective only"
        top.faults.add(top.at("objectives"), count, len(found), f"2 to {most} objectives")
    return found


def read_reference(top: Reader, objectives: list[Objective]) -> dict[str, float] | None:
    """The reference point of the hypervolume: one number for each objective, None where not given."""
    given = top.data.get("reference_point")
    if given is None:
        return None
    names = [objective.name for objective in objectives]
    if not isinstance(given, Mapping) or sorted(map(str, given)) != sorted(names):
        top.faults.add(top.at("reference_point"), "needs one number for each objective", given, str(names))
        return None
    for name, value in given.items():
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) <= 1e100:
            top.faults.add(top.at(f"reference_point.{name}"), "must be a finite number", value, "a number")
            return None
    return {name: float(given[name]) for name in names}
