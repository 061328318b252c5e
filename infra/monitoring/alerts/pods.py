"""Pods that do not run as they should, and what keeps them from it."""

from __future__ import annotations

from infra.monitoring.recording import CONTAINER_CPU, CONTAINER_MEMORY
from infra.monitoring.rule import Alert

CPU_RATIO, MEMORY_RATIO = 0.90, 0.95
RESTARTS, FAILED_PROBES = 3, 3
VOLUME_RATIO = 0.15
QUOTA_RATIO = 0.9

_FAILED = 'prober_probe_total{probe_type=~"Liveness|Readiness",result="failed"}'
_PASSED = 'prober_probe_total{probe_type=~"Liveness|Readiness",result="successful"}'
_BY = "namespace, pod, container, probe_type"
_HPA = "kube_horizontalpodautoscaler"
_LEFT = "kubelet_volume_stats_available_bytes / kubelet_volume_stats_capacity_bytes"

ALERTS = (
    Alert(
        name="ContainerCpuHigh",
        # Workers are meant to compute: that all of them do is told by their queue.
        expr=f'{CONTAINER_CPU}{{container!~"worker.*"}} > {CPU_RATIO}',
        after="5m",
        severity="warning",
        area="pods",
        summary="{{ $labels.container }} in {{ $labels.pod }} uses more than 90 % of its CPU limit.",
        now="Now {{ $value | humanizePercentage }}.",
        origin="required: CPU > 90 % for 5 min",
    ),
    Alert(
        name="ContainerMemoryCritical",
        expr=f"{CONTAINER_MEMORY} > {MEMORY_RATIO}",
        after="1m",
        severity="critical",
        area="pods",
        summary="{{ $labels.container }} in {{ $labels.pod }} is about to be killed for memory.",
        now="Of its limit: {{ $value | humanizePercentage }}.",
        origin="required: memory > 95 %",
    ),
    Alert(
        name="PodRestarts",
        expr=f"increase(kube_pod_container_status_restarts_total[15m]) >= {RESTARTS}",
        after="",
        severity="critical",
        area="pods",
        summary="{{ $labels.container }} in {{ $labels.pod }} has restarted three times in 15 minutes.",
        now="Restarts: {{ $value | humanize }}.",
        origin="required: 3 restarts",
    ),
    Alert(
        name="HealthChecksFail",
        expr=f"sum by ({_BY}) (increase({_FAILED}[2m])) >= {FAILED_PROBES}"
        f" unless sum by ({_BY}) (increase({_PASSED}[2m])) > 0",
        after="",
        severity="critical",
        area="pods",
        summary="{{ $labels.probe_type }} checks of {{ $labels.pod }} fail one after the other.",
        now="In two minutes: {{ $value | humanize }}.",
        origin="required: 3 failed health checks in a row",
    ),
    Alert(
        name="PodOutOfMemory",
        expr='kube_pod_container_status_last_terminated_reason{reason="OOMKilled"} == 1'
        " and on (namespace, pod, container)"
        " increase(kube_pod_container_status_restarts_total[10m]) > 0",
        after="",
        severity="warning",
        area="pods",
        summary="{{ $labels.container }} in {{ $labels.pod }} was killed for memory.",
        origin="our choice",
    ),
    Alert(
        name="ImageNotPulled",
        expr='kube_pod_container_status_waiting_reason{reason=~"ErrImagePull|ImagePullBackOff|InvalidImageName"}'
        " == 1",
        after="5m",
        severity="warning",
        area="pods",
        summary="The image of {{ $labels.container }} in {{ $labels.pod }} cannot be had: {{ $labels.reason }}.",
        origin="our choice",
    ),
    Alert(
        name="PodPending",
        expr='sum by (namespace, pod) (kube_pod_status_phase{phase="Pending"}) == 1',
        after="15m",
        severity="warning",
        area="pods",
        summary="{{ $labels.pod }} finds no node, or does not start on it.",
        origin="our choice: a GPU node is there in 10 minutes, if at all",
    ),
    Alert(
        name="ReplicasMissing",
        expr="kube_deployment_status_replicas_available < kube_deployment_spec_replicas",
        after="10m",
        severity="warning",
        area="pods",
        summary="{{ $labels.deployment }} has fewer replicas than it should.",
        now="Available: {{ $value }}.",
        origin="our choice",
    ),
    Alert(
        name="RolloutStuck",
        expr='kube_deployment_status_condition{condition="Progressing",status="false"} == 1',
        after="1m",
        severity="warning",
        area="pods",
        summary="The rollout of {{ $labels.deployment }} does not come to an end.",
        origin="our choice; the deployment's own deadline is 10 minutes",
    ),
    Alert(
        name="ReleaseDegraded",
        expr='max by (namespace, name) (rollout_info{phase="Degraded"}) == 1',
        after="1m",
        severity="warning",
        area="pods",
        summary="The release of {{ $labels.name }} was taken back, or has stopped.",
        origin="our choice",
    ),
    Alert(
        name="AutoscalerAtMax",
        expr=f"{_HPA}_status_current_replicas >= {_HPA}_spec_max_replicas"
        f" and {_HPA}_spec_max_replicas > {_HPA}_spec_min_replicas"
        f" and {_HPA}_status_desired_replicas >= {_HPA}_spec_max_replicas",
        after="15m",
        severity="warning",
        area="pods",
        summary="{{ $labels.horizontalpodautoscaler }} can scale no further.",
        now="Replicas: {{ $value }}.",
        origin="our choice",
    ),
    Alert(
        name="AutoscalerBlind",
        expr="sum by (namespace, scaledObject) (increase(keda_scaled_object_errors_total[10m])) >= 3",
        after="5m",
        severity="warning",
        area="pods",
        summary="{{ $labels.scaledObject }} cannot read what it scales on.",
        now="In 10 minutes: {{ $value | humanize }}.",
        origin="our choice",
    ),
    Alert(
        name="VolumeFilling",
        expr=f"{_LEFT} < {VOLUME_RATIO}",
        after="5m",
        severity="warning",
        area="pods",
        summary="The volume {{ $labels.persistentvolumeclaim }} is more than 85 % full.",
        now="Left: {{ $value | humanizePercentage }}.",
        origin="required: disk > 85 %",
    ),
    Alert(
        name="VolumeFullSoon",
        expr=f"{_LEFT} < 0.5 and predict_linear(kubelet_volume_stats_available_bytes[6h], 24 * 3600) < 0",
        after="1h",
        severity="warning",
        area="pods",
        summary="The volume {{ $labels.persistentvolumeclaim }} will be full within a day.",
        now="Left: {{ $value | humanizePercentage }}.",
        origin="our choice",
    ),
    Alert(
        name="QuotaNearlyUsed",
        expr='kube_resourcequota{type="used"} / ignoring (type) (kube_resourcequota{type="hard"} > 0)'
        f" > {QUOTA_RATIO}",
        after="15m",
        severity="info",
        area="pods",
        summary="The quota of {{ $labels.namespace }} is nearly used: {{ $labels.resource }}.",
        now="Used: {{ $value | humanizePercentage }}.",
        origin="our choice",
    ),
    Alert(
        name="JobFailed",
        expr="sum by (namespace, job_name) (kube_job_status_failed) > 0",
        after="1m",
        severity="warning",
        area="pods",
        summary="The job {{ $labels.job_name }} has failed: a migration, a backup or a drill.",
        origin="our choice",
    ),
)
