"""From Pulumi's configuration to the models; every fault is reported at once, with its key."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from typing import Any, cast

from pydantic import BaseModel, ValidationError

from infra.config.contradictions import contradictions
from infra.config.environments import DEFAULTS, Environment
from infra.config.stack import StackConfig
from infra.errors import ConfigError, ConfigFault

NAMESPACE = "costate:"


def load(values: Mapping[str, Any]) -> StackConfig:
    """The configuration from `costate:` keys; ConfigError carries every fault.

    Values are as Pulumi gives them: JSON text for structured ones, else plain text. Keys of other namespaces
    are left alone. The environment's defaults stand below what is given.
    """
    given = {
        key.removeprefix(NAMESPACE): _decoded(value)
        for key, value in values.items()
        if key.startswith(NAMESPACE)
    }
    environment = given.get("environment")
    defaults = DEFAULTS.get(cast("Environment", environment), {}) if isinstance(environment, str) else {}
    try:
        config = StackConfig.model_validate(_merged(defaults, given))
    except ValidationError as error:
        raise ConfigError([_fault(detail) for detail in _causes(error)]) from None
    if faults := contradictions(config):
        raise ConfigError(faults)
    return config


def _decoded(value: Any) -> Any:
    """Pulumi hands lists and objects over as JSON text; numbers and booleans too."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value) if value[:1] in "[{" else value
    except (json.JSONDecodeError, RecursionError):
        return value


def _merged(below: Any, above: Any) -> Any:
    if not (isinstance(below, Mapping) and isinstance(above, Mapping)):
        return above
    return {**below, **{key: _merged(below.get(key), value) for key, value in above.items()}}


def _causes(error: ValidationError) -> list[Any]:
    """Faults that do not follow from others: a list without its faulty items also counts as too short."""
    found = error.errors(include_url=False)
    faulty = {path[:length] for path in (detail["loc"] for detail in found) for length in range(len(path))}
    return [detail for detail in found if not (detail["type"] == "too_short" and detail["loc"] in faulty)]


def _fault(detail: Any) -> ConfigFault:
    """One fault of pydantic's as ours."""
    path = [str(part) for part in detail["loc"]]
    key = NAMESPACE + ".".join(path)
    if detail["type"] == "extra_forbidden":
        known = _known(path[:-1])
        near = difflib.get_close_matches(path[-1], known, 1)
        remedy = f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(known)}"
        return ConfigFault(key, "unknown key", _short(detail["input"]), remedy)
    if detail["type"] == "missing":
        return ConfigFault(key, "is missing", None, "it has no default")
    return ConfigFault(key, detail["msg"].lower(), _short(detail["input"]))


def _short(given: Any) -> Any:
    text = repr(given)
    return given if len(text) <= 80 else f"{text[:77]}..."


def _known(path: list[str]) -> list[str]:
    """The keys allowed at a path of the configuration."""
    model: Any = StackConfig
    for part in path:
        if isinstance(model, type) and issubclass(model, BaseModel) and part in model.model_fields:
            model = _model_in(model.model_fields[part].annotation)
    return sorted(model.model_fields) if isinstance(model, type) and issubclass(model, BaseModel) else []


def _model_in(annotation: Any) -> Any:
    """The model inside `Model | None`, `tuple[Model, ...]` or `dict[str, Model]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = [_model_in(part) for part in getattr(annotation, "__args__", ())]
    return next((model for model in found if model is not None), None)
