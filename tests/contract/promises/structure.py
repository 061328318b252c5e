"""Components are built alike: tokens, parents, explicit providers, inputs that the SDK knows."""

from __future__ import annotations

import re
from collections.abc import Iterator

from estates import Estate

from infra.recorder import Recording
from infra.recorder.recording import CELL
from promises.looking import say

TOKEN = re.compile(r"^costate:(?P<place>index|aws|gcp|azure):(?P<thing>[A-Z][A-Za-z]+)$")
PACKAGES = {"aws": "aws", "gcp": "gcp", "azure": "azure-native"}


def breaches(estate: Estate, recording: Recording) -> Iterator[str]:
    yield from (str(fault) for fault in recording.faults)
    yield from (f"warning: {warning}" for warning in recording.warnings)
    yield from _components(estate, recording)
    yield from _parents(recording)
    yield from _providers(estate, recording)


def _components(estate: Estate, recording: Recording) -> Iterator[str]:
    for resource in recording.resources:
        if not resource.component:
            continue
        found = TOKEN.match(resource.type)
        if not found or found["place"] not in ("index", estate.cloud):
            yield say(resource, "", "its token is not costate:<platform>:<Thing>")
        if resource.type != CELL and not recording.cell(resource):
            yield say(resource, "parent", "stands outside every cell")
        if resource.type != CELL and not _children(recording, resource.urn):
            yield say(resource, "", "holds nothing: its children have another parent")


def _children(recording: Recording, urn: str) -> bool:
    return any(resource.parent == urn for resource in recording.resources)


def _parents(recording: Recording) -> Iterator[str]:
    for resource in recording.managed:
        parent = recording.by_urn.get(resource.parent)
        if parent is None or not parent.component or parent.type == CELL:
            yield say(resource, "parent", "is declared in no component")


def _providers(estate: Estate, recording: Recording) -> Iterator[str]:
    for resource in recording.managed:
        if resource.type.split(":")[0] != PACKAGES[estate.cloud]:
            yield say(resource, "", f"is not of {estate.cloud}")
        provider = recording.by_urn.get(resource.provider)
        if provider is None:
            yield say(resource, "provider", "is left to the engine's default")
        elif recording.cell(provider) != recording.cell(resource):
            yield say(resource, "provider", f"is another cell's: {provider.name}")
    for provider in recording.resources:
        if provider.is_provider and not _placed(provider.plain):
            yield say(provider, "", "does not say region, project or subscription")


def _placed(plain: dict[str, object]) -> bool:
    return bool(
        plain.get("region") or plain.get("project") or plain.get("location") or plain.get("subscriptionId")
    )
