"""Worker pods that no node runs, played by real workers on this machine: one process for each pod that is ready."""

from __future__ import annotations

import signal
from contextlib import suppress

import psutil
from api import Api, Object
from installation import NAMESPACE, pods, ready
from live import Running, Service


class Workers:
    """A process begins when its pod is ready; when the pod is to go it is told so, with the pod's own grace."""

    def __init__(self, api: Api, service: Service) -> None:
        self._api, self._service = api, service
        self.there: dict[str, Running] = {}
        self.leaving: list[Running] = []

    def follow(self) -> None:
        """Begin and end processes as pods have begun and ended. Each solves nothing until it is `let`."""
        found = {one["metadata"]["name"]: one for one in pods(self._api, "worker", NAMESPACE) if ready(one)}
        for name in self.there.keys() - found.keys():
            going = self.there.pop(name)
            going.signal(signal.SIGTERM)
            self.leaving.append(going)
        for name in found.keys() - self.there.keys():
            self.there[name] = self._service.start_worker(**told(found[name]))
            self.there[name].solver().suspend()

    def hold(self) -> None:
        """Let nobody solve any more."""
        for worker in self.there.values():
            worker.solver().suspend()

    def let(self) -> None:
        """Let all solve on."""
        for worker in [*self.there.values(), *self.leaving]:
            with suppress(psutil.NoSuchProcess):
                for child in worker.children():
                    child.resume()


def told(pod: Object) -> dict[str, str]:
    """What a pod's own manifest says of how much a worker takes, and how long it may finish that."""
    names = ("COSTATE_WORKER_SLOTS", "COSTATE_WORKER_GRACE_S")
    [container] = pod["spec"]["containers"]
    given = {one["name"]: one.get("value", "") for one in container["env"]}
    assert int(given["COSTATE_WORKER_GRACE_S"]) <= pod["spec"]["terminationGracePeriodSeconds"]
    return {name: given[name] for name in names}
