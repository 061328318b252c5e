"""What a resource type takes and gives, read off the installed SDK; wrong inputs are named with their path."""

from __future__ import annotations

import difflib
import enum
import importlib
import inspect
import json
import sys
import threading
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any

import pulumi
from pulumi import _types
from pulumi.runtime import rpc

from infra.recorder.values import UNKNOWN, Secret

PACKAGES = {
    "aws": "pulumi_aws",
    "gcp": "pulumi_gcp",
    "azure-native": "pulumi_azure_native",
    "kubernetes": "pulumi_kubernetes",
}
"""The SDK of each provider; it is imported when a resource of it is first seen."""

PROVIDER = "pulumi:providers:"
"""Begins the type of a provider's own instance."""

UNCHECKED = ("pulumi:pulumi:", "pulumi-python:dynamic")
"""Types of the engine itself: no SDK describes their inputs."""


_LOADING = threading.RLock()
"""The SDKs load their parts when first looked at, which two threads must not do at once."""


@dataclass(frozen=True)
class Fault:
    """An input that the provider would refuse."""

    resource: str
    type: str
    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.resource} ({self.type}): {self.path}: {self.message}"


@dataclass(frozen=True)
class Schema:
    """A resource type of an SDK."""

    typename: str
    inputs: Mapping[str, Any]
    """Type of each input, by the name that the provider knows."""
    required: frozenset[str]
    outputs: Mapping[str, Any]


@cache
def schema(token: str) -> Schema:
    """The schema of a type such as `aws:ec2/vpc:Vpc`; LookupError where the SDK has no such type."""
    with _LOADING:
        cls = _class_of(token)
        arguments = _arguments_of(cls)
        return Schema(
            token, _types.input_type_types(arguments), required(arguments), _types.resource_types(cls)
        )


def described(token: str) -> bool:
    """Whether an SDK describes the type; components and the engine's own types are described by none."""
    if token.startswith(PROVIDER):
        return token.removeprefix(PROVIDER) in PACKAGES
    return not token.startswith(UNCHECKED) and token.split(":")[0] in PACKAGES and not _custom(token)


def _custom(token: str) -> bool:
    """Whether a Kubernetes type is of a group that the SDK does not have: one that an add-on defines."""
    package, group, _ = token.split(":")
    if package != "kubernetes":
        return False
    importlib.import_module(PACKAGES[package])
    return not getattr(rpc.get_resource_module(package, group, ""), "mod_info", None)


def _class_of(token: str) -> type:
    provider = token.startswith(PROVIDER)
    package = token.removeprefix(PROVIDER) if provider else token.split(":")[0]
    sdk = importlib.import_module(PACKAGES[package])
    if provider:
        return _type(sdk.Provider)
    module = rpc.get_resource_module(package, token.split(":")[1], "")
    info = getattr(module, "mod_info", {"classes": {}})
    if token not in info["classes"]:
        raise LookupError(f"{PACKAGES[package]} has no resource type {token}")
    return _type(getattr(importlib.import_module(info["fqn"]), info["classes"][token]))


def _type(found: object) -> type:
    if not isinstance(found, type):
        raise LookupError(f"{found!r} is no class")
    return found


def _arguments_of(cls: type) -> type:
    """The class of a resource's arguments: beside it, `<Name>Args` or, in Kubernetes, `<Name>InitArgs`."""
    module = sys.modules[cls.__module__]
    for suffix in ("InitArgs", "Args"):
        found = getattr(module, cls.__name__ + suffix, None)
        if found is not None and _types.is_input_type(found):
            return _type(found)
    raise LookupError(f"{cls.__module__} has no arguments for {cls.__name__}")


@cache
def required(arguments: type) -> frozenset[str]:
    """Names, as the provider knows them, of inputs without a default."""
    names = _types.input_type_py_to_pulumi_names(arguments)
    parameters = inspect.signature(arguments).parameters.values()
    return frozenset(names[p.name] for p in parameters if p.default is p.empty and p.name in names)


@cache
def input_types(arguments: type) -> Mapping[str, Any]:
    """Type of each field of a nested argument class, by the provider's name."""
    return _types.input_type_types(arguments)


def faults(name: str, token: str, inputs: Mapping[str, Any]) -> list[Fault]:
    """All that is wrong with the inputs of one resource."""
    if not described(token):
        return []
    try:
        known = schema(token)
    except LookupError as error:
        return [Fault(name, token, "", str(error))]
    if token.startswith(PROVIDER):
        inputs = {key: _provider_value(known.inputs.get(key), value) for key, value in inputs.items()}
    found = _object(known.inputs, known.required, inputs, "")
    return [Fault(name, token, path, message) for path, message in found]


def _provider_value(expected: Any, value: Any) -> Any:
    """A provider is configured in texts: what is not one is JSON inside."""
    plain = value.value if isinstance(value, Secret) else value
    if not isinstance(plain, str) or expected is str or plain == UNKNOWN:
        return value
    try:
        return json.loads(plain)
    except json.JSONDecodeError:
        return value


def _object(
    known: Mapping[str, Any], needed: frozenset[str], given: Mapping[str, Any], path: str
) -> Iterator[tuple[str, str]]:
    for key, value in given.items():
        where = f"{path}.{key}" if path else key
        if key in known:
            yield from _value(known[key], value, where)
        else:
            near = difflib.get_close_matches(key, known, 1)
            yield where, "unknown input" + (f"; did you mean {near[0]!r}?" if near else "")
    for key in sorted(needed - given.keys()):
        yield (f"{path}.{key}" if path else key), "required input is missing"


def _value(expected: Any, value: Any, path: str) -> Iterator[tuple[str, str]]:
    """What is wrong with a value where `expected`, a type of the SDK, is asked for."""
    if isinstance(value, Secret):
        value = value.value
    if value is None or value == UNKNOWN:
        return
    choices = _choices(expected)
    if not choices:
        return
    if str in choices and (near := _misspelt(choices, value)):
        yield path, f"{value!r} is unknown; did you mean {near!r}?"
        return
    attempts = [list(_one(choice, value, path)) for choice in choices]
    # The nearest of several allowed forms tells most: one whose fault lies deepest, then with the fewest.
    yield from min(
        attempts, key=lambda found: (bool(found), -max((len(p) for p, _ in found), default=0), len(found))
    )


def _choices(expected: Any) -> list[Any]:
    """The plain types allowed, without Input, Output, Awaitable and Optional; none where anything goes."""
    origin = typing.get_origin(expected)
    if expected is Any or expected is object or isinstance(expected, typing.TypeVar):
        return []
    if origin is pulumi.Output or (origin is not None and getattr(origin, "__name__", "") == "Awaitable"):
        return []
    if origin in (typing.Union, UnionType):
        members = [member for member in typing.get_args(expected) if member is not NoneType]
        found = [
            _choices(member)
            for member in members
            if not _deferred(member) and not typing.is_typeddict(member)
        ]
        return [choice for choices in found for choice in choices] if all(found) else []
    return [expected]


def _deferred(member: Any) -> bool:
    """Whether a member of `Input[T]` only says that the value may come later."""
    origin = typing.get_origin(member)
    return (
        origin is pulumi.Output or getattr(origin, "__name__", "") == "Awaitable" or member is pulumi.Output
    )


def _one(expected: Any, value: Any, path: str) -> Iterator[tuple[str, str]]:
    origin = typing.get_origin(expected)
    if origin in _SEQUENCES or expected in _SEQUENCES:
        if not isinstance(value, list):
            yield path, f"a list is expected, given: {_short(value)}"
            return
        (item,) = typing.get_args(expected) or (Any,)
        for index, part in enumerate(value):
            yield from _value(item, part, f"{path}[{index}]")
    elif origin in _MAPPINGS or expected in _MAPPINGS:
        if not isinstance(value, dict):
            yield path, f"an object is expected, given: {_short(value)}"
            return
        item = (typing.get_args(expected) or (str, Any))[1]
        for key, part in value.items():
            yield from _value(item, part, f"{path}.{key}")
    elif isinstance(expected, type) and _types.is_input_type(expected):
        if isinstance(value, dict):
            yield from _object(input_types(expected), required(expected), value, path)
        else:
            yield path, f"{expected.__name__} is expected, given: {_short(value)}"
    else:
        yield from _scalar(expected, value, path)


def _misspelt(choices: list[Any], value: Any) -> str:
    """The name that was meant, where an open enumeration has one so close that nothing else can be; else empty.

    Names with digits are left alone: newer machines and versions differ from the SDK's list by a digit.
    """
    if not isinstance(value, str) or not value.isalpha():
        return ""
    enums = [choice for choice in choices if isinstance(choice, type) and issubclass(choice, enum.Enum)]
    allowed = [str(member.value) for choice in enums for member in choice]
    if value in allowed:
        return ""
    folded = {name.lower(): name for name in allowed}
    return folded[near[0]] if (near := difflib.get_close_matches(value.lower(), folded, 1, 0.85)) else ""


_SEQUENCES = (list, Sequence, tuple)
_MAPPINGS = (dict, Mapping)


def _scalar(expected: Any, value: Any, path: str) -> Iterator[tuple[str, str]]:
    if not isinstance(expected, type) or issubclass(expected, pulumi.Asset | pulumi.Archive):
        return
    if issubclass(expected, enum.Enum):
        allowed = [member.value for member in expected]
        if value not in allowed:
            yield path, f"one of {allowed} is expected, given: {_short(value)}"
        return
    accepted: dict[type, tuple[type, ...]] = {bool: (bool,), int: (int,), float: (int, float), str: (str,)}
    if expected in accepted and (
        not isinstance(value, accepted[expected]) or (isinstance(value, bool) and expected is not bool)
    ):
        yield path, f"{expected.__name__} is expected, given: {_short(value)}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
