"""The reference page of the configuration, made from its models: `python -m infra.config.reference`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Le
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from infra.config.environments import DEFAULTS
from infra.config.reading import NAMESPACE, load
from infra.config.stack import StackConfig

HEAD = """# Configuration

Every key of a stack's `Pulumi.<stack>.yaml`, below `config:`. A dot leads into an object, as with
`pulumi config set --path costate:api.cpu_target 75`.
Made by `make docs` from the models in `infra/config`; do not edit.

A wrong configuration is refused before any resource, with every fault at once: its key, what was given
and what is allowed. Intents are asked for (`size: medium`, `accelerator: l4`), never a cloud's own names.
"""


def page() -> str:
    """The page as Markdown."""
    return "\n".join([HEAD, *_section(StackConfig, NAMESPACE), *_environments(), ""])


def _section(model: type[BaseModel], prefix: str) -> Iterator[str]:
    """A table of the model's keys, then the models inside it."""
    inside: list[tuple[type[BaseModel], str]] = []
    yield f"## `{prefix.rstrip('.')}`" if prefix != NAMESPACE else "## Top level"
    if model.__doc__ and model is not StackConfig:
        yield f"\n{model.__doc__.splitlines()[0]}"
    yield "\n| key | allowed | default | meaning |\n| --- | --- | --- | --- |"
    for name, field in model.model_fields.items():
        nested, suffix = _nested(field.annotation)
        if nested is not None:
            inside.append((nested, f"{prefix}{name}{suffix}."))
        allowed = f"[below](#{_anchor(f'{prefix}{name}{suffix}')})" if nested is not None else _allowed(field)
        yield f"| `{prefix}{name}` | {allowed} | {_default(field)} | {field.description or _about(nested)} |"
    yield ""
    for nested_model, nested_prefix in inside:
        yield from _section(nested_model, nested_prefix)


def _nested(annotation: Any) -> tuple[type[BaseModel] | None, str]:
    """The model inside an annotation, and how an entry of it is written in a key."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, ""
    for argument in get_args(annotation):
        model, _ = _nested(argument)
        if model is not None:
            origin = get_origin(annotation)
            return model, ".N" if origin is tuple else ".NAME" if origin is dict else ""
    return None, ""


def _allowed(field: FieldInfo) -> str:
    if get_origin(field.annotation) is Literal:
        return ", ".join(f"`{choice}`" for choice in get_args(field.annotation))
    if get_origin(field.annotation) is tuple and get_args(field.annotation)[-1] is Ellipsis:
        entry = get_args(field.annotation)[0]
        if get_origin(entry) is not Literal:
            return "list of text"
        return "list of " + ", ".join(f"`{choice}`" for choice in get_args(entry))
    if get_origin(field.annotation) is tuple:
        return "`[request, limit]`"
    if get_origin(field.annotation) is dict:
        return "text by name"
    low = next((limit.ge for limit in field.metadata if isinstance(limit, Ge)), None)
    high = next((limit.le for limit in field.metadata if isinstance(limit, Le)), None)
    if field.annotation is bool:
        return "`true`, `false`"
    return "text" if low is None else f"{low} to {high}"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.default
    if isinstance(value, BaseModel) or value in ({}, (), None, ""):
        return ""
    if isinstance(value, tuple) and isinstance(value[0], BaseModel):
        return "one local cell"
    return f"`{str(list(value) if isinstance(value, tuple) else value).lower()}`"


def _about(model: type[BaseModel] | None) -> str:
    return (model.__doc__ or "").splitlines()[0] if model is not None else ""


def _anchor(key: str) -> str:
    return "".join(letter for letter in key.lower() if letter.isalnum() or letter in "-_")


def _environments() -> Iterator[str]:
    """What the environments set where a stack says nothing."""
    yield "## Defaults by environment\n"
    cloud = {"costate:cells": [{"platform": "aws", "region": "us-east-1"}]}
    built = [
        load({"costate:environment": name, **({} if name == "local" else cloud)}).model_dump()
        for name in DEFAULTS
    ]
    yield "| key | " + " | ".join(DEFAULTS) + " |\n| --- |" + " --- |" * len(DEFAULTS)
    for key in dict.fromkeys(key for name in DEFAULTS for key in _leaves(DEFAULTS[name])):
        yield f"| `{NAMESPACE}{key}` | " + " | ".join(_value(one, key) for one in built) + " |"


def _leaves(values: dict[str, Any], prefix: str = "") -> Iterator[str]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def _value(config: Any, key: str) -> str:
    for part in key.split("."):
        config = None if config is None else config[part]
    return "" if config is None else str(list(config) if isinstance(config, tuple) else config).lower()


if __name__ == "__main__":
    sys.stdout.write(page())
