"""What differs between two recordings."""

from __future__ import annotations

from dataclasses import dataclass

from infra.recorder import Recording, Resource
from infra.recorder.values import leaves, masked

LONGEST = 40
"""Characters of a value that are shown."""


@dataclass(frozen=True)
class Difference:
    """By the names of resources; of those that change, each path with what it was and what it will be."""

    added: tuple[Resource, ...]
    removed: tuple[Resource, ...]
    changed: tuple[tuple[Resource, tuple[str, ...]], ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)


def difference(before: Recording, after: Recording) -> Difference:
    """From one recording to another, by URN; secrets are compared as equal."""
    old, new = before.by_urn, after.by_urn
    changed = [
        (new[urn], tuple(paths))
        for urn in sorted(old.keys() & new.keys())
        if (paths := _paths(old[urn], new[urn]))
    ]
    return Difference(
        tuple(new[urn] for urn in sorted(new.keys() - old.keys())),
        tuple(old[urn] for urn in sorted(old.keys() - new.keys())),
        tuple(changed),
    )


def _paths(old: Resource, new: Resource) -> list[str]:
    was, will = dict(leaves(masked(dict(old.inputs)))), dict(leaves(masked(dict(new.inputs))))
    told = [
        f"{path}: {_short(was.get(path))} → {_short(will.get(path))}"
        for path in sorted(was.keys() | will.keys())
        if was.get(path) != will.get(path)
    ]
    if old.protect != new.protect:
        told.append(f"protect: {old.protect} → {new.protect}")
    return told


def _short(value: object) -> str:
    text = "none" if value is None else str(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
