"""Nodes: gone, full or busy."""

from __future__ import annotations

from infra.monitoring.recording import NODE_CPU, NODE_DISK, NODE_MEMORY
from infra.monitoring.rule import Alert

CPU_RATIO, CPU_RAISED_RATIO = 0.90, 0.80
MEMORY_CRITICAL_RATIO, MEMORY_RATIO, MEMORY_RAISED_RATIO = 0.95, 0.90, 0.80
DISK_RATIO = 0.85

ALERTS = (
    Alert(
        name="NodeNotReady",
        expr='kube_node_status_condition{condition="Ready",status="true"} == 0',
        after="5m",
        severity="critical",
        area="nodes",
        summary="The node {{ $labels.node }} is not ready.",
        origin="our choice: pods are moved away after 5 minutes",
    ),
    Alert(
        name="NodePressure",
        expr='kube_node_status_condition{condition=~".*Pressure",status="true"} == 1',
        after="5m",
        severity="warning",
        area="nodes",
        summary="The node {{ $labels.node }} evicts pods: {{ $labels.condition }}.",
        origin="our choice",
    ),
    Alert(
        name="NodeCpuHigh",
        expr=f"{NODE_CPU} > {CPU_RATIO}",
        after="5m",
        severity="warning",
        area="nodes",
        summary="The CPU of {{ $labels.instance }} is used to more than 90 %.",
        now="Now {{ $value | humanizePercentage }}.",
        origin="required: CPU > 90 % for 5 min",
    ),
    Alert(
        name="NodeCpuRaised",
        expr=f"{NODE_CPU} > {CPU_RAISED_RATIO}",
        after="10m",
        severity="info",
        area="nodes",
        summary="The CPU of {{ $labels.instance }} is used to more than 80 %.",
        now="Now {{ $value | humanizePercentage }}.",
        origin="required: > 80 % CPU for 10 min",
    ),
    Alert(
        name="NodeMemoryCritical",
        expr=f"{NODE_MEMORY} > {MEMORY_CRITICAL_RATIO}",
        after="1m",
        severity="critical",
        area="nodes",
        summary="The memory of {{ $labels.instance }} is used to more than 95 %.",
        now="Now {{ $value | humanizePercentage }}.",
        origin="required: memory > 95 %",
    ),
    Alert(
        name="NodeMemoryHigh",
        expr=f"{NODE_MEMORY} > {MEMORY_RATIO}",
        after="5m",
        severity="warning",
        area="nodes",
        summary="The memory of {{ $labels.instance }} is used to more than 90 %.",
        now="Now {{ $value | humanizePercentage }}.",
        origin="required: health check of memory at 90 %",
    ),
    Alert(
        name="NodeMemoryRaised",
        expr=f"{NODE_MEMORY} > {MEMORY_RAISED_RATIO}",
        after="10m",
        severity="info",
        area="nodes",
        summary="The memory of {{ $labels.instance }} is used to more than 80 %.",
        now="Now {{ $value | humanizePercentage }}.",
        origin="required: > 80 % memory for 10 min",
    ),
    Alert(
        name="NodeDiskHigh",
        expr=f"{NODE_DISK} > {DISK_RATIO}",
        after="5m",
        severity="warning",
        area="nodes",
        summary="{{ $labels.mountpoint }} of {{ $labels.instance }} is more than 85 % full.",
        now="Now {{ $value | humanizePercentage }}.",
        origin="required: disk > 85 %",
    ),
)
