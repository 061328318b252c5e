"""A data store of one server: a StatefulSet, and the Service it is asked by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
from pulumi_kubernetes import apps, core, meta

from infra.config.model import Range
from infra.kubernetes.confinement import (
    TEMPORARY,
    config_maps,
    container_security,
    empty_folders,
    mounts,
    pod_security,
    secrets,
)
from infra.platforms.existing.network import NAMESPACE, labels

USER = 999
"""Whom the official images of PostgreSQL and Valkey run their servers as."""

READABLE_BY_GROUP = 0o640
"""Servers refuse a key that others may read."""


@dataclass(frozen=True, kw_only=True)
class Disk:
    """What outlives the pod."""

    path: str
    size_gib: int
    storage_class: str
    """Empty is the cluster's default."""


@dataclass(frozen=True, kw_only=True)
class ServerArgs:
    """What runs, plain values but for the namespace."""

    server: str
    """Name of StatefulSet, Service and container."""
    namespace: pulumi.Input[str]
    image: str
    pull: str
    command: Sequence[str]
    port: int
    cpu: Range
    memory: Range
    secrets: Mapping[str, str]
    """Secrets that are mounted, by name: the folder."""
    scripts: Mapping[str, str] = field(default_factory=dict)
    """ConfigMaps that are mounted, by name: the folder."""
    scratch: Mapping[str, str] = field(default_factory=dict)
    """Writable folders that begin empty, by name."""
    disk: Disk | None = None
    alive: Sequence[str] = ()
    """Command that succeeds while the server answers; empty asks whether it takes connections."""
    stop: Sequence[str] = ()
    """Command before the signal to stop, where the signal alone would wait for clients."""
    revision: pulumi.Input[str]
    """Whose change restarts the server."""


class Server(pulumi.ComponentResource):
    """One server that nobody but its own Service leads to."""

    host: pulumi.Output[str]

    def __init__(self, name: str, *, args: ServerArgs, protect: bool, opts: pulumi.ResourceOptions) -> None:
        super().__init__("costate:existing:Server", name, None, opts)
        own = labels(args.server)
        metadata = meta.v1.ObjectMetaArgs(name=args.server, namespace=args.namespace, labels=own)
        core.v1.Service(
            name,
            metadata=metadata,
            spec=core.v1.ServiceSpecArgs(
                type="ClusterIP",
                selector=own,
                ports=[core.v1.ServicePortArgs(name="data", port=args.port, target_port="data")],
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        servers = apps.v1.StatefulSet(
            name,
            metadata=metadata,
            spec=apps.v1.StatefulSetSpecArgs(
                replicas=1,
                # By its name alone: a Service is awaited until it has a pod, so neither may wait for the other.
                service_name=args.server,
                selector=meta.v1.LabelSelectorArgs(match_labels=own),
                persistent_volume_claim_retention_policy=apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicyArgs(
                    when_deleted="Retain" if protect else "Delete", when_scaled="Retain"
                ),
                volume_claim_templates=[_claim(args.disk)] if args.disk else None,
                template=core.v1.PodTemplateSpecArgs(
                    metadata=meta.v1.ObjectMetaArgs(
                        labels=own, annotations={"costate.dev/revision": args.revision}
                    ),
                    spec=_pod(args),
                ),
            ),
            opts=pulumi.ResourceOptions(parent=self, protect=protect),
        )
        # Known when the server is ready, so that whoever is told the address comes after it.
        self.host = servers.metadata.name.apply(lambda found: f"{found}.{NAMESPACE}.svc")
        self.register_outputs({})


def _pod(args: ServerArgs) -> core.v1.PodSpecArgs:
    folders = {**args.secrets, **args.scripts}
    writable = {"tmp": TEMPORARY, **args.scratch}
    disk = {"data": args.disk.path} if args.disk else {}
    return core.v1.PodSpecArgs(
        automount_service_account_token=False,
        enable_service_links=False,
        priority_class_name="costate-data",
        termination_grace_period_seconds=60,
        security_context=pod_security(USER, fs_group_change_policy="OnRootMismatch"),
        containers=[
            core.v1.ContainerArgs(
                name=args.server,
                image=args.image,
                image_pull_policy=args.pull,
                command=list(args.command),
                ports=[core.v1.ContainerPortArgs(name="data", container_port=args.port)],
                resources=core.v1.ResourceRequirementsArgs(
                    requests={"cpu": f"{args.cpu[0]}m", "memory": f"{args.memory[0]}Mi"},
                    limits={"cpu": f"{args.cpu[1]}m", "memory": f"{args.memory[1]}Mi"},
                ),
                # Two minutes to start: a database may have to replay what a crash left.
                startup_probe=_probe(args, period_s=2, failures=60),
                liveness_probe=_probe(args, period_s=15, failures=4),
                readiness_probe=_probe(args, period_s=5, failures=2),
                lifecycle=core.v1.LifecycleArgs(
                    pre_stop=core.v1.LifecycleHandlerArgs(
                        exec_=core.v1.ExecActionArgs(command=list(args.stop))
                    )
                )
                if args.stop
                else None,
                security_context=container_security(),
                volume_mounts=[*mounts({**writable, **disk}), *mounts(folders, read_only=True)],
            )
        ],
        volumes=[
            *empty_folders(writable, 1),
            *secrets(args.secrets, READABLE_BY_GROUP),
            *config_maps(args.scripts),
        ],
    )


def _probe(args: ServerArgs, *, period_s: int, failures: int) -> core.v1.ProbeArgs:
    return core.v1.ProbeArgs(
        exec_=core.v1.ExecActionArgs(command=list(args.alive)) if args.alive else None,
        tcp_socket=None if args.alive else core.v1.TCPSocketActionArgs(port="data"),
        period_seconds=period_s,
        timeout_seconds=5,
        failure_threshold=failures,
    )


def _claim(disk: Disk) -> core.v1.PersistentVolumeClaimArgs:
    return core.v1.PersistentVolumeClaimArgs(
        metadata=meta.v1.ObjectMetaArgs(name="data"),
        spec=core.v1.PersistentVolumeClaimSpecArgs(
            access_modes=["ReadWriteOnce"],
            storage_class_name=disk.storage_class or None,
            resources=core.v1.VolumeResourceRequirementsArgs(requests={"storage": f"{disk.size_gib}Gi"}),
        ),
    )
