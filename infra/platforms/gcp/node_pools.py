"""Node pools: one for what the cluster itself needs, one for the service, one for each accelerator."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pulumi
from pulumi_gcp import container

from infra.catalog.gcp import CATALOG, NOT_ON_DEMAND, zones
from infra.catalog.model import AcceleratorName, Machine
from infra.config.nodes import Gpu, Nodes
from infra.place import Place
from infra.platforms.gcp.keys import Keys
from infra.platforms.gcp.node_account import NodeAccount

GPU = "nvidia.com/gpu"
POOL = "costate.dev/pool"
LONGEST_RUN = f"{7 * 24 * 3600}s"
"""How long a Flex-start machine may be kept; Google takes it back then."""


@dataclass(frozen=True)
class Pool:
    """What one node pool is."""

    name: str
    machine: Machine
    zones: Sequence[str]
    least: int
    most: int
    spot: bool
    disk_gib: int
    labels: Mapping[str, str]
    taints: Sequence[tuple[str, str, str]] = ()
    """Key, value and effect as Kubernetes Engine writes it."""

    @property
    def label(self) -> str:
        """Name in the cluster: short, and another one where only another pool will do.

        So the new pool is there before the old one goes. Pulumi's own suffix would leave no room: the name of
        a pool has 40 characters at most.
        """
        kind = f"{self.machine.sku}/{'spot' if self.spot else 'standard'}"
        return f"{self.name}-{hashlib.sha256(kind.encode()).hexdigest()[:6]}"

    @property
    def disk_type(self) -> str:
        """Machines of this kind take no other."""
        return "hyperdisk-balanced" if self.machine.sku.startswith("a3-ultragpu") else "pd-balanced"

    @property
    def first(self) -> int:
        """Nodes in each zone that it begins with."""
        return 0 if self.machine.accelerators else 1

    @property
    def spread(self) -> Literal["ANY", "BALANCED"]:
        """Over the zones evenly, or wherever there are machines to be had."""
        return "ANY" if self.spot or self.machine.accelerators else "BALANCED"

    @property
    def flexible(self) -> bool:
        """Whether machines that are not sold on demand are asked for by Flex-start: none runs until all can."""
        return self.machine.sku in NOT_ON_DEMAND and not self.spot


class NodePools(pulumi.ComponentResource):
    """How many nodes there are is the autoscaler's business between the bounds given here."""

    def __init__(
        self,
        name: str,
        *,
        place: Place,
        cluster: container.Cluster,
        nodes: Nodes,
        gpu: Gpu | None,
        account: NodeAccount,
        keys: Keys,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("costate:gcp:NodePools", name, None, opts)
        self._place, self._cluster, self._account, self._keys = place, cluster, account, keys
        self.pools: Sequence[tuple[Pool, container.NodePool]] = [
            (pool, self._pool(pool)) for pool in (_system(place), _cpu(place, nodes), *_gpus(place, gpu))
        ]
        self.register_outputs({})

    def _pool(self, pool: Pool) -> container.NodePool:
        return container.NodePool(
            f"{self._place.name}-{pool.name}",
            name=pool.label,
            cluster=self._cluster.id,
            location=self._place.region,
            # A minor version comes to the nodes when it comes to the control plane: by configuration.
            version=self._cluster.master_version,
            node_locations=list(pool.zones),
            # Changing it would replace the pool, so it does not follow the configuration.
            initial_node_count=pool.first,
            ignore_node_count_changes=True,
            autoscaling=container.NodePoolAutoscalingArgs(
                # Bounds over all zones: those by zone would be multiplied by three.
                total_min_node_count=pool.least,
                total_max_node_count=pool.most,
                location_policy=pool.spread,
            ),
            max_pods_per_node=64,
            # A Flex-start machine is not repaired: it is given back, and another asked for.
            management=container.NodePoolManagementArgs(auto_repair=not pool.flexible, auto_upgrade=True),
            upgrade_settings=_upgrades(pool),
            node_drain_configs=[
                container.NodePoolNodeDrainConfigArgs(respect_pdb_during_node_pool_deletion=True)
            ],
            network_config=container.NodePoolNetworkConfigArgs(enable_private_nodes=True),
            node_config=self._node(pool),
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=[self._account.role, self._keys.grants["disks"]]
            ),
        )

    def _node(self, pool: Pool) -> container.NodePoolNodeConfigArgs:
        return container.NodePoolNodeConfigArgs(
            machine_type=pool.machine.sku,
            image_type="COS_CONTAINERD",
            disk_size_gb=pool.disk_gib,
            disk_type=pool.disk_type,
            boot_disk_kms_key=self._keys.facts.cluster,
            service_account=self._account.email,
            # Scopes are of old: what the node may do is decided by the roles of its account.
            oauth_scopes=["https://www.googleapis.com/auth/cloud-platform"],
            spot=pool.spot,
            flex_start=pool.flexible or None,
            max_run_duration=LONGEST_RUN if pool.flexible else None,
            reservation_affinity=container.NodePoolNodeConfigReservationAffinityArgs(
                consume_reservation_type="NO_RESERVATION"
            )
            if pool.flexible
            else None,
            guest_accelerators=_accelerators(pool.machine),
            labels=dict(pool.labels),
            taints=[
                container.NodePoolNodeConfigTaintArgs(key=key, value=value, effect=effect)
                for key, value, effect in pool.taints
            ],
            resource_labels=dict(self._place.tags),
            metadata={"disable-legacy-endpoints": "true"},
            workload_metadata_config=container.NodePoolNodeConfigWorkloadMetadataConfigArgs(
                mode="GKE_METADATA"
            ),
            shielded_instance_config=container.NodePoolNodeConfigShieldedInstanceConfigArgs(
                enable_secure_boot=True, enable_integrity_monitoring=True
            ),
            kubelet_config=container.NodePoolNodeConfigKubeletConfigArgs(
                insecure_kubelet_readonly_port_enabled="FALSE"
            ),
        )


def _upgrades(pool: Pool) -> container.NodePoolUpgradeSettingsArgs | None:
    """A new node before an old one goes; where GPUs are short, the old one goes first."""
    if pool.flexible:
        return None
    short = pool.machine.accelerators > 0
    return container.NodePoolUpgradeSettingsArgs(
        strategy="SURGE", max_surge=0 if short else 1, max_unavailable=1 if short else 0
    )


def _accelerators(machine: Machine) -> list[container.NodePoolNodeConfigGuestAcceleratorArgs]:
    """Driver and device plugin are installed by Kubernetes Engine, which is said rather than assumed."""
    if not machine.accelerators:
        return []
    return [
        container.NodePoolNodeConfigGuestAcceleratorArgs(
            type=machine.accelerator_sku,
            count=machine.accelerators,
            gpu_driver_installation_config=(
                container.NodePoolNodeConfigGuestAcceleratorGpuDriverInstallationConfigArgs(
                    gpu_driver_version="LATEST"
                )
            ),
        )
    ]


def _system(place: Place) -> Pool:
    return Pool(
        name="system",
        machine=CATALOG.system,
        zones=place.zones,
        least=3 if place.production else 2,
        most=6 if place.production else 4,
        spot=False,
        disk_gib=50,
        labels={POOL: "system"},
        # Others may run here when nothing else is free.
        taints=[("CriticalAddonsOnly", "true", "PREFER_NO_SCHEDULE")],
    )


def _cpu(place: Place, nodes: Nodes) -> Pool:
    return Pool(
        name="cpu",
        machine=CATALOG.nodes[nodes.size],
        # A pool begins with a node in each of its zones: not more of them than it may have nodes.
        zones=place.zones[: nodes.max],
        least=nodes.min,
        most=nodes.max,
        spot=nodes.spot,
        disk_gib=100,
        labels={POOL: "cpu"},
    )


def _gpus(place: Place, gpu: Gpu | None) -> list[Pool]:
    return [_gpu(place, gpu, name, least) for name, least in gpu.kept.items()] if gpu else []


def _gpu(place: Place, gpu: Gpu, name: AcceleratorName, least: int) -> Pool:
    """The smallest machine of the region that has as many accelerators as a worker asks for."""
    machine = next(
        machine
        for machine in CATALOG.accelerators[name]
        if machine.accelerators >= gpu.per_worker and zones(machine, place.region)
    )
    return Pool(
        name=f"gpu-{name}",
        machine=machine,
        zones=zones(machine, place.region),
        least=least,
        most=gpu.max,
        spot=gpu.spot,
        disk_gib=200,
        labels={POOL: "gpu", "costate.dev/accelerator": name},
        taints=[(GPU, "present", "NO_SCHEDULE")],
    )
