"""Rules for every cloud: tags, and GPU pools that only GPU work may use."""

from __future__ import annotations

from typing import Any

from infra.policy.rule import Properties, Rule, each, unknown
from infra.tags import REQUIRED

TAGGED = ("tags", "labels", "userLabels", "resourceLabels", "effectiveLabels")
"""Where resources carry tags or labels."""

GPU_TAINT = "nvidia.com/gpu"


def tagged(token: str, properties: Properties) -> list[str]:
    """What carries tags carries all of them."""
    del token
    for key in TAGGED:
        tags = properties.get(key)
        if isinstance(tags, dict):
            missing = [name for name in REQUIRED if name not in tags]
            return [f"{key} lacks {', '.join(missing)}"] if missing else []
    return []


def tainted(token: str, properties: Properties) -> list[str]:
    """A pool of nodes with accelerators keeps other pods away."""
    if not _accelerated(token, properties) or any(GPU_TAINT in str(found) for found in _taints(properties)):
        return []
    return [f"nodes with accelerators have no taint {GPU_TAINT}"]


def _accelerated(token: str, properties: Properties) -> bool:
    if token.startswith("aws:"):
        families = ("g4", "g5", "g6", "p3", "p4", "p5", "p6")
        return any(str(sku).startswith(families) for sku in properties.get("instanceTypes") or [])
    if token.startswith("gcp:"):
        return any(each(properties, "nodeConfig.guestAccelerators"))
    return str(properties.get("vmSize", "")).upper().startswith(("STANDARD_NC", "STANDARD_ND", "STANDARD_NV"))


def _taints(properties: Properties) -> list[Any]:
    found: list[Any] = []
    for path in ("taints", "nodeConfig.taints", "nodeTaints"):
        found += [one for one in each(properties, path) if not unknown(one)]
    return found


RULES = (
    Rule(
        "tags-complete",
        "mandatory",
        "Every resource that carries tags or labels carries all that cost and ownership are read from.",
        "Use `place.tags`.",
        ("*",),
        tagged,
    ),
    Rule(
        "gpu-pool-tainted",
        "mandatory",
        "Nodes with accelerators take only work that asks for them.",
        f"Taint the pool with {GPU_TAINT}=present:NoSchedule.",
        ("aws:eks:NodeGroup", "gcp:container:NodePool", "azure-native:containerservice:AgentPool"),
        tainted,
    ),
)
