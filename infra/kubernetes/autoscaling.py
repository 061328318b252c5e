"""Who decides how many replicas there are: the API scales on load, workers on the jobs that wait and run."""

from __future__ import annotations

import pulumi
from pulumi_kubernetes import apiextensions, autoscaling, meta

from infra.kubernetes import rollout
from infra.kubernetes.unit import Unit

MEMORY_TARGET = 80
"""Percent of the request; beyond, another replica is better than the kernel's choice."""

CALM_S = 300
"""Seconds of lower load before replicas are taken away."""


def by_load(
    name: str, *, unit: Unit, namespace: pulumi.Input[str], cpu_target: int, opts: pulumi.ResourceOptions
) -> None:
    """A HorizontalPodAutoscaler on CPU and memory, up at once, down slowly."""

    def resource(kind: str, percent: int) -> autoscaling.v2.MetricSpecArgs:
        return autoscaling.v2.MetricSpecArgs(
            type="Resource",
            resource=autoscaling.v2.ResourceMetricSourceArgs(
                name=kind,
                target=autoscaling.v2.MetricTargetArgs(type="Utilization", average_utilization=percent),
            ),
        )

    def policy(percent: int, period_s: int) -> autoscaling.v2.HPAScalingPolicyArgs:
        return autoscaling.v2.HPAScalingPolicyArgs(type="Percent", value=percent, period_seconds=period_s)

    autoscaling.v2.HorizontalPodAutoscaler(
        name,
        metadata=meta.v1.ObjectMetaArgs(name=unit.name, namespace=namespace, labels=unit.selector),
        spec=autoscaling.v2.HorizontalPodAutoscalerSpecArgs(
            scale_target_ref=autoscaling.v2.CrossVersionObjectReferenceArgs(
                api_version="apps/v1" if unit.rolled else rollout.API,
                kind="Deployment" if unit.rolled else "Rollout",
                name=unit.name,
            ),
            min_replicas=unit.replicas.min,
            max_replicas=unit.replicas.max,
            metrics=[resource("cpu", cpu_target), resource("memory", MEMORY_TARGET)],
            behavior=autoscaling.v2.HorizontalPodAutoscalerBehaviorArgs(
                scale_up=autoscaling.v2.HPAScalingRulesArgs(
                    stabilization_window_seconds=0, policies=[policy(100, 30)]
                ),
                scale_down=autoscaling.v2.HPAScalingRulesArgs(
                    stabilization_window_seconds=CALM_S, policies=[policy(25, 60)]
                ),
            ),
        ),
        opts=opts,
    )


def by_queue(
    name: str,
    *,
    unit: Unit,
    namespace: pulumi.Input[str],
    metrics: pulumi.Input[str],
    slots: int,
    oldest_s: int,
    opts: pulumi.ResourceOptions,
) -> None:
    """A KEDA ScaledObject on jobs waiting plus running, and on the age of the oldest that waits.

    Running jobs count, so that scaling down never takes away what they run on; `slots` jobs fill one worker.
    `metrics` is the address of the API's metrics.
    """

    def trigger(figure: str, value: str) -> dict[str, object]:
        place = {"url": metrics, "format": "prometheus", "valueLocation": value, "targetValue": "1"}
        return {"type": "metrics-api", "name": figure, "metadata": place}

    apiextensions.CustomResource(
        name,
        api_version="keda.sh/v1alpha1",
        kind="ScaledObject",
        metadata=meta.v1.ObjectMetaArgs(name=unit.name, namespace=namespace, labels=unit.selector),
        spec={
            "scaleTargetRef": {"name": unit.name},
            "minReplicaCount": unit.replicas.min,
            "maxReplicaCount": unit.replicas.max,
            "pollingInterval": 10,
            "cooldownPeriod": CALM_S,
            "triggers": [
                trigger("pending", 'costate_jobs{status="pending"}'),
                trigger("running", 'costate_jobs{status="running"}'),
                trigger("oldest", "costate_jobs_oldest_pending_age_seconds"),
            ],
            "advanced": {
                # One figure of all three: an autoscaler would take the largest, not the sum.
                "scalingModifiers": {
                    "formula": f"max((pending + running) / {slots}, oldest / {oldest_s})",
                    "target": "1",
                },
                "horizontalPodAutoscalerConfig": {
                    "behavior": {"scaleDown": {"stabilizationWindowSeconds": CALM_S}}
                },
            },
        },
        opts=opts,
    )
