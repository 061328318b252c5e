"""Property values as they travel between a program and its engine, with secrets and unknowns marked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf import json_format, struct_pb2
from pulumi.runtime import rpc

UNKNOWN: str = rpc.UNKNOWN
"""Stands for a value that only an update will know."""

_SIGNATURE: str = rpc._special_sig_key
_SECRET: str = rpc._special_secret_sig
_RESOURCE: str = rpc._special_resource_sig


@dataclass(frozen=True)
class Secret:
    """A value that the engine keeps encrypted and never shows."""

    value: Any


def decoded(struct: struct_pb2.Struct) -> dict[str, Any]:
    """Properties in Python, secrets as `Secret`, resources as their ids, whole numbers as int."""
    return {key: _decoded(value) for key, value in json_format.MessageToDict(struct).items()}


def _decoded(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_decoded(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get(_SIGNATURE) == _SECRET:
        return Secret(_decoded(value["value"]))
    if value.get(_SIGNATURE) == _RESOURCE:
        return value.get("id") or value["urn"]
    return {key: _decoded(item) for key, item in value.items()}


def encoded(values: Mapping[str, Any]) -> struct_pb2.Struct:
    """The inverse of `decoded`."""
    return json_format.ParseDict({key: _encoded(value) for key, value in values.items()}, struct_pb2.Struct())


def _encoded(value: Any) -> Any:
    if isinstance(value, Secret):
        return {_SIGNATURE: _SECRET, "value": _encoded(value.value)}
    if isinstance(value, list):
        return [_encoded(item) for item in value]
    if isinstance(value, dict):
        return {key: _encoded(item) for key, item in value.items()}
    return value


def revealed(value: Any) -> Any:
    """The value with its secrets open: for checks that look at what a provider would be told."""
    if isinstance(value, Secret):
        return revealed(value.value)
    if isinstance(value, list):
        return [revealed(item) for item in value]
    if isinstance(value, dict):
        return {key: revealed(item) for key, item in value.items()}
    return value


def masked(value: Any) -> Any:
    """The value with each secret replaced by a word: what may be shown or stored."""
    if isinstance(value, Secret):
        return "[secret]"
    if isinstance(value, list):
        return [masked(item) for item in value]
    if isinstance(value, dict):
        return {key: masked(item) for key, item in value.items()}
    return value


def unknown(value: Any) -> bool:
    """Whether the value, or any part of it, is not known yet."""
    return any(UNKNOWN in leaf for _, leaf in leaves(value) if isinstance(leaf, str))


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every number, text and truth value inside, secrets opened, with its path (`rules[0].port`)."""
    if isinstance(value, Secret):
        yield from leaves(value.value, path)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaves(item, f"{path}[{index}]")
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, f"{path}.{key}" if path else key)
    else:
        yield path, value
