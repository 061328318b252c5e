"""Accelerators cost money only while they work: pools are tainted, scale from zero, and are there when asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from estates import ACCELERATOR, Estate

from infra.catalog import CATALOGS
from infra.recorder import Recording, Resource
from promises.looking import at, say

TAINT = ("nvidia.com/gpu", "present", "NoSchedule")
EFFECTS = {"NO_SCHEDULE": "NoSchedule", "NoSchedule": "NoSchedule"}


@dataclass(frozen=True)
class Pool:
    """A node pool, whatever the cloud calls its parts."""

    resource: Resource
    machines: tuple[str, ...]
    taints: tuple[tuple[str, str, str], ...]
    least: object
    most: object
    spot: bool


def breaches(estate: Estate, recording: Recording) -> Iterator[str]:
    skus = {machine.sku for machines in CATALOGS[estate.cloud].accelerators.values() for machine in machines}
    offered = {machine.sku for machine in CATALOGS[estate.cloud].accelerators[ACCELERATOR]}
    found = list(pools(recording))
    accelerated = [pool for pool in found if set(pool.machines) & skus]
    if estate.gpu and not [pool for pool in accelerated if set(pool.machines) & offered]:
        yield f"no pool has the accelerator {ACCELERATOR}"
    for pool in accelerated:
        if not estate.gpu:
            yield say(pool.resource, "", "has accelerators that nobody asked for")
        if TAINT not in pool.taints:
            yield say(pool.resource, "taints", f"lacks {TAINT}: {pool.taints}")
        if pool.least != 0:
            yield say(pool.resource, "", f"does not scale from zero: {pool.least}")
        if not isinstance(pool.most, int) or not 1 <= pool.most <= 4:
            yield say(pool.resource, "", f"has up to {pool.most} nodes, asked for: 4")
        if pool.spot is not estate.spot:
            yield say(pool.resource, "", f"spot is {pool.spot}, asked for: {estate.spot}")
    if not [pool for pool in found if not set(pool.machines) & skus and pool.least]:
        yield "no pool without accelerators keeps a node"


def pools(recording: Recording) -> Iterator[Pool]:
    for group in recording.of("aws:eks/nodeGroup:NodeGroup"):
        plain = group.plain
        (scaling,) = at(plain, "scalingConfig")
        yield Pool(
            group,
            tuple(plain["instanceTypes"]),
            _taints(plain.get("taints", [])),
            scaling["minSize"],
            scaling["maxSize"],
            plain.get("capacityType") == "SPOT",
        )
    for node_pool in recording.of("gcp:container/nodePool:NodePool"):
        plain = node_pool.plain
        (scaling,) = at(plain, "autoscaling")
        (node,) = at(plain, "nodeConfig")
        yield Pool(
            node_pool,
            (node["machineType"],),
            _taints(node.get("taints", [])),
            scaling.get("totalMinNodeCount", scaling.get("minNodeCount")),
            scaling.get("totalMaxNodeCount", scaling.get("maxNodeCount")),
            bool(node.get("spot")),
        )
    for cluster in recording.of("azure-native:containerservice:ManagedCluster"):
        for profile in cluster.plain.get("agentPoolProfiles", []):
            yield _azure(cluster, profile)
    for agents in recording.of("azure-native:containerservice:AgentPool"):
        yield _azure(agents, agents.plain)


def _azure(resource: Resource, profile: Mapping[str, object]) -> Pool:
    taints = profile.get("nodeTaints") or []
    assert isinstance(taints, list)
    parsed = (str(taint).replace(":", "=").split("=") for taint in taints)
    spot = profile.get("scaleSetPriority") == "Spot"
    least = profile.get("minCount", profile.get("count"))
    return Pool(
        resource,
        (str(profile["vmSize"]),),
        tuple((taint[0], taint[1], taint[2]) for taint in parsed if len(taint) == 3),
        least,
        profile.get("maxCount", least),
        spot,
    )


def _taints(given: list[dict[str, str]]) -> tuple[tuple[str, str, str], ...]:
    return tuple((t["key"], t.get("value", ""), EFFECTS.get(t["effect"], t["effect"])) for t in given)
