"""The life of a cluster: the first process of its namespaces, whose end ends everything in them.

Started by `command.py`; says in the folder's `ready` when all is up, and then only buries orphans.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

from api import Api, Object
from live import eventually
from tools.node import COREDNS as COREDNS_TOOL
from tools.node import METRICS_SERVER as METRICS_TOOL

from infra.gotools import programs
from node import addons, archive, volumes
from node.machine import Machine
from node.place import HIDDEN
from node.plane import NodePlane

START_S = 180.0


def main(folder: Path) -> None:
    """Bring everything up, then wait for the end."""
    for place in HIDDEN:
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", place], check=True)
    machine = Machine(folder)
    for program, name in ((programs(COREDNS_TOOL) / "coredns", addons.COREDNS),
                          (programs(METRICS_TOOL) / "metrics-server", addons.METRICS_SERVER)):  # fmt: skip
        archive.of_program(program, name, folder / f"{program.name}.tar", "tmp")
    for image in folder.glob("*.tar"):
        machine.load(image)
        image.unlink()
    plane = NodePlane(folder / "plane", os.getpid())
    machine.join(plane)
    with plane.address.api() as api:
        for one in (*addons.objects(), volumes.storage_class()):
            api.apply(one)
        for name in ("coredns", "metrics-server"):
            eventually(lambda name=name: _available(api, name), seconds=START_S, what=f"{name} is available")
        eventually(lambda: _measured(api), seconds=START_S, what="the node is measured")
    (folder / "ready").write_text(json.dumps(asdict(plane.address)))
    while True:
        _bury()


def _available(api: Api, name: str) -> bool:
    found: Object = api.get("apps/v1", "Deployment", name, addons.SYSTEM)
    return bool(found.get("status", {}).get("availableReplicas"))


def _measured(api: Api) -> bool:
    answer = api.raw("GET", "/apis/metrics.k8s.io/v1beta1/nodes")
    return answer.status_code == 200 and bool(answer.json()["items"])


def _bury() -> None:
    """Processes whose parents have gone are this one's."""
    try:
        os.waitpid(-1, 0)
    except ChildProcessError:
        time.sleep(1)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
