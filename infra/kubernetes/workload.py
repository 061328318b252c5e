"""A unit as Kubernetes objects: Deployment, Service, disruption budget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
from pulumi_kubernetes import apps, core, meta, policy

from infra.kubernetes.unit import USER, Probe, Unit

GPU = "nvidia.com/gpu"
SPREAD = ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
TEMPORARY = "/tmp"  # noqa: S108 - inside a container, a volume of its own


class Workload(pulumi.ComponentResource):
    """Pods that cannot write, escalate or be seen by their neighbours, spread over zones and hosts."""

    service: core.v1.Service

    def __init__(
        self,
        name: str,
        *,
        unit: Unit,
        namespace: pulumi.Input[str],
        revision: pulumi.Input[str],
        opts: pulumi.ResourceOptions,
    ) -> None:
        """`revision` changes with configuration and secrets, so that pods are rolled when these change."""
        super().__init__("costate:kubernetes:Workload", name, None, opts)
        self._unit, self._namespace = unit, namespace
        child = pulumi.ResourceOptions(parent=self)
        self.deployment = apps.v1.Deployment(
            name,
            metadata=self._metadata(),
            spec=apps.v1.DeploymentSpecArgs(
                # Where an autoscaler owns the number, stating one here would set it back at every `up`.
                replicas=None if unit.scaled else unit.replicas.max,
                selector=meta.v1.LabelSelectorArgs(match_labels=unit.selector),
                strategy=apps.v1.DeploymentStrategyArgs(
                    type="RollingUpdate",
                    rolling_update=apps.v1.RollingUpdateDeploymentArgs(max_surge=1, max_unavailable=0),
                ),
                min_ready_seconds=5,
                progress_deadline_seconds=600,
                revision_history_limit=5,
                template=core.v1.PodTemplateSpecArgs(
                    metadata=meta.v1.ObjectMetaArgs(
                        labels=labelled(unit.selector, unit.identity),
                        annotations={"costate.dev/revision": revision},
                    ),
                    spec=self._pod(),
                ),
            ),
            opts=child,
        )
        self.service = core.v1.Service(
            name,
            metadata=self._metadata(),
            spec=core.v1.ServiceSpecArgs(
                type="ClusterIP",
                selector=unit.selector,
                ports=[
                    core.v1.ServicePortArgs(name="http", port=80, target_port="http", app_protocol="http")
                ],
            ),
            opts=child,
        )
        policy.v1.PodDisruptionBudget(
            name,
            metadata=self._metadata(),
            spec=policy.v1.PodDisruptionBudgetSpecArgs(
                max_unavailable=1,
                # A pod that is broken anyway must not keep a node from being drained.
                unhealthy_pod_eviction_policy="AlwaysAllow",
                selector=meta.v1.LabelSelectorArgs(match_labels=unit.selector),
            ),
            opts=child,
        )
        self.register_outputs({})

    def _metadata(self) -> meta.v1.ObjectMetaArgs:
        return meta.v1.ObjectMetaArgs(
            name=self._unit.name, namespace=self._namespace, labels=self._unit.selector
        )

    def _pod(self) -> core.v1.PodSpecArgs:
        unit = self._unit
        volumes = {"tmp": TEMPORARY, **unit.scratch}
        return core.v1.PodSpecArgs(
            service_account_name=unit.account,
            automount_service_account_token=unit.token,
            enable_service_links=False,
            priority_class_name=unit.priority,
            termination_grace_period_seconds=unit.grace_s + unit.drain_s,
            security_context=core.v1.PodSecurityContextArgs(
                run_as_non_root=True,
                run_as_user=USER,
                run_as_group=USER,
                fs_group=USER,
                seccomp_profile=core.v1.SeccompProfileArgs(type="RuntimeDefault"),
            ),
            topology_spread_constraints=[
                core.v1.TopologySpreadConstraintArgs(
                    max_skew=1,
                    topology_key=key,
                    when_unsatisfiable="ScheduleAnyway",
                    label_selector=meta.v1.LabelSelectorArgs(match_labels=unit.selector),
                    match_label_keys=["pod-template-hash"],
                )
                for key in SPREAD
            ],
            node_selector={"costate.dev/pool": unit.pool} if unit.pool else None,
            tolerations=[core.v1.TolerationArgs(key=GPU, operator="Exists", effect="NoSchedule")]
            if unit.accelerators
            else None,
            containers=[self._container(volumes)],
            volumes=[
                *(
                    core.v1.VolumeArgs(
                        name=name, empty_dir=core.v1.EmptyDirVolumeSourceArgs(size_limit="2Gi")
                    )
                    for name in volumes
                ),
                *(
                    core.v1.VolumeArgs(name=name, config_map=core.v1.ConfigMapVolumeSourceArgs(name=name))
                    for name in unit.mounts
                ),
            ],
        )

    def _container(self, volumes: dict[str, str]) -> core.v1.ContainerArgs:
        unit = self._unit
        accelerators = {GPU: str(unit.accelerators)} if unit.accelerators else {}
        return core.v1.ContainerArgs(
            name=unit.name,
            image=unit.image,
            command=list(unit.command) or None,
            ports=[core.v1.ContainerPortArgs(name="http", container_port=unit.port)],
            env=variables(unit),
            env_from=[
                core.v1.EnvFromSourceArgs(secret_ref=core.v1.SecretEnvSourceArgs(name=name))
                for name in unit.secrets
            ],
            resources=core.v1.ResourceRequirementsArgs(
                requests={"cpu": f"{unit.cpu[0]}m", "memory": f"{unit.memory[0]}Mi", **accelerators},
                limits={"cpu": f"{unit.cpu[1]}m", "memory": f"{unit.memory[1]}Mi", **accelerators},
            ),
            startup_probe=_probe(unit.startup),
            liveness_probe=_probe(unit.liveness),
            readiness_probe=_probe(unit.readiness),
            lifecycle=core.v1.LifecycleArgs(
                pre_stop=core.v1.LifecycleHandlerArgs(sleep=core.v1.SleepActionArgs(seconds=unit.drain_s))
            )
            if unit.drain_s
            else None,
            security_context=confined(),
            volume_mounts=[
                *(core.v1.VolumeMountArgs(name=name, mount_path=path) for name, path in volumes.items()),
                *(
                    core.v1.VolumeMountArgs(name=name, mount_path=path, read_only=True)
                    for name, path in unit.mounts.items()
                ),
            ],
        )


def labelled(
    own: Mapping[str, str], identity: pulumi.Input[Mapping[str, str]]
) -> pulumi.Output[Mapping[str, str]]:
    """Labels of pods that act as an identity of the cloud."""
    return pulumi.Output.from_input(identity).apply(lambda given: {**given, **own})


def variables(unit: Unit) -> Sequence[core.v1.EnvVarArgs]:
    """Its environment, in an order that does not change from run to run."""
    return [core.v1.EnvVarArgs(name=name, value=unit.environment[name]) for name in sorted(unit.environment)]


def confined() -> core.v1.SecurityContextArgs:
    """What a container may do: nothing beyond its own process."""
    return core.v1.SecurityContextArgs(
        allow_privilege_escalation=False,
        privileged=False,
        read_only_root_filesystem=True,
        run_as_non_root=True,
        capabilities=core.v1.CapabilitiesArgs(drop=["ALL"]),
    )


def _probe(probe: Probe) -> core.v1.ProbeArgs:
    return core.v1.ProbeArgs(
        http_get=core.v1.HTTPGetActionArgs(path=probe.path, port="http"),
        period_seconds=probe.period_s,
        timeout_seconds=min(5, probe.period_s),
        failure_threshold=probe.failures,
    )
