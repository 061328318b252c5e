"""Looking into inputs by path, and saying where a breach is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from infra.recorder import Recording, Resource

KEY_TYPES = (
    "aws:kms/key:Key",
    "gcp:kms/cryptoKey:CryptoKey",
    "azure-native:keyvault:Key",
    "azure-native:compute:DiskEncryptionSet",
)


def at(value: Any, path: str) -> list[Any]:
    """All values at a path such as `rules[].ports`; empty where there is none."""
    found = [value]
    for part in filter(None, path.replace("[]", ".[]").split(".")):
        if part == "[]":
            found = [item for each in found if isinstance(each, list) for item in each]
        else:
            found = [each[part] for each in found if isinstance(each, dict) and part in each]
    return found


def fields(value: Any, path: str = "") -> Iterator[tuple[str, str, Any]]:
    """Every field of every object inside: path, name and value."""
    if isinstance(value, dict):
        for key, item in value.items():
            where = f"{path}.{key}" if path else key
            yield where, key, item
            yield from fields(item, where)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from fields(item, f"{path}[{index}]")


def say(resource: Resource, path: str, what: str) -> str:
    return f"{resource.name} ({resource.type}): {path}: {what}"


def own_keys(recording: Recording) -> set[str]:
    """Everything that one of our own keys is called by: id, ARN, address."""
    return {
        text
        for key in recording.of(*KEY_TYPES)
        for text in (key.id, *key.outputs.values())
        if isinstance(text, str) and len(text) > 20
    }
