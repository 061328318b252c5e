"""What exists in the simulated clouds, shared by every provider that serves them and the test."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from threading import RLock
from typing import Any

from infra.recorder.values import leaves


class RefusalError(Exception):
    """The cloud does not do it; the message says why."""


Key = tuple[str, str, str]


@dataclass(frozen=True)
class Thing:
    """A resource that exists."""

    type: str
    place: str
    """Region, project or subscription that its id is unique in; empty where it is unique everywhere."""
    id: str
    urn: str
    seed: str
    """What its made-up values depend on: another one for each that is made."""
    inputs: dict[str, Any]
    outputs: dict[str, Any]

    @property
    def key(self) -> Key:
        return self.type, self.place, self.id

    @property
    def name(self) -> str:
        return self.urn.rsplit("::", 1)[-1]


class World:
    """Every step is done whole, whatever the providers' threads do meanwhile."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._things: dict[Key, Thing] = {}
        self._calls: list[tuple[str, str]] = []
        self._refusals: set[int] = set()
        # What is looked for with every creation and deletion is found without a look at everything.
        self._ids: defaultdict[str, set[Key]] = defaultdict(set)
        self._mentions: defaultdict[str, set[tuple[Key, str]]] = defaultdict(set)

    def call(self, verb: str, urn: str) -> str:
        """Count a call that changes something: a seed of its own. RefusalError where the test has planned so."""
        with self._lock:
            self._calls.append((verb, urn))
            number = len(self._calls)
            if number in self._refusals:
                self._refusals.remove(number)
                raise RefusalError(f"call {number} fails, as planned: {verb} {urn}")
        return f"{urn}#{number}"

    def refuse(self, ahead: int) -> int:
        """Plan that the call so many ahead fails (1 is the next); its number."""
        with self._lock:
            number = len(self._calls) + ahead
            self._refusals.add(number)
        return number

    def forgive(self) -> None:
        """Drop failures that are planned and have not come."""
        with self._lock:
            self._refusals.clear()

    def calls(self) -> list[tuple[str, str]]:
        """Every call in order: verb and URN."""
        with self._lock:
            return list(self._calls)

    def things(self) -> list[Thing]:
        """All that exists."""
        with self._lock:
            return list(self._things.values())

    def get(self, kind: str, place: str, thing_id: str) -> Thing | None:
        """The one with this type and id in this place, if it exists."""
        with self._lock:
            return self._things.get((kind, place, thing_id))

    def has(self, thing_id: str) -> bool:
        """Whether something of this id exists, of whatever type and wherever."""
        with self._lock:
            return bool(self._ids.get(thing_id))

    def mentions(self, text: str) -> list[tuple[Thing, str]]:
        """What has an input that is this text, and the path of the input."""
        with self._lock:
            return [(self._things[key], path) for key, path in self._mentions.get(text, ())]

    def add(self, thing: Thing) -> None:
        """Make it; RefusalError where one of its id is there."""
        with self._lock:
            if thing.key in self._things:
                raise RefusalError(f"{thing.type} {thing.id} already exists")
            self._put(thing)

    def change(self, thing: Thing) -> None:
        """Give it other properties."""
        with self._lock:
            self.remove(thing)
            self._put(thing)

    def remove(self, thing: Thing) -> None:
        """It is gone, however that came."""
        with self._lock:
            there = self._things.pop(thing.key, None)
            if there is not None:
                self._ids[there.id].discard(there.key)
                for path, text in _texts(there):
                    self._mentions[text].discard((there.key, path))

    def _put(self, thing: Thing) -> None:
        self._things[thing.key] = thing
        self._ids[thing.id].add(thing.key)
        for path, text in _texts(thing):
            self._mentions[text].add((thing.key, path))


def _texts(thing: Thing) -> Iterator[tuple[str, str]]:
    """Inputs that are texts, with their paths."""
    return ((path, value) for path, value in leaves(thing.inputs) if isinstance(value, str))
