"""Everything that can carry tags or labels carries who it belongs to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from estates import Estate

from infra.config.reading import load
from infra.place import places
from infra.recorder import Recording, Resource
from infra.recorder.schema import schema
from promises.looking import say

CARRIERS = {
    "aws": ("tags",),
    "gcp": ("userLabels", "resourceLabels", "labels"),
    "azure-native": ("tags",),
}
DEFAULTS = {"tags": "defaultTags", "labels": "defaultLabels"}

NOT_OURS = {
    "azure-native:authorization:": "roles and locks carry no tags",
    "aws:ec2/tag:Tag": "is a tag itself",
    "gcp:monitoring/notificationChannel:NotificationChannel": "labels configure the channel, `userLabels` are ours",
    "gcp:logging/metric:Metric": "labels are of the measurements",
}


def breaches(estate: Estate, recording: Recording) -> Iterator[str]:
    expected = {place.name: dict(place.tags) for place in places(load(estate.values()), estate.name)}
    for resource in recording.managed:
        carrier = _carrier(resource)
        if carrier is None:
            continue
        carried = _defaults(recording, resource, carrier) | _as_mapping(resource.plain.get(carrier))
        wanted = expected.get(recording.cell(resource)) or next(iter(expected.values()))
        missing = {key: value for key, value in wanted.items() if carried.get(key) != value}
        if missing:
            yield say(resource, carrier, f"lacks {missing}")


def _carrier(resource: Resource) -> str | None:
    """The input that holds tags, if the type has one."""
    if any(resource.type.startswith(kind) for kind in NOT_OURS):
        return None
    known = schema(resource.type).inputs
    carriers = CARRIERS[resource.type.split(":")[0]]
    return next((name for name in carriers if name in known and _is_map(known[name])), None)


def _is_map(expected: Any) -> bool:
    return "Mapping" in str(expected)


def _as_mapping(given: Any) -> dict[str, Any]:
    return dict(given) if isinstance(given, dict) else {}


def _defaults(recording: Recording, resource: Resource, carrier: str) -> dict[str, Any]:
    """What the resource's provider adds by itself."""
    provider = recording.by_urn.get(resource.provider)
    given = provider.plain.get(DEFAULTS.get(carrier, ""), "{}") if provider else "{}"
    found = json.loads(given) if isinstance(given, str) else given
    return _as_mapping(found.get("tags", found))
