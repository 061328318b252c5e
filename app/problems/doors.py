"""The ways into a problem: `problem` (ocp/1), `template`, `matrices`, or the keys of the short form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from app.errors import Faults, FieldError, InvalidInput
from app.problems.expression import suggestion
from app.problems.library import expand, template
from app.problems.model import Problem, parse
from app.problems.short_forms import CHAIN_KEYS, integrator_chain, linear_quadratic

DOORS = ("problem", "template", "matrices")


def problem_of(config: Mapping[str, Any], extra: tuple[str, ...] = ()) -> Problem:
    """The problem that a `problem_config` states; keys in `extra` belong to the solver and are left to it.

    InvalidInput carries every fault, with fields relative to `config`, named as the user wrote them.
    """
    if not isinstance(config, Mapping):
        raise InvalidInput(
            [FieldError("", "must be an object", None, "{problem: {...}} or {template: name}")]
        )
    _check_keys(config, extra)
    if "problem" in config:
        return _parse(config["problem"], lambda field: f"problem.{field}".rstrip("."))
    if "template" in config:
        found = template(config["template"])
        ocp = expand(found.name, config.get("overrides"))
        places = {parameter.path: parameter.name for parameter in found.parameters}
        return _parse(ocp, lambda field: f"overrides.{_named(field, places)}")
    if "matrices" in config:
        if not isinstance(config["matrices"], Mapping):
            raise InvalidInput([FieldError("matrices", "must be an object", None, "{A, B, Q, R, x0, tf}")])
        try:
            ocp = linear_quadratic(config["matrices"])
        except InvalidInput as error:
            raise error.under("matrices") from error
        return _parse(
            ocp, lambda field: f"matrices.{field.removeprefix('time.')}" if "time" in field else "matrices"
        )
    chain = {key: value for key, value in config.items() if key not in extra}
    return _parse(integrator_chain(chain), lambda field: field.removeprefix("time."))


def _check_keys(config: Mapping[str, Any], extra: tuple[str, ...]) -> None:
    """Exactly one door, and nothing beside it."""
    faults = Faults()
    given = [door for door in DOORS if door in config]
    short = [key for key in CHAIN_KEYS if key in config]
    if len(given) > 1 or (given and short):
        faults.add(
            "", "states more than one problem", ", ".join([*given, *short]), "exactly one of " + _ALLOWED
        )
    elif not given and not short:
        faults.add("", "states no problem", ", ".join(map(str, config))[:200], "one of " + _ALLOWED)
    allowed = [*given, *extra]
    if given == ["template"]:
        allowed.append("overrides")
    if given:
        for key in config:
            if key not in (*allowed, *DOORS, *CHAIN_KEYS):
                faults.add(str(key)[:64], "unknown key", key, suggestion(str(key), allowed, "keys"))
    faults.check()


_ALLOWED = "problem, template, matrices, or the short form (" + ", ".join(CHAIN_KEYS) + ")"


def _parse(ocp: Any, field: Callable[[str], str]) -> Problem:
    try:
        if not isinstance(ocp, Mapping):
            raise InvalidInput([FieldError("", "must be an object", type(ocp).__name__, "an ocp/1 problem")])
        problem = parse(ocp)
        if problem.faults:
            raise InvalidInput([fault.to_error() for fault in problem.faults])
        return problem
    except InvalidInput as error:
        raise InvalidInput([replace(fault, field=field(fault.field)) for fault in error.errors]) from error


def _named(field: str, places: Mapping[str, str]) -> str:
    """The name of the parameter that stands at a place of the problem, else the place."""
    for path, name in places.items():
        if field == path or field.startswith(f"{path}."):
            return name + field[len(path) :]
    return field
