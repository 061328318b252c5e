"""Metrics of others that our queries may use: exporter, name and labels. Checked 2026-11.

From the documentation of kube-state-metrics 2.17, node-exporter 1.10, kubelet and cAdvisor of Kubernetes 1.36,
dcgm-exporter 4 (default counters), cert-manager 1.21, External Secrets 1.3, KEDA 2.21, CloudNativePG 1.27,
Envoy 1.36, Argo Rollouts 1.8, Prometheus 3 and Alertmanager 0.34.
"""

from __future__ import annotations

from collections.abc import Mapping

Labels = tuple[str, ...]

TARGET: Labels = (
    "job",
    "instance",
    "namespace",
    "pod",
    "container",
    "node",
    "service",
    "endpoint",
    "cluster",
)
"""Labels that scraping itself may add to any metric."""

_CONTAINER: Labels = ("namespace", "pod", "container")

EXPORTERS: Mapping[str, Mapping[str, Labels]] = {
    "prometheus": {
        "up": (),
        "ALERTS": ("alertname", "alertstate", "severity", "area"),
        "prometheus_rule_evaluation_failures_total": ("rule_group",),
        "prometheus_notifications_alertmanagers_discovered": (),
        "prometheus_notifications_dropped_total": (),
        "prometheus_tsdb_head_series": (),
    },
    "alertmanager": {
        "alertmanager_notifications_total": ("integration", "receiver_name"),
        "alertmanager_notifications_failed_total": ("integration", "receiver_name", "reason"),
    },
    "kube-state-metrics": {
        "kube_pod_container_status_restarts_total": _CONTAINER,
        "kube_pod_container_status_last_terminated_reason": (*_CONTAINER, "reason"),
        "kube_pod_container_status_waiting_reason": (*_CONTAINER, "reason"),
        "kube_pod_container_resource_limits": (*_CONTAINER, "resource", "unit"),
        "kube_pod_container_resource_requests": (*_CONTAINER, "resource", "unit"),
        "kube_pod_status_phase": ("namespace", "pod", "phase"),
        "kube_pod_status_ready": ("namespace", "pod", "condition"),
        "kube_deployment_spec_replicas": ("namespace", "deployment"),
        "kube_deployment_status_replicas_available": ("namespace", "deployment"),
        "kube_deployment_status_condition": ("namespace", "deployment", "condition", "status", "reason"),
        "kube_horizontalpodautoscaler_spec_max_replicas": ("namespace", "horizontalpodautoscaler"),
        "kube_horizontalpodautoscaler_spec_min_replicas": ("namespace", "horizontalpodautoscaler"),
        "kube_horizontalpodautoscaler_status_current_replicas": ("namespace", "horizontalpodautoscaler"),
        "kube_horizontalpodautoscaler_status_desired_replicas": ("namespace", "horizontalpodautoscaler"),
        "kube_resourcequota": ("namespace", "resourcequota", "resource", "type"),
        "kube_node_status_condition": ("node", "condition", "status"),
        "kube_node_status_allocatable": ("node", "resource", "unit"),
        "kube_cronjob_status_last_successful_time": ("namespace", "cronjob"),
        "kube_cronjob_created": ("namespace", "cronjob"),
        "kube_cronjob_spec_suspend": ("namespace", "cronjob"),
        "kube_job_status_failed": ("namespace", "job_name", "reason"),
    },
    "kubelet": {
        "kubelet_volume_stats_available_bytes": ("namespace", "persistentvolumeclaim"),
        "kubelet_volume_stats_capacity_bytes": ("namespace", "persistentvolumeclaim"),
        "prober_probe_total": (*_CONTAINER, "pod_uid", "probe_type", "result"),
        "container_cpu_usage_seconds_total": (*_CONTAINER, "cpu", "id", "image", "name"),
        "container_memory_working_set_bytes": (*_CONTAINER, "id", "image", "name"),
        "container_network_receive_bytes_total": ("namespace", "pod", "interface", "id", "image", "name"),
        "container_network_transmit_bytes_total": ("namespace", "pod", "interface", "id", "image", "name"),
    },
    "node-exporter": {
        "node_cpu_seconds_total": ("cpu", "mode"),
        "node_load1": (),
        "node_memory_MemAvailable_bytes": (),
        "node_memory_MemTotal_bytes": (),
        "node_filesystem_avail_bytes": ("device", "fstype", "mountpoint"),
        "node_filesystem_size_bytes": ("device", "fstype", "mountpoint"),
        "node_network_receive_bytes_total": ("device",),
        "node_network_transmit_bytes_total": ("device",),
        "node_disk_read_bytes_total": ("device",),
        "node_disk_written_bytes_total": ("device",),
    },
    "dcgm-exporter": dict.fromkeys(
        (
            "DCGM_FI_DEV_XID_ERRORS",
            "DCGM_FI_DEV_ROW_REMAP_FAILURE",
            "DCGM_FI_DEV_GPU_TEMP",
            "DCGM_FI_DEV_GPU_UTIL",
            "DCGM_FI_DEV_FB_USED",
            "DCGM_FI_DEV_FB_FREE",
            "DCGM_FI_DEV_POWER_USAGE",
        ),
        ("gpu", "UUID", "modelName", "Hostname"),
    ),
    "cert-manager": {
        "certmanager_certificate_expiration_timestamp_seconds": ("namespace", "name"),
        "certmanager_certificate_ready_status": ("namespace", "name", "condition"),
    },
    "external-secrets": {"externalsecret_status_condition": ("namespace", "name", "condition", "status")},
    "keda": {"keda_scaled_object_errors_total": ("namespace", "scaledObject")},
    "cloudnative-pg": {
        "cnpg_collector_up": ("cluster",),
        "cnpg_pg_replication_lag": (),
        "cnpg_backends_total": ("datname", "usename", "state"),
        "cnpg_pg_settings_setting": ("name",),
    },
    "envoy": {"envoy_http_downstream_rq_xx": ("envoy_response_code_class", "envoy_http_conn_manager_prefix")},
    "argo-rollouts": {"rollout_info": ("namespace", "name", "phase", "strategy")},
    "prometheus-client": {
        "process_cpu_seconds_total": (),
        "process_resident_memory_bytes": (),
        "process_open_fds": (),
        "process_start_time_seconds": (),
    },
}

LABELS: Mapping[str, Labels] = {
    name: labels for metrics in EXPORTERS.values() for name, labels in metrics.items()
}
"""Labels of each of them."""
