"""The template library: real problems ready to solve, with the values a user may change."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

from app.errors import Faults, FieldError, InvalidInput
from app.problems.expression import suggestion
from app.problems.short_forms import integrator_chain, linear_quadratic

# Parts of a problem that overrides may change key by key; the rest makes another problem.
GROUPS = (
    "constants",
    "initial",
    "final",
    "state_bounds",
    "control_bounds",
    "time",
    "guess",
    "nominal",
    "tables",
)

_FORMS: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "integrator_chain": integrator_chain,
    "linear_quadratic": linear_quadratic,
}


@dataclass(frozen=True)
class TemplateParameter:
    """A value of a template that users may change.

    `path` is its dotted place in the problem (of a form: the key); `lower` and
    `upper` bound what makes sense.
    """

    name: str
    title: str
    path: str
    default: Any
    unit: str | None = None
    lower: float | None = None
    upper: float | None = None


@dataclass(frozen=True)
class Template:
    """One problem of the library; `form` names the short form it is written in, None for ocp/1."""

    name: str
    title: str
    description: str
    source: str
    tags: tuple[str, ...]
    parameters: tuple[TemplateParameter, ...]
    form: str | None
    problem: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        """The template as the API shows it: ocp/1 with the defaults filled in."""
        return {
            "name": self.name,
            "title": self.title,
            "description": self.description,
            "source": self.source,
            "tags": list(self.tags),
            "parameters": [vars(parameter) for parameter in self.parameters],
            "problem": expand(self.name),
        }


def templates() -> list[Template]:
    """All templates, by name."""
    return list(_library().values())


def template(name: str) -> Template:
    """One template; InvalidInput (field `template`) with near misses when there is none of that name."""
    found = _library().get(name) if isinstance(name, str) else None
    if found is None:
        remedy = suggestion(str(name), _library(), "templates")
        raise InvalidInput([FieldError("template", "unknown template", str(name)[:64], remedy)])
    return found


def expand(name: str, overrides: Any = None) -> dict[str, Any]:
    """The ocp/1 problem of a template with `overrides` applied.

    An override is one of the template's parameters by name, or one of GROUPS with the values to change in
    it. Unknown ones and values out of range are InvalidInput (fields `overrides.NAME`).
    """
    found = template(name)
    problem = copy.deepcopy(found.problem)
    faults = Faults()
    if overrides is None:
        overrides = {}
    elif not isinstance(overrides, Mapping):
        faults.add("overrides", "must be an object", overrides, "{name: value, ...}")
        overrides = {}
    known = {parameter.name: parameter for parameter in found.parameters}
    for key, value in overrides.items():
        if key in known:
            _set_parameter(problem, known[key], value, faults)
        elif key in GROUPS and found.form is None:
            _set_group(problem, key, value, faults)
        else:
            groups = GROUPS if found.form is None else ()
            remedy = suggestion(str(key), [*known, *groups], "overrides")
            faults.add(f"overrides.{str(key)[:64]}", "the template has no such value", key, remedy)
    faults.check()
    if found.form is None:
        return problem
    try:
        return _FORMS[found.form](problem)
    except InvalidInput as error:
        raise error.under("overrides") from error


def _set_parameter(problem: dict[str, Any], parameter: TemplateParameter, value: Any, faults: Faults) -> None:
    field = f"overrides.{parameter.name}"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        low, high = parameter.lower, parameter.upper
        if (low is not None and not value >= low) or (high is not None and not value <= high):
            unit = f" {parameter.unit}" if parameter.unit else ""
            faults.add(field, "is out of range", value, f"{low} to {high}{unit}".replace("None", "any"))
            return
    elif parameter.lower is not None and not isinstance(value, (str, list)):
        faults.add(field, "must be a number", value, f"such as {parameter.default}")
        return
    *way, last = parameter.path.split(".")
    place: Any = problem
    for key in way:
        place = place[int(key)] if isinstance(place, list) else place.setdefault(key, {})
    if isinstance(place, list):
        place[int(last)] = value
    else:
        place[last] = value


def _set_group(problem: dict[str, Any], group: str, value: Any, faults: Faults) -> None:
    if not isinstance(value, Mapping):
        faults.add(f"overrides.{group}", "must be an object", value, "{name: value, ...}")
        return
    there = problem.get(group, {})
    if group in ("constants", "tables"):
        for name in value:
            if name not in there:
                remedy = suggestion(str(name), there, group)
                faults.add(
                    f"overrides.{group}.{str(name)[:64]}", "the template has no such value", name, remedy
                )
    problem[group] = {**there, **value}


@lru_cache(maxsize=1)
def _library() -> dict[str, Template]:
    found = {}
    for entry in sorted(
        (resources.files("app.problems") / "templates").iterdir(), key=lambda entry: entry.name
    ):
        if entry.name.endswith(".json"):
            name = entry.name.removesuffix(".json")
            found[name] = _read(name, json.loads(entry.read_text(encoding="utf-8")))
    return found


def _read(name: str, data: Mapping[str, Any]) -> Template:
    return Template(
        name=name,
        title=data["title"],
        description=data["description"],
        source=data["source"],
        tags=tuple(data["tags"]),
        parameters=tuple(
            TemplateParameter(**parameter, default=_at(data["problem"], parameter["path"]))
            for parameter in data["parameters"]
        ),
        form=data.get("form"),
        problem=data["problem"],
    )


def _at(problem: Any, path: str) -> Any:
    for key in path.split("."):
        problem = problem[int(key)] if isinstance(problem, list) else problem[key]
    return problem
