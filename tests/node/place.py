"""Where a cluster is: its folder, its addresses, and the process that all of it ends with."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".costate" / "cluster"

NODE = "10.9.0.1"
"""Address of the node in its own network; the API server and the node's ports answer there."""

NODE_NETWORK, POD_NETWORK, SERVICE_NETWORK = "10.9.0.0/24", "10.244.0.0/24", "10.96.0.0/16"
DNS, API_SERVICE = "10.96.0.10", "10.96.0.1"
DOMAIN = "cluster.local"
NAME = "costate-node"

HIDDEN = ("/run", "/var/lib/cni", "/var/log")
"""What a node writes outside its folder; each is empty memory inside."""


@dataclass(frozen=True)
class Cluster:
    """A running cluster, as told to whoever enters it."""

    pid: int
    """Of the process whose end ends everything, as seen from outside."""
    started: float
    """When it was started, in seconds since the epoch: a process id is used again."""

    @property
    def alive(self) -> bool:
        """Whether it is still that process."""
        return psutil.pid_exists(self.pid) and psutil.Process(self.pid).create_time() == self.started

    def write(self, folder: Path = FOLDER) -> None:
        """Note it in the folder."""
        (folder / "cluster.json").write_text(json.dumps(asdict(self)))


def noted(folder: Path = FOLDER) -> Cluster | None:
    """The cluster that runs from this folder, if one does."""
    file = folder / "cluster.json"
    if not file.exists():
        return None
    found = Cluster(**json.loads(file.read_text()))
    return found if found.alive else None
