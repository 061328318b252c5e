"""Queries that alerts and dashboards share, kept under names of their own."""

from __future__ import annotations

from app.observability.metrics import (
    HTTP_DURATION,
    HTTP_REQUESTS,
    JOB_DURATION,
    JOB_RESULTS,
    JOB_WAIT,
    JOBS,
    JOBS_FINISHED,
    OLDEST_PENDING,
    SLOTS,
)
from infra.monitoring.rule import Group, Recording
from infra.monitoring.slo import PROBES, UNTIMED

REQUESTS = "costate:http_requests:rate5m"
ERRORS = "costate:http_errors:ratio_rate5m"
LATENCY = "costate:http_request_duration_seconds:quantile5m"
"""By `quantile`: 0.5, 0.95, 0.99."""

LATENCY_MEAN = "costate:http_request_duration_seconds:mean5m"
QUEUE = "costate:jobs:max"
"""By `status`; every API process tells the same, so the largest is taken."""

OLDEST = "costate:jobs_oldest_pending_age_seconds:max"
FINISHED = "costate:jobs_finished:rate5m"
CONVERGED = "costate:job_results_converged:ratio_rate1h"
DURATION = "costate:job_duration_seconds:quantile15m"
"""By `solver` and `quantile`."""

WAIT = "costate:job_wait_seconds:quantile15m"
SLOTS_BUSY = "costate:worker_slots_busy:ratio"
NODE_CPU = "node:cpu:ratio_rate5m"
NODE_MEMORY = "node:memory:ratio"
NODE_DISK = "node:filesystem:ratio"
CONTAINER_CPU = "container:cpu_of_limit:ratio_rate5m"
CONTAINER_MEMORY = "container:memory_of_limit:ratio"

QUANTILES = (0.5, 0.95, 0.99)

_SERVED = f'{HTTP_REQUESTS.name}{{route!~"{PROBES}"}}'
_FAILED = f'{HTTP_REQUESTS.name}{{route!~"{PROBES}",status=~"5.."}}'
_TIMED = f'{{route!~"{UNTIMED}"}}'
_OF = "by (namespace, pod, container)"
_DISKS = '{fstype!~"tmpfs|overlay|squashfs|ramfs",mountpoint!~"/run.*|/var/lib/kubelet/pods/.*"}'


def _quantile(name: str, quantile: float, histogram: str, by: str = "") -> Recording:
    groups = f"le, {by}" if by else "le"
    return Recording(
        name=name,
        expr=f"histogram_quantile({quantile}, sum by ({groups}) ({histogram}))",
        labels={"quantile": str(quantile)},
    )


SERVICE = Group(
    name="service-recordings",
    rules=(
        Recording(name=REQUESTS, expr=f"sum by (route, status) (rate({_SERVED}[5m]))"),
        # Where nothing failed yet there is no series of failures: that is zero, not nothing.
        Recording(name=ERRORS, expr=f"(sum(rate({_FAILED}[5m])) or vector(0)) / sum(rate({_SERVED}[5m]))"),
        Recording(
            name=LATENCY_MEAN,
            expr=f"sum(rate({HTTP_DURATION.name}_sum{_TIMED}[5m]))"
            f" / sum(rate({HTTP_DURATION.name}_count{_TIMED}[5m]))",
        ),
        *(_quantile(LATENCY, q, f"rate({HTTP_DURATION.name}_bucket{_TIMED}[5m])") for q in QUANTILES),
        Recording(name=QUEUE, expr=f"max by (status) ({JOBS.name})"),
        Recording(name=OLDEST, expr=f"max({OLDEST_PENDING.name})"),
        Recording(name=FINISHED, expr=f"sum by (solver, outcome) (rate({JOBS_FINISHED.name}[5m]))"),
        Recording(
            name=CONVERGED,
            expr=f'sum by (solver) (rate({JOB_RESULTS.name}{{status="converged"}}[1h]))'
            f" / sum by (solver) (rate({JOB_RESULTS.name}[1h]))",
        ),
        *(_quantile(DURATION, q, f"rate({JOB_DURATION.name}_bucket[15m])", "solver") for q in QUANTILES),
        *(_quantile(WAIT, q, f"rate({JOB_WAIT.name}_bucket[15m])") for q in QUANTILES),
        Recording(name=SLOTS_BUSY, expr=f'sum({SLOTS.name}{{state="busy"}}) / sum({SLOTS.name})'),
    ),
)

SYSTEM = Group(
    name="system-recordings",
    rules=(
        Recording(
            name=NODE_CPU, expr='1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[5m]))'
        ),
        Recording(name=NODE_MEMORY, expr="1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes"),
        Recording(
            name=NODE_DISK,
            expr=f"1 - node_filesystem_avail_bytes{_DISKS} / node_filesystem_size_bytes{_DISKS}",
        ),
        Recording(
            name=CONTAINER_CPU,
            expr=f'sum {_OF} (rate(container_cpu_usage_seconds_total{{container!=""}}[5m]))'
            f' / sum {_OF} (kube_pod_container_resource_limits{{resource="cpu"}})',
        ),
        Recording(
            name=CONTAINER_MEMORY,
            expr=f'sum {_OF} (container_memory_working_set_bytes{{container!=""}})'
            f' / sum {_OF} (kube_pod_container_resource_limits{{resource="memory"}})',
        ),
    ),
)

GROUPS = (SERVICE, SYSTEM)
