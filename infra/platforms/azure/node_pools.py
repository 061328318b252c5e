"""Pools of nodes: those of the system and of CPUs stand in one zone each, those of GPUs wherever there are any.

A pool has one subnet, and a subnet one NAT gateway in one zone: a pool of a zone's own does not fall with another.
GPUs are too scarce for that: Azure may place them where it has some.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import containerservice as aks

from infra.catalog.azure import CATALOG
from infra.catalog.model import AcceleratorName, Machine
from infra.config.nodes import Gpu, Nodes
from infra.place import Place
from infra.platforms.azure.group import Group
from infra.platforms.azure.network import Network, zones_in_use

POOL = "costate.dev/pool"
GPU_TAINT = "nvidia.com/gpu=present:NoSchedule"
SPOT_TAINT = "kubernetes.azure.com/scalesetpriority=spot:NoSchedule"
SYSTEM_TAINT = "CriticalAddonsOnly=true:NoSchedule"


@dataclass(frozen=True)
class Pool:
    """What one pool is."""

    role: str
    sku: str
    zone: str | None
    """None lets Azure choose."""
    least: int
    most: int
    labels: Mapping[str, str]
    taints: tuple[str, ...] = ()
    spot: bool = False
    system: bool = False
    gpu: bool = False

    @property
    def name(self) -> str:
        """At most twelve letters and digits; another machine has another name, so that its pool comes first."""
        if self.system:
            return f"system{self.zone}"
        digest = hashlib.sha256(f"{self.sku}/{self.spot}/{self.zone}".encode()).hexdigest()[:5]
        return f"{self.role}{self.zone or ''}{digest}"

    @property
    def all_labels(self) -> dict[str, str]:
        """With the one that Azure puts on interruptible nodes: it wants to be told."""
        spot = {"kubernetes.azure.com/scalesetpriority": "spot"} if self.spot else {}
        return {**self.labels, **spot}

    @property
    def all_taints(self) -> list[str]:
        """As for labels."""
        return [*self.taints, *([SPOT_TAINT] if self.spot else [])]


def system_pools(place: Place) -> list[Pool]:
    """What the cluster itself needs; the first is declared within the cluster."""
    zones = zones_in_use(place)
    return [
        Pool(
            role="system",
            sku=CATALOG.system.sku,
            zone=zone,
            least=1,
            most=2 if len(zones) > 1 else 3,
            labels={POOL: "system"},
            taints=(SYSTEM_TAINT,),
            system=True,
        )
        for zone in zones
    ]


def worker_pools(place: Place, nodes: Nodes, gpu: Gpu | None) -> list[Pool]:
    """Where the service runs: CPUs in every zone in use, then each accelerator, the one asked for first."""
    zones = zones_in_use(place)
    shares = zip(zones, _shares(nodes.min, len(zones)), _shares(nodes.max, len(zones)), strict=True)
    cpu = [
        Pool(
            role="cpu",
            sku=CATALOG.nodes[nodes.size].sku,
            zone=zone,
            least=least,
            most=most,
            labels={POOL: "cpu"},
            spot=nodes.spot,
        )
        for zone, least, most in shares
        if most
    ]
    return cpu + _gpus(place, gpu)


def _shares(count: int, zones: int) -> list[int]:
    """A number of nodes spread over zones: the sum stays, the first zones have one more."""
    each, rest = divmod(count, zones)
    return [each + (index < rest) for index in range(zones)]


def _gpus(place: Place, gpu: Gpu | None) -> list[Pool]:
    if gpu is None:
        return []
    return [
        Pool(
            role=name,
            sku=_machine(name, place.region, gpu.per_worker).sku,
            zone=None,
            least=least,
            most=gpu.max,
            labels={POOL: "gpu", "costate.dev/accelerator": name},
            taints=(GPU_TAINT,),
            spot=gpu.spot,
            gpu=True,
        )
        for name, least in gpu.kept.items()
    ]


def _machine(name: AcceleratorName, region: str, accelerators: int) -> Machine:
    """The smallest machine there with so many accelerators; the configuration has been checked before."""
    return next(
        machine
        for machine in CATALOG.accelerators[name]
        if machine.accelerators >= accelerators and (not machine.regions or region in machine.regions)
    )


def inline(
    pool: Pool, *, place: Place, network: Network, version: str
) -> aks.ManagedClusterAgentPoolProfileArgs:
    """The system pool that a cluster is born with."""
    return aks.ManagedClusterAgentPoolProfileArgs(
        name=pool.name,
        mode=aks.AgentPoolMode.SYSTEM,
        type=aks.AgentPoolType.VIRTUAL_MACHINE_SCALE_SETS,
        vm_size=pool.sku,
        os_type=aks.OSType.LINUX,
        os_sku=aks.OSSKU.AZURE_LINUX,
        os_disk_size_gb=64,
        os_disk_type=aks.OSDiskType.MANAGED,
        orchestrator_version=version,
        vnet_subnet_id=_subnet(pool, place, network),
        availability_zones=[pool.zone] if pool.zone else None,
        enable_auto_scaling=True,
        count=pool.least,
        min_count=pool.least,
        max_count=pool.most,
        max_pods=110,
        node_labels=pool.all_labels,
        node_taints=pool.all_taints,
        enable_encryption_at_host=True,
        enable_node_public_ip=False,
        security_profile=_hardened(),
        upgrade_settings=aks.AgentPoolUpgradeSettingsArgs(max_surge="1", drain_timeout_in_minutes=30),
        tags=place.tags,
    )


def declare(
    name: str,
    pools: Sequence[Pool],
    *,
    place: Place,
    group: Group,
    network: Network,
    cluster: aks.ManagedCluster,
    version: str,
    parent: pulumi.Resource,
) -> list[aks.AgentPool]:
    """The further pools, one after the other: AKS makes one change of a cluster at a time."""
    made: list[aks.AgentPool] = []
    for pool in pools:
        made.append(
            aks.AgentPool(
                f"{name}-{pool.name}",
                agent_pool_name=pool.name,
                resource_group_name=group.name,
                resource_name_=cluster.name,
                mode=aks.AgentPoolMode.SYSTEM if pool.system else aks.AgentPoolMode.USER,
                type=aks.AgentPoolType.VIRTUAL_MACHINE_SCALE_SETS,
                vm_size=pool.sku,
                os_type=aks.OSType.LINUX,
                # AKS brings the driver of every accelerator we offer on Ubuntu only.
                os_sku=aks.OSSKU.UBUNTU if pool.gpu else aks.OSSKU.AZURE_LINUX,
                gpu_profile=aks.GPUProfileArgs(driver=aks.GPUDriver.INSTALL) if pool.gpu else None,
                os_disk_size_gb=128 if pool.gpu else 64,
                os_disk_type=aks.OSDiskType.MANAGED,
                orchestrator_version=version,
                vnet_subnet_id=_subnet(pool, place, network),
                availability_zones=[pool.zone] if pool.zone else None,
                enable_auto_scaling=True,
                count=pool.least,
                min_count=pool.least,
                max_count=pool.most,
                max_pods=110,
                scale_down_mode=aks.ScaleDownMode.DELETE,
                scale_set_priority=aks.ScaleSetPriority.SPOT if pool.spot else aks.ScaleSetPriority.REGULAR,
                scale_set_eviction_policy=aks.ScaleSetEvictionPolicy.DELETE if pool.spot else None,
                spot_max_price=-1 if pool.spot else None,  # up to the price of a regular node
                node_labels=pool.all_labels,
                node_taints=pool.all_taints,
                enable_encryption_at_host=True,
                enable_node_public_ip=False,
                security_profile=_hardened(),
                upgrade_settings=_upgrade(pool),
                tags=place.tags,
                opts=pulumi.ResourceOptions(
                    parent=parent,
                    depends_on=made[-1:],
                    ignore_changes=["count"],  # the autoscaler's to say
                ),
            )
        )
    return made


def _subnet(pool: Pool, place: Place, network: Network) -> pulumi.Output[str]:
    index = place.zones.index(pool.zone) if pool.zone else 0
    return network.facts.private_subnets[index]


def _upgrade(pool: Pool) -> aks.AgentPoolUpgradeSettingsArgs | None:
    """How nodes are exchanged; Azure surges no interruptible pool. A GPU too many may not be had: one too few."""
    if pool.spot:
        return None
    drain = 60 if pool.gpu else 30
    if pool.gpu:
        return aks.AgentPoolUpgradeSettingsArgs(
            max_surge="0", max_unavailable="1", drain_timeout_in_minutes=drain
        )
    return aks.AgentPoolUpgradeSettingsArgs(max_surge="33%", drain_timeout_in_minutes=drain)


def _hardened() -> aks.AgentPoolSecurityProfileArgs:
    """No shell on a node. Secure boot stays off: the driver of the GPUs is not signed for it."""
    return aks.AgentPoolSecurityProfileArgs(ssh_access=aks.AgentPoolSSHAccess.DISABLED)
