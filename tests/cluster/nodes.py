"""Nodes that kwok plays: in three zones, with and without GPUs, labelled and tainted as the platforms make them."""

from __future__ import annotations

from api import Api, Object
from live import eventually

ZONES = ("zone-a", "zone-b", "zone-c")
GPU = "nvidia.com/gpu"
ZONE, HOST, POOL = "topology.kubernetes.io/zone", "kubernetes.io/hostname", "costate.dev/pool"
CPU_PER_ZONE, GPU_PER_ZONE = 2, 1


def node(name: str, zone: str, *, gpus: int = 0, cpu: int = 32, memory_gib: int = 128) -> Object:
    """One node; GPUs come with the label of their pool and the taint that keeps others away."""
    room = {"cpu": str(cpu), "memory": f"{memory_gib}Gi", "pods": "110", **({GPU: str(gpus)} if gpus else {})}
    labels = {ZONE: zone, HOST: name, "kubernetes.io/arch": "amd64", "kubernetes.io/os": "linux"}
    taints = [{"key": GPU, "value": "present", "effect": "NoSchedule"}] if gpus else []
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {**labels, POOL: "gpu" if gpus else "cpu"}},
        "spec": {"taints": taints},
        "status": {"capacity": room, "allocatable": room},
    }


def usual() -> list[Object]:
    """The nodes of the shared control plane."""
    kinds = [("cpu", 0, CPU_PER_ZONE), ("gpu", 4, GPU_PER_ZONE)]
    return [
        node(f"{kind}-{zone}-{number}", zone, gpus=gpus)
        for zone in ZONES
        for kind, gpus, count in kinds
        for number in range(count)
    ]


def join(api: Api, nodes: list[Object], *, seconds: float = 60) -> None:
    """Register nodes and wait until they take pods."""
    for one in nodes:
        api.create(one)
    names = {one["metadata"]["name"] for one in nodes}

    def ready() -> bool:
        found = {one["metadata"]["name"] for one in api.list("v1", "Node") if is_ready(one)}
        return names <= found

    eventually(ready, seconds=seconds, what=f"{len(nodes)} nodes are ready")


def is_ready(found: Object) -> bool:
    """Whether a node is ready and no longer held back."""
    conditions = {one["type"]: one["status"] for one in found.get("status", {}).get("conditions", [])}
    held = any(one["key"] == "node.kubernetes.io/not-ready" for one in found["spec"].get("taints", []))
    return conditions.get("Ready") == "True" and not held


def hold(api: Api, name: str, held: bool) -> None:
    """Cordon a node, so that it takes no new pods, or let it take them again."""
    api.merge(api.path("v1", "Node", name), {"spec": {"unschedulable": held}})
