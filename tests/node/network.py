"""The cluster's own network: a node's address, a bridge for pods, and no way out of this machine."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from node.place import NODE, NODE_NETWORK, POD_NETWORK, SERVICE_NETWORK

PLUGINS = "/usr/lib/cni"
INTERFACE = "node0"
"""A bridge without ports: it is always there to have the node's address."""


def prepare(configuration: Path) -> None:
    """Interfaces, routes and the CNI's configuration; to be called in a network namespace of its own."""
    commands = (
        "ip link set lo up",
        f"ip link add {INTERFACE} type bridge",
        f"ip address add {NODE}/{NODE_NETWORK.split('/')[1]} dev {INTERFACE}",
        f"ip link set {INTERFACE} up",
        # Addresses of Services need a route before the packet filter turns them into those of pods.
        f"ip route add {SERVICE_NETWORK} dev {INTERFACE}",
    )
    for command in commands:
        subprocess.run(command.split(), check=True, capture_output=True)
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
    configuration.mkdir(parents=True, exist_ok=True)
    (configuration / "10-pods.conflist").write_text(json.dumps(_conflist()))


def _conflist() -> dict[str, object]:
    bridge = {
        "type": "bridge",
        "bridge": "pods0",
        "isGateway": True,
        "hairpinMode": True,
        "ipam": {
            "type": "host-local",
            # Beside the bindings of network namespaces, which end with the cluster, too.
            "dataDir": "/run/cni",
            "ranges": [[{"subnet": POD_NETWORK}]],
            "routes": [{"dst": "0.0.0.0/0"}],
        },
    }
    return {"cniVersion": "1.0.0", "name": "pods", "plugins": [bridge]}
