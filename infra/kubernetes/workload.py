"""A unit as Kubernetes objects: Deployment or Rollout, Service, disruption budget."""

from __future__ import annotations

import pulumi
from pulumi_kubernetes import apps, core, meta, policy

from infra.kubernetes.pod import container, pod, template
from infra.kubernetes.rollout import rollout
from infra.kubernetes.unit import Probe, Unit

SPREAD = ("topology.kubernetes.io/zone", "kubernetes.io/hostname")


class Workload(pulumi.ComponentResource):
    """Pods of a unit, spread over zones and hosts, rolled without ever being fewer than promised."""

    service: core.v1.Service

    def __init__(
        self,
        name: str,
        *,
        unit: Unit,
        namespace: pulumi.Input[str],
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("costate:kubernetes:Workload", name, None, opts)
        self._unit, self._namespace = unit, namespace
        child = pulumi.ResourceOptions(parent=self)
        self.pods = self._deployment(name) if unit.rolled else self._rollout(name)
        self.service = core.v1.Service(
            name,
            metadata=self._metadata(),
            spec=core.v1.ServiceSpecArgs(
                type="NodePort" if unit.node_port else "ClusterIP",
                selector=unit.selector,
                ports=[
                    core.v1.ServicePortArgs(
                        name="http",
                        port=80,
                        target_port="http",
                        app_protocol="http",
                        node_port=unit.node_port,
                    )
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

    def _deployment(self, name: str) -> pulumi.CustomResource:
        unit = self._unit
        return apps.v1.Deployment(
            name,
            metadata=self._metadata(),
            spec=apps.v1.DeploymentSpecArgs(
                # Where an autoscaler owns the number, this is only the first one (see `ignore_changes` below).
                replicas=unit.initial if unit.scaled else unit.replicas.max,
                selector=meta.v1.LabelSelectorArgs(match_labels=unit.selector),
                strategy=apps.v1.DeploymentStrategyArgs(
                    type="RollingUpdate",
                    rolling_update=apps.v1.RollingUpdateDeploymentArgs(max_surge=1, max_unavailable=0),
                ),
                min_ready_seconds=5,
                progress_deadline_seconds=600,
                revision_history_limit=5,
                template=template(unit, self._pod("pod-template-hash")),
            ),
            opts=pulumi.ResourceOptions(
                parent=self, ignore_changes=["spec.replicas"] if unit.scaled else None
            ),
        )

    def _rollout(self, name: str) -> pulumi.CustomResource:
        return rollout(
            name,
            unit=self._unit,
            namespace=self._namespace,
            template=template(self._unit, self._pod("rollouts-pod-template-hash")),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _metadata(self) -> meta.v1.ObjectMetaArgs:
        return meta.v1.ObjectMetaArgs(
            name=self._unit.name, namespace=self._namespace, labels=self._unit.selector
        )

    def _pod(self, revision: str) -> core.v1.PodSpecArgs:
        """`revision` is the label that tells pods of one revision from others."""
        unit = self._unit
        serving = container(unit)
        serving.ports = [core.v1.ContainerPortArgs(name="http", container_port=unit.port)]
        serving.startup_probe = _probe(unit.startup)
        serving.liveness_probe = _probe(unit.liveness)
        serving.readiness_probe = _probe(unit.readiness)
        if unit.drain_s:
            serving.lifecycle = core.v1.LifecycleArgs(
                pre_stop=core.v1.LifecycleHandlerArgs(sleep=core.v1.SleepActionArgs(seconds=unit.drain_s))
            )
        spec = pod(unit, serving)
        spec.termination_grace_period_seconds = unit.grace_s + unit.drain_s
        spec.topology_spread_constraints = [
            core.v1.TopologySpreadConstraintArgs(
                max_skew=1,
                topology_key=key,
                when_unsatisfiable="ScheduleAnyway",
                label_selector=meta.v1.LabelSelectorArgs(match_labels=unit.selector),
                match_label_keys=[revision],
            )
            for key in SPREAD
        ]
        return spec


def _probe(probe: Probe) -> core.v1.ProbeArgs:
    return core.v1.ProbeArgs(
        http_get=core.v1.HTTPGetActionArgs(path=probe.path, port="http"),
        period_seconds=probe.period_s,
        timeout_seconds=min(5, probe.period_s),
        failure_threshold=probe.failures,
    )
