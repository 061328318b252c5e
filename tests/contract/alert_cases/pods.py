from __future__ import annotations

from alert_cases.case import Cases, Series, counter, jump, level

API = {"namespace": "costate", "pod": "api-1", "container": "api"}
OF = 'namespace="costate",pod="api-1",container="api"'
CLAIM = {"namespace": "costate", "persistentvolumeclaim": "postgres-1"}
DEPLOYMENT = {"namespace": "costate", "deployment": "worker"}


def cpu(share: float, container: str = "api") -> Series:
    """A container that uses this share of its limit of two cores; the pod's own total has no container."""
    of = f'namespace="costate",pod="{container}-1",container="{container}"'
    whole = of.replace(f'container="{container}"', 'container=""')
    return {
        f'container_cpu_usage_seconds_total{{{of},cpu="total"}}': counter(120 * share),
        f'container_cpu_usage_seconds_total{{{whole},cpu="total"}}': counter(999),
        f'kube_pod_container_resource_limits{{{of},resource="cpu",unit="core"}}': level(2),
        f'kube_pod_container_resource_limits{{{of},resource="memory",unit="byte"}}': level(1),
    }


def memory(share: float) -> Series:
    return {
        f"container_memory_working_set_bytes{{{OF}}}": level(4096 * share),
        f'kube_pod_container_resource_limits{{{OF},resource="memory",unit="byte"}}': level(4096),
    }


def probed(failed: float) -> Series:
    """So many liveness checks a minute fail; the readiness of another pod is mixed."""
    name, mixed = "prober_probe_total", OF.replace("api-1", "api-2")
    return {
        f'{name}{{{OF},probe_type="Liveness",result="failed"}}': counter(failed),
        f'{name}{{{OF},probe_type="Startup",result="failed"}}': counter(30),
        f'{name}{{{mixed},probe_type="Readiness",result="failed"}}': counter(6),
        f'{name}{{{mixed},probe_type="Readiness",result="successful"}}': counter(6),
    }


def killed(restarts: float) -> Series:
    return {
        f'kube_pod_container_status_last_terminated_reason{{{OF},reason="OOMKilled"}}': level(1),
        f"kube_pod_container_status_restarts_total{{{OF}}}": jump(restarts),
    }


def scaled(current: float) -> Series:
    of = '{namespace="costate",horizontalpodautoscaler="api"}'
    name = "kube_horizontalpodautoscaler"
    return {
        f"{name}_status_current_replicas{of}": level(current),
        f"{name}_status_desired_replicas{of}": level(current),
        f"{name}_spec_max_replicas{of}": level(20),
        f"{name}_spec_min_replicas{of}": level(3),
    }


def fixed_size() -> Series:
    """An autoscaler of which minimum and maximum agree is always at its maximum."""
    of = '{namespace="costate",horizontalpodautoscaler="api"}'
    return {**scaled(20), f"kube_horizontalpodautoscaler_spec_min_replicas{of}": level(20)}


def left(percent: float) -> Series:
    of = '{namespace="costate",persistentvolumeclaim="postgres-1"}'
    return {
        f"kubelet_volume_stats_available_bytes{of}": level(percent),
        f"kubelet_volume_stats_capacity_bytes{of}": level(100),
    }


def shrinking(per_day: float) -> Series:
    """A volume of 100 that has 40 left at first and loses so much in a day."""
    of = '{namespace="costate",persistentvolumeclaim="postgres-1"}'
    return {
        f"kubelet_volume_stats_available_bytes{of}": f"40-{per_day / 1440:.6f}x400",
        f"kubelet_volume_stats_capacity_bytes{of}": level(100),
    }


def rollout(failed: float) -> Series:
    of = 'namespace="costate",deployment="worker",condition="Progressing"'
    return {
        f'kube_deployment_status_condition{{{of},status="false"}}': level(failed),
        f'kube_deployment_status_condition{{{of},status="true"}}': level(1 - failed),
    }


def quota(used: float) -> Series:
    name = 'kube_resourcequota{namespace="costate",resourcequota="all",resource="pods",type='
    none = name.replace('"pods"', '"services.loadbalancers"')
    return {
        f'{name}"used"}}': level(used),
        f'{name}"hard"}}': level(100),
        f'{none}"used"}}': level(0),
        f'{none}"hard"}}': level(0),
    }


CASES = {
    "ContainerCpuHigh": Cases(
        series=cpu, firing=0.91, below=0.90, silent=0.1, at="20m", labels=API, now="91%",
        more=(("workers compute", cpu(1.0, "worker"), False),),
    ),
    "ContainerMemoryCritical": Cases(
        series=memory, firing=0.96, below=0.95, silent=0.5, at="10m", labels=API, now="96%",
    ),
    "PodRestarts": Cases(
        series=lambda restarts: {f"kube_pod_container_status_restarts_total{{{OF}}}": jump(restarts)},
        firing=3, below=2, silent=0, at="70m", labels=API, now="3",
    ),
    "HealthChecksFail": Cases(
        series=probed, firing=2, below=1, silent=0, at="10m", labels={**API, "probe_type": "Liveness"}, now="4",
    ),
    "PodOutOfMemory": Cases(
        series=killed, firing=1, below=0, silent=0, at="65m", labels={**API, "reason": "OOMKilled"},
    ),
    "ImageNotPulled": Cases(
        series=lambda waiting: {
            f'kube_pod_container_status_waiting_reason{{{OF},reason="ImagePullBackOff"}}': level(waiting),
            f'kube_pod_container_status_waiting_reason{{{OF},reason="ContainerCreating"}}': level(1),
        },
        firing=1, below=0, silent=0, at="10m", labels={**API, "reason": "ImagePullBackOff"},
    ),
    "PodPending": Cases(
        series=lambda pending: {
            'kube_pod_status_phase{namespace="costate",pod="worker-1",phase="Pending"}': level(pending),
            'kube_pod_status_phase{namespace="costate",pod="worker-1",phase="Running"}': level(1 - pending),
        },
        firing=1, below=0, silent=0, at="20m", labels={"namespace": "costate", "pod": "worker-1"},
    ),
    "ReplicasMissing": Cases(
        series=lambda available: {
            'kube_deployment_status_replicas_available{namespace="costate",deployment="worker"}': level(available),
            'kube_deployment_spec_replicas{namespace="costate",deployment="worker"}': level(3),
        },
        firing=2, below=3, silent=4, at="20m", labels=DEPLOYMENT, now="2",
    ),
    "RolloutStuck": Cases(
        series=rollout, firing=1, below=0, silent=0, at="10m",
        labels={**DEPLOYMENT, "condition": "Progressing", "status": "false"},
    ),
    "ReleaseDegraded": Cases(
        series=lambda degraded: {
            'rollout_info{namespace="costate",name="api",phase="Degraded"}': level(degraded),
            'rollout_info{namespace="costate",name="api",phase="Healthy"}': level(1 - degraded),
        },
        firing=1, below=0, silent=0, at="10m", labels={"namespace": "costate", "name": "api"},
    ),
    "AutoscalerAtMax": Cases(
        series=scaled, firing=20, below=19, silent=3, at="30m",
        labels={"namespace": "costate", "horizontalpodautoscaler": "api"}, now="20",
        more=(("of a fixed size", fixed_size(), False),),
    ),
    "AutoscalerBlind": Cases(
        series=lambda errors: {
            'keda_scaled_object_errors_total{namespace="costate",scaledObject="worker"}': counter(errors)
        },
        firing=0.4, below=0.2, silent=0, at="30m",
        labels={"namespace": "costate", "scaledObject": "worker"}, now="4",
    ),
    "VolumeFilling": Cases(series=left, firing=14, below=15, silent=60, at="10m", labels=CLAIM, now="14%"),
    "VolumeFullSoon": Cases(
        series=shrinking, firing=40, below=32, silent=0, at="360m", labels=CLAIM, now="30%",
    ),
    "QuotaNearlyUsed": Cases(
        series=quota, firing=91, below=90, silent=10, at="30m",
        labels={"namespace": "costate", "resourcequota": "all", "resource": "pods"}, now="91%",
    ),
    "JobFailed": Cases(
        series=lambda failed: {
            'kube_job_status_failed{namespace="costate",job_name="migrations-1",reason="Evicted"}': level(failed)
        },
        firing=1, below=0, silent=0, at="10m", labels={"namespace": "costate", "job_name": "migrations-1"},
    ),
}  # fmt: skip
