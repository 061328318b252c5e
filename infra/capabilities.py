"""What each platform can do, and the check of a configuration against it: before any resource, without any SDK."""

from __future__ import annotations

from dataclasses import dataclass, replace

from infra.config.stack import StackConfig


@dataclass(frozen=True)
class Capabilities:
    """What a platform can do; an intent beyond it is an error before any resource."""

    high_availability: bool
    autoscaling: bool
    gpu: bool
    services: bool
    public_domain: bool
    backups: bool
    layers: bool
    karpenter: bool
    shutdown: bool
    """Whether nodes and data stores can be stopped by a schedule."""
    standby: bool
    """Whether a cell can follow a primary on the same platform."""
    node_pools: bool
    """Whether nodes are made, so that accelerators are had by asking."""


LOCAL = Capabilities(
    high_availability=False,
    autoscaling=False,
    gpu=False,
    services=False,
    public_domain=False,
    backups=False,
    layers=False,
    karpenter=False,
    shutdown=False,
    standby=False,
    node_pools=False,
)
CLOUD = Capabilities(
    high_availability=True,
    autoscaling=True,
    gpu=True,
    services=True,
    public_domain=True,
    backups=True,
    layers=True,
    karpenter=False,
    shutdown=True,
    standby=True,
    node_pools=True,
)
CAPABILITIES: dict[str, Capabilities] = {
    "local": LOCAL,
    "aws": replace(CLOUD, karpenter=True),
    "gcp": CLOUD,
    "azure": CLOUD,
    # Nodes, network and load balancers are whoever's keeps the cluster.
    "existing": replace(CLOUD, layers=False, shutdown=False, standby=False, node_pools=False),
}


def beyond(config: StackConfig, capabilities: Capabilities) -> list[tuple[str, str]]:
    """Configuration keys that ask for more than the platform has, each with what is allowed."""
    karpenter, gpu = config.cluster.node_autoscaler == "karpenter", config.gpu
    asked = [
        ("gpu", config.gpu is not None, capabilities.gpu, "leave it out"),
        ("services", bool(config.services), capabilities.services, "leave them out"),
        ("domain", bool(config.domain), capabilities.public_domain, "leave it out"),
        ("layer", config.layer != "all", capabilities.layers, "all"),
        (
            "database.highly_available",
            config.database.highly_available,
            capabilities.high_availability,
            "false",
        ),
        ("cache.highly_available", config.cache.highly_available, capabilities.high_availability, "false"),
        ("database.backup_days", config.database.backup_days > 0, capabilities.backups, "0"),
        ("api.replicas", config.api.replicas.max > 1, capabilities.autoscaling, "{min: 1, max: 1}"),
        (
            "workers.replicas",
            config.workers.replicas.max > 1,
            capabilities.autoscaling,
            "{min: 1, max: 1} with more slots",
        ),
        ("cluster.node_autoscaler", karpenter, capabilities.karpenter, "cluster-autoscaler"),
        ("shutdown", config.shutdown is not None, capabilities.shutdown, "leave it out"),
        ("gpu.spot", gpu is not None and gpu.spot, capabilities.node_pools, "false"),
        ("gpu.fallbacks", gpu is not None and bool(gpu.fallbacks), capabilities.node_pools, "leave them out"),
    ]
    return [(f"costate:{key}", remedy) for key, wanted, has, remedy in asked if wanted and not has]
