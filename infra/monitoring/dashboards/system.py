"""Nodes, pods, volumes, GPUs and data stores: what the service stands on."""

from __future__ import annotations

from infra.monitoring.alerts import gpu, nodes, pods, stores
from infra.monitoring.dashboards.board import Board, Number, Panel, Query
from infra.monitoring.recording import (
    CONTAINER_CPU,
    CONTAINER_MEMORY,
    NODE_CPU,
    NODE_DISK,
    NODE_MEMORY,
)

_HPA = "kube_horizontalpodautoscaler"
_NODE = "{{instance}}"
_PODS_RECEIVE = "sum by (pod) (rate(container_network_receive_bytes_total"
_PODS_SEND = "sum by (pod) (rate(container_network_transmit_bytes_total"
_QUOTA = 'kube_resourcequota{type="used"} / ignoring (type) (kube_resourcequota{type="hard"} > 0)'
_OURS = '{namespace="costate"}'
_DEVICES = '{device!~"lo|veth.*|cali.*|cni.*"}'

BOARD = Board(
    uid="costate-system",
    title="Costate: system",
    about="Nodes, pods, volumes, GPUs and data stores.",
    rows=(
        (
            "Overview",
            (
                Number(
                    "Nodes ready",
                    "Nodes that take pods.",
                    (Query('sum(kube_node_status_condition{condition="Ready",status="true"})'),),
                ),
                Number(
                    "Pods not running",
                    "Pods that wait, have failed or cannot be reached.",
                    (Query('sum(kube_pod_status_phase{phase=~"Pending|Failed|Unknown"})'),),
                    limit=1,
                ),
                Number(
                    "Restarts in an hour",
                    "Of all containers.",
                    (Query("sum(increase(kube_pod_container_status_restarts_total[1h]))"),),
                    limit=pods.RESTARTS,
                ),
                Number(
                    "Targets that do not answer",
                    "Of Prometheus' own scrapes.",
                    (Query("count(up == 0) or vector(0)"),),
                    limit=1,
                ),
            ),
        ),
        (
            "Nodes",
            (
                Panel(
                    "CPU", "Used, of all cores of a node.", (Query(NODE_CPU, "{{instance}}"),),
                    "percentunit", nodes.CPU_RATIO,
                ),
                Panel(
                    "Memory", "Used; what the kernel can give back counts as free.",
                    (Query(NODE_MEMORY, "{{instance}}"),), "percentunit", nodes.MEMORY_CRITICAL_RATIO,
                ),
                Panel(
                    "Disks", "Used.", (Query(NODE_DISK, "{{instance}} {{mountpoint}}"),),
                    "percentunit", nodes.DISK_RATIO,
                ),
                Panel(
                    "Load", "Processes that run or wait to.", (Query("node_load1", "{{instance}}"),)
                ),
            ),
        ),
        (
            "Network and disks",
            (
                Panel(
                    "Received", "By nodes, without their own loops.",
                    (Query(f"sum by (instance) (rate(node_network_receive_bytes_total{_DEVICES}[5m]))", _NODE),),
                    "Bps",
                ),
                Panel(
                    "Sent", "By nodes, without their own loops.",
                    (Query(f"sum by (instance) (rate(node_network_transmit_bytes_total{_DEVICES}[5m]))", _NODE),),
                    "Bps",
                ),
                Panel(
                    "Read from disks", "By nodes.",
                    (Query("sum by (instance) (rate(node_disk_read_bytes_total[5m]))", "{{instance}}"),), "Bps",
                ),
                Panel(
                    "Written to disks", "By nodes.",
                    (Query("sum by (instance) (rate(node_disk_written_bytes_total[5m]))", "{{instance}}"),), "Bps",
                ),
            ),
        ),
        (
            "Pods",
            (
                Panel(
                    "CPU of containers", "Of their limits.",
                    (Query(CONTAINER_CPU, "{{pod}} {{container}}"),), "percentunit", pods.CPU_RATIO,
                ),
                Panel(
                    "Memory of containers", "Of their limits; at 1 they are killed.",
                    (Query(CONTAINER_MEMORY, "{{pod}} {{container}}"),), "percentunit", pods.MEMORY_RATIO,
                ),
                Panel(
                    "Replicas that are missing", "Wanted and not available.",
                    (
                        Query(
                            "kube_deployment_spec_replicas - kube_deployment_status_replicas_available",
                            "{{namespace}}/{{deployment}}",
                        ),
                    ),
                ),
                Panel(
                    "Autoscalers", "Replicas, of the most there may be.",
                    (
                        Query(
                            f"{_HPA}_status_current_replicas / {_HPA}_spec_max_replicas",
                            "{{horizontalpodautoscaler}}",
                        ),
                    ),
                    "percentunit",
                    1.0,
                ),
                Panel(
                    "Failed health checks", "By the kubelet, a second.",
                    (
                        Query(
                            'sum by (pod, probe_type) (rate(prober_probe_total{result="failed"}[5m]))',
                            "{{pod}} {{probe_type}}",
                        ),
                    ),
                ),
                Panel(
                    "Network of pods", "Received and sent.",
                    (
                        Query(f"{_PODS_RECEIVE}{_OURS}[5m]))", "{{pod}} in"),
                        Query(f"{_PODS_SEND}{_OURS}[5m]))", "{{pod}} out"),
                    ),
                    "Bps",
                ),
                Panel(
                    "Volumes", "Left.",
                    (
                        Query(
                            "kubelet_volume_stats_available_bytes / kubelet_volume_stats_capacity_bytes",
                            "{{persistentvolumeclaim}}",
                        ),
                    ),
                    "percentunit",
                ),
                Panel(
                    "Quota", "Used.",
                    (
                        Query(_QUOTA, "{{namespace}} {{resource}}"),
                    ),
                    "percentunit",
                    pods.QUOTA_RATIO,
                ),
            ),
        ),
        (
            "GPUs",
            (
                Panel("Used", "Share of time in which a program runs on it.",
                      (Query("DCGM_FI_DEV_GPU_UTIL", "{{Hostname}} {{gpu}}"),), "percent"),
                Panel(
                    "Memory", "Used.",
                    (
                        Query(
                            "DCGM_FI_DEV_FB_USED / (DCGM_FI_DEV_FB_USED + DCGM_FI_DEV_FB_FREE)",
                            "{{Hostname}} {{gpu}}",
                        ),
                    ),
                    "percentunit",
                ),
                Panel("Temperature", "Of the chip.",
                      (Query("DCGM_FI_DEV_GPU_TEMP", "{{Hostname}} {{gpu}}"),), "celsius", gpu.HOT_C),
                Panel("Power", "Drawn.", (Query("DCGM_FI_DEV_POWER_USAGE", "{{Hostname}} {{gpu}}"),), "watt"),
            ),
        ),
        (
            "PostgreSQL in the cluster",
            (
                Panel("Connections", "By what they do.",
                      (Query("sum by (pod, state) (cnpg_backends_total)", "{{pod}} {{state}}"),)),
                Panel("Replicas behind", "By so many seconds.",
                      (Query("max by (pod) (cnpg_pg_replication_lag)", "{{pod}}"),), "s", stores.LAG_S),
                Number(
                    "Since the last backup", "Of the scheduled ones.",
                    (
                        Query(
                            'time() - max(kube_cronjob_status_last_successful_time{cronjob=~".*backup.*"})'
                        ),
                    ),
                    "s", stores.BACKUP_S,
                ),
                Number(
                    "Since a backup was restored", "By the drill.",
                    (Query('time() - max(kube_cronjob_status_last_successful_time{cronjob=~".*drill.*"})'),),
                    "s", stores.DRILL_S,
                ),
            ),
        ),
    ),
)  # fmt: skip
