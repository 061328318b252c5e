"""What Karpenter is told: the same pools as node groups would be, each as what a node of it must be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from infra.catalog.aws import CATALOG
from infra.config.nodes import Gpu, Nodes
from infra.contracts import ClusterObject, NodeMakerFacts
from infra.place import Place
from infra.platforms.aws.karpenter import Karpenter
from infra.platforms.aws.node_pools import GPU, Pool, worker_pools

CLASS = "costate"
DISK_GIB = 100
EXPIRE = "720h"
"""After a month a node makes way for one of the newest image of its release."""

GRACE = "1h5m"
"""A worker may take as long as its job; then its node goes whatever runs on it."""


def told(
    karpenter: Karpenter,
    *,
    place: Place,
    cluster: str,
    version: str,
    nodes: Nodes,
    gpu: Gpu | None,
) -> NodeMakerFacts:
    """Values of Karpenter's chart, its class of nodes, and its pools."""
    image = CATALOG.kubernetes[f"{version}/node-image"].rpartition("-")[2]
    discovery = [{"tags": {"karpenter.sh/discovery": place.name}}]
    disk = {
        "volumeSize": f"{DISK_GIB}Gi",
        "volumeType": "gp3",
        "encrypted": True,
        "kmsKeyID": karpenter.key,
        "deleteOnTermination": True,
    }
    machine: dict[str, Any] = {
        # The variant with NVIDIA's driver is taken where the machine has accelerators.
        "amiSelectorTerms": [{"alias": f"al2023@v{image}"}],
        "instanceProfile": karpenter.profile,
        "subnetSelectorTerms": discovery,
        "securityGroupSelectorTerms": discovery,
        "metadataOptions": {
            "httpEndpoint": "enabled",
            "httpTokens": "required",
            "httpPutResponseHopLimit": 1,
        },
        "blockDeviceMappings": [{"deviceName": "/dev/xvda", "ebs": disk}],
        "tags": dict(place.tags),
    }
    pools = worker_pools(place, nodes, gpu)
    return NodeMakerFacts(
        "karpenter",
        {
            "settings": {"clusterName": cluster, "interruptionQueue": karpenter.queue},
            "serviceAccount": {"name": "karpenter"},
        },
        [
            ClusterObject("karpenter.k8s.aws/v1", "EC2NodeClass", CLASS, machine),
            *(
                ClusterObject("karpenter.sh/v1", "NodePool", pool.name, _pool(place, pool, 100 - 10 * rank))
                for rank, pool in enumerate(pools)
            ),
        ],
    )


def _pool(place: Place, pool: Pool, weight: int) -> Mapping[str, Any]:
    taints = [{"key": key, "value": value, "effect": "NoSchedule"} for key, value, _ in pool.taints]
    return {
        "weight": weight,
        "limits": dict(_limits(pool)),
        "disruption": {"consolidationPolicy": "WhenEmptyOrUnderutilized", "consolidateAfter": "5m"},
        "template": {
            "metadata": {"labels": {**place.tags, **pool.labels}},
            "spec": {
                "nodeClassRef": {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": CLASS},
                "expireAfter": EXPIRE,
                "terminationGracePeriod": GRACE,
                **({"taints": taints} if taints else {}),
                "requirements": [
                    _among("node.kubernetes.io/instance-type", *pool.skus),
                    _among("karpenter.sh/capacity-type", "spot" if pool.spot else "on-demand"),
                    _among("topology.k8s.aws/zone-id", *pool.zones),
                ],
            },
        },
    }


def _limits(pool: Pool) -> Iterator[tuple[str, str]]:
    """What all its nodes together may have: those of `pool.most` machines of the first kind."""
    if pool.accelerators:
        yield GPU, str(pool.most * pool.accelerators)
    else:
        machine = next(one for one in CATALOG.nodes.values() if one.sku == pool.skus[0])
        yield "cpu", str(pool.most * machine.cpus)


def _among(key: str, *values: str) -> dict[str, Any]:
    return {"key": key, "operator": "In", "values": list(values)}
