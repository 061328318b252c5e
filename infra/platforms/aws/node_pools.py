"""Node groups: one for what the cluster itself needs, one for the service, one for each accelerator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from infra.catalog.aws import CATALOG, SPOT_ALTERNATIVES, has, machines
from infra.catalog.model import AcceleratorName
from infra.config.nodes import Gpu, Nodes
from infra.place import Place
from infra.platforms.aws.network import Network
from infra.platforms.aws.node_role import NodeRole
from infra.platforms.aws.node_template import node_template

GPU = "nvidia.com/gpu"
POOL = "costate.dev/pool"


@dataclass(frozen=True)
class Pool:
    """What one node group is."""

    name: str
    skus: Sequence[str]
    zones: Sequence[str]
    least: int
    most: int
    spot: bool
    disk_gib: int
    labels: Mapping[str, str]
    taints: Sequence[tuple[str, str, str]] = ()
    """Key, value and effect as EKS writes it."""
    accelerators: int = 0
    hints: Mapping[str, str] = field(default_factory=dict)
    """What the autoscaler is told of nodes that are not there yet."""


class NodePools(pulumi.ComponentResource):
    """`system` is the group in which what the cluster itself needs runs."""

    def __init__(
        self,
        name: str,
        *,
        place: Place,
        cluster: pulumi.Output[str],
        addons: Sequence[pulumi.Resource],
        version: str,
        nodes: Nodes,
        gpu: Gpu | None,
        fixed: bool,
        role: NodeRole,
        network: Network,
        key: pulumi.Output[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("costate:aws:NodePools", name, None, opts)
        self._name, self._place, self._cluster, self._version = name, place, cluster, version
        self._role, self._key = role, key
        # Nodes without a CNI never become ready, and without their rights they cannot join.
        self._needs = [*addons, *role.rights]
        self._subnets = dict(zip(place.zones, network.facts.private_subnets, strict=True))
        others = [] if fixed else worker_pools(place, nodes, gpu)
        self.groups = [(pool, self._group(pool)) for pool in (_system(place), *others)]
        (_, self.system), *_ = self.groups
        self.system_scaling = _scaling(self.system)
        """Name of the scaling group in which the system's nodes are."""
        self.register_outputs({})

    def _group(self, pool: Pool) -> aws.eks.NodeGroup:
        child = pulumi.ResourceOptions(parent=self)
        template = node_template(
            f"{self._name}-{pool.name}",
            place=self._place,
            disk_gib=pool.disk_gib,
            key=self._key,
            parent=self,
        )
        group = aws.eks.NodeGroup(
            f"{self._name}-{pool.name}",
            cluster_name=self._cluster,
            node_role_arn=self._role.own_arn,
            subnet_ids=[self._subnets[zone] for zone in pool.zones],
            instance_types=list(pool.skus),
            capacity_type="SPOT" if pool.spot else "ON_DEMAND",
            # The image with NVIDIA's driver and container toolkit; the device plugin is a workload.
            ami_type="AL2023_x86_64_NVIDIA" if pool.accelerators else "AL2023_x86_64_STANDARD",
            version=self._version,
            release_version=CATALOG.kubernetes[f"{self._version}/node-image"],
            launch_template=aws.eks.NodeGroupLaunchTemplateArgs(
                id=template.id, version=template.latest_version.apply(str)
            ),
            scaling_config=aws.eks.NodeGroupScalingConfigArgs(
                min_size=pool.least, max_size=pool.most, desired_size=pool.least
            ),
            # With the tags, so that costs can be told by node inside the cluster too.
            labels={**self._place.tags, **pool.labels},
            taints=[
                aws.eks.NodeGroupTaintArgs(key=key, value=value, effect=effect)
                for key, value, effect in pool.taints
            ],
            update_config=aws.eks.NodeGroupUpdateConfigArgs(max_unavailable_percentage=33),
            node_repair_config=aws.eks.NodeGroupNodeRepairConfigArgs(enabled=True),
            # How many there are is the autoscaler's business.
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=self._needs, ignore_changes=["scalingConfig.desiredSize"]
            ),
        )
        for key, value in _hints(pool).items():
            aws.autoscaling.Tag(
                f"{self._name}-{pool.name}-{key.rsplit('node-template/', 1)[-1].replace('/', '-')}",
                autoscaling_group_name=_scaling(group),
                tag=aws.autoscaling.TagTagArgs(key=key, value=value, propagate_at_launch=False),
                opts=child,
            )
        return group


def _scaling(group: aws.eks.NodeGroup) -> pulumi.Output[str]:
    return group.resources.apply(lambda made: str((made[0].autoscaling_groups or [])[0].name))


def _system(place: Place) -> Pool:
    return Pool(
        name="system",
        skus=[CATALOG.system.sku],
        zones=place.zones,
        least=3 if place.production else 2,
        most=5 if place.production else 3,
        spot=False,
        disk_gib=50,
        labels={POOL: "system"},
        # Others may run here when nothing else is free.
        taints=[("CriticalAddonsOnly", "true", "PREFER_NO_SCHEDULE")],
    )


def worker_pools(place: Place, nodes: Nodes, gpu: Gpu | None) -> list[Pool]:
    """Where the service runs: CPUs, then each accelerator, the one asked for first."""
    return [_cpu(place, nodes), *_gpus(place, gpu)]


def _cpu(place: Place, nodes: Nodes) -> Pool:
    sku = CATALOG.nodes[nodes.size].sku
    return Pool(
        name="cpu",
        skus=[sku, *(SPOT_ALTERNATIVES[sku] if nodes.spot else ())],
        zones=place.zones,
        least=nodes.min,
        most=nodes.max,
        spot=nodes.spot,
        disk_gib=50,
        labels={POOL: "cpu"},
    )


def _gpus(place: Place, gpu: Gpu | None) -> list[Pool]:
    return [_gpu(place, gpu, name, least) for name, least in gpu.kept.items()] if gpu else []


def _gpu(place: Place, gpu: Gpu, name: AcceleratorName, least: int) -> Pool:
    first, *others = machines(name, place.region, gpu.per_worker)
    zones = [zone for zone in place.zones if has(zone, first.sku)]
    everywhere = [other.sku for other in others if all(has(zone, other.sku) for zone in zones)]
    return Pool(
        name=f"gpu-{name}",
        skus=[first.sku, *everywhere],
        zones=zones,
        least=least,
        most=gpu.max,
        spot=gpu.spot,
        disk_gib=100,
        labels={POOL: "gpu", "costate.dev/accelerator": name},
        taints=[(GPU, "present", "NO_SCHEDULE")],
        accelerators=first.accelerators,
    )


def _hints(pool: Pool) -> dict[str, str]:
    """Tags by which the cluster-autoscaler knows the labels, taints and GPUs of a group without nodes."""
    if not pool.accelerators:
        return {}
    template = "k8s.io/cluster-autoscaler/node-template"
    labels = {f"{template}/label/{key}": value for key, value in pool.labels.items()}
    taints = {f"{template}/taint/{key}": f"{value}:NoSchedule" for key, value, _ in pool.taints}
    return {**labels, **taints, f"{template}/resources/{GPU}": str(pool.accelerators)}
