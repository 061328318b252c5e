"""How many pods are ready at any time, seen in the server's own stream of events."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from api import Object
from installation import NAMESPACE, ready
from plane import Address


class Watcher:
    """Counts the ready pods of each unit after every event."""

    def __init__(self, address: Address, *units: str) -> None:
        self._units = units
        self.least: dict[str, int] = {}
        self.events = 0
        self._now: dict[str, dict[str, bool]] = {unit: {} for unit in self._units}
        self._api = address.api()
        self._stop = threading.Event()
        path = self._api.path("v1", "Pod", namespace=NAMESPACE)
        listed = self._api.ask("GET", path)
        for pod in listed["items"]:
            self._see("ADDED", pod)
        self.least = {unit: self._count(unit) for unit in self._units}
        self._thread = threading.Thread(
            target=self._watch, args=(path, listed["metadata"]["resourceVersion"]), daemon=True
        )
        self._thread.start()

    def _watch(self, path: str, version: str) -> None:
        for event in self._api.stream(path, version, self._stop):
            self._see(event["type"], event["object"])
            self.events += 1
            for unit in self._units:
                self.least[unit] = min(self.least[unit], self._count(unit))

    def _see(self, what: str, pod: Object) -> None:
        unit = pod["metadata"].get("labels", {}).get("app.kubernetes.io/name", "")
        if unit in self._now:
            stays = what != "DELETED" and "deletionTimestamp" not in pod["metadata"]
            self._now[unit][pod["metadata"]["name"]] = stays and ready(pod)

    def _count(self, unit: str) -> int:
        return sum(self._now[unit].values())

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(30)
        assert not self._thread.is_alive()


@contextmanager
def watched(address: Address, *units: str) -> Iterator[Watcher]:
    """A watcher for as long as the block lasts."""
    made = Watcher(address, *units)
    try:
        yield made
    finally:
        made.stop()
