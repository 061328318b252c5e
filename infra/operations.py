"""Add-ons for whoever runs the cluster: nodes, names, logs, traces; and those that are off unless asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from infra.addon import Addon
from infra.config.cells import Cell
from infra.config.stack import StackConfig

GPU_TOLERATION = {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}
LOKI, TEMPO = "http://loki-gateway.loki", "tempo.tempo:4317"
"""Where the add-ons of these names answer."""

COLLECTOR, COLLECTOR_PORT = "opentelemetry-collector.opentelemetry", 4318
"""Where the OpenTelemetry Collector takes OTLP over HTTP, which the product speaks."""

TRACES: Mapping[str, str] = {
    "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{COLLECTOR}:{COLLECTOR_PORT}",
    "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
}
"""What tells a process where its traces go, by the names that OpenTelemetry's libraries read."""

ISTIO = "https://istio-release.storage.googleapis.com/charts"
GRAFANA = "https://grafana-community.github.io/helm-charts"


PROVIDERS = {"aws": "aws", "gcp": "google", "azure": "azure"}
"""What ExternalDNS calls the clouds."""


def never(stack: StackConfig, platform: str) -> bool:
    """For what is there only where the configuration names it."""
    del stack, platform
    return False


def _logged(stack: StackConfig, platform: str) -> bool:
    del platform
    return bool(stack.logs.endpoint) or stack.addons.get("loki", "absent") != "absent"


def _traced(stack: StackConfig, platform: str) -> bool:
    del platform
    return bool(stack.traces.endpoint) or stack.addons.get("tempo", "absent") != "absent"


def _scaled(stack: StackConfig, platform: str) -> bool:
    return platform == "aws" and stack.cluster.node_autoscaler == "cluster-autoscaler"


def _made(stack: StackConfig, platform: str) -> bool:
    return platform == "aws" and stack.cluster.node_autoscaler == "karpenter"


def ordered(stack: StackConfig) -> bool:
    """Whether one accelerator is preferred to another, so that the autoscaler is told the order."""
    return stack.gpu is not None and bool(stack.gpu.fallbacks)


def autoscaler(stack: StackConfig, cell: str) -> Mapping[str, Any]:
    """Values of the cluster-autoscaler; its order of pools is in `infra/kubernetes/node_order.py`."""
    return {
        "cloudProvider": "aws",
        "awsRegion": _place(stack, cell).region,
        "autoDiscovery": {"clusterName": cell},
        "rbac": {"serviceAccount": {"create": True, "name": "cluster-autoscaler"}},
        "extraArgs": {
            "expander": "priority" if ordered(stack) else "least-waste",
            "balance-similar-node-groups": True,
            "skip-nodes-with-local-storage": False,
            # A worker may take as long as its job: its node is not taken from under it.
            "max-graceful-termination-sec": 3720,
        },
    }


def _place(stack: StackConfig, cell: str) -> Cell:
    """The cell of this name."""
    return next(one for one in stack.cells if cell.endswith(f"{one.platform}-{one.region}".rstrip("-")))


def names(stack: StackConfig, cell: str) -> Mapping[str, Any]:
    """Values of ExternalDNS: names of Services and routes of this cell, and of nobody else."""
    provider = PROVIDERS.get(_place(stack, cell).platform)
    return {
        **({"provider": {"name": provider}} if provider else {}),
        "sources": ["service", "gateway-httproute"],
        "domainFilters": [stack.domain] if stack.domain else [],
        "policy": "upsert-only",
    }


def log_shipper(stack: StackConfig, cell: str) -> Mapping[str, Any]:
    """Values of Fluent Bit: JSON logs of every container, taken apart, to Loki or Elasticsearch."""
    address = urlsplit(stack.logs.endpoint or LOKI)
    tls = address.scheme == "https"
    common = [
        "Match kube.*",
        f"Host {address.hostname}",
        f"Port {address.port or (443 if tls else 80)}",
        f"tls {'on' if tls else 'off'}",
        "Retry_Limit 5",
    ]
    sinks = {
        "loki": [
            "Name loki",
            f"labels job=fluent-bit, cell={cell}, namespace=$kubernetes['namespace_name'], "
            "pod=$kubernetes['pod_name'], container=$kubernetes['container_name']",
            "line_format json",
        ],
        "elasticsearch": [
            "Name es", "Logstash_Format On", f"Logstash_Prefix {cell}", "Suppress_Type_Name On", "Replace_Dots On",
        ],
    }  # fmt: skip
    return {
        "config": {
            "filters": _section(
                "FILTER",
                ["Name kubernetes", "Match kube.*", "Merge_Log On", "Keep_Log Off", "K8S-Logging.Exclude On"],
            ),
            "outputs": _section("OUTPUT", [*sinks[stack.logs.sink], *common]),
        },
        "tolerations": [GPU_TOLERATION],
        "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "128Mi"}},
    }


def _section(kind: str, lines: list[str]) -> str:
    return "\n".join([f"[{kind}]", *(f"    {line}" for line in lines), ""])


def collector(stack: StackConfig, cell: str) -> Mapping[str, Any]:
    """Values of the OpenTelemetry Collector: OTLP in, OTLP out to Tempo or Jaeger, which both speak it."""
    exporter = {"endpoint": stack.traces.endpoint or TEMPO, "tls": {"insecure": not stack.traces.tls}}
    return {
        "mode": "deployment",
        "replicaCount": 2,
        "image": {"repository": "otel/opentelemetry-collector-k8s"},
        "config": {
            "receivers": {"otlp": {"protocols": {
                "grpc": {"endpoint": "0.0.0.0:4317"}, "http": {"endpoint": f"0.0.0.0:{COLLECTOR_PORT}"},
            }}},
            "processors": {
                "memory_limiter": {"check_interval": "5s", "limit_percentage": 80, "spike_limit_percentage": 25},
                "resource": {"attributes": [{"key": "cell", "value": cell, "action": "upsert"}]},
                "batch": {},
            },
            "exporters": {"otlp": exporter},
            "service": {
                "pipelines": {
                    "traces": {
                        "receivers": ["otlp"],
                        "processors": ["memory_limiter", "resource", "batch"],
                        "exporters": ["otlp"],
                    },
                    "metrics": None,
                    "logs": None,
                }
            },
        },
        "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}},
    }  # fmt: skip


OPERATIONS: tuple[Addon, ...] = (
    Addon(
        "cluster-autoscaler", "cluster-autoscaler", "https://kubernetes.github.io/autoscaler",
        "kube-system", "nodes by what waits for them", configured=autoscaler, built_in=("azure",),
        when=_scaled,
    ),
    Addon(
        "karpenter", "oci://public.ecr.aws/karpenter/karpenter", "", "kube-system",
        "nodes one by one; what they may be, the platform says", when=_made,
    ),
    Addon(
        "external-dns", "external-dns", "https://kubernetes-sigs.github.io/external-dns",
        "external-dns", "names of Services and routes in the domain's zone", configured=names,
        account="external-dns", when=never,
    ),
    Addon(
        "fluent-bit", "fluent-bit", "https://fluent.github.io/helm-charts", "fluent-bit",
        "logs of every container to Loki or Elasticsearch", configured=log_shipper, when=_logged,
    ),
    Addon(
        "opentelemetry-collector", "opentelemetry-collector",
        "https://open-telemetry.github.io/opentelemetry-helm-charts", "opentelemetry",
        "traces to Tempo or Jaeger", configured=collector, when=_traced,
    ),
    Addon(
        "loki", "loki", GRAFANA, "loki", "logs, kept in one server",
        {
            "deploymentMode": "Monolithic",
            "loki": {"auth_enabled": False, "commonConfig": {"replication_factor": 1},
                     "storage": {"type": "filesystem"}, "useTestSchema": True},
            "singleBinary": {"replicas": 1},
            **{part: {"replicas": 0} for part in ("read", "write", "backend")},
            "chunksCache": {"enabled": False}, "resultsCache": {"enabled": False},
        },
        when=never,
    ),
    Addon(
        "tempo", "tempo", GRAFANA, "tempo", "traces, kept in one server",
        {"persistence": {"enabled": True}}, when=never,
    ),
    Addon(
        "velero", "velero", "https://vmware-tanzu.github.io/helm-charts", "velero",
        "backups of objects and volumes; where to, `addon_values.velero` says",
        {"backupsEnabled": False, "snapshotsEnabled": False, "deployNodeAgent": True}, when=never,
    ),
    Addon(
        "vpa", "vertical-pod-autoscaler", "https://kubernetes.github.io/autoscaler", "vpa",
        "what pods should request, as a recommendation only",
        {"updater": {"enabled": False}, "admissionController": {"enabled": False}}, when=never,
    ),
    Addon(
        "opencost", "opencost", "https://opencost.github.io/opencost-helm-chart", "opencost",
        "what each workload costs",
        {"opencost": {"prometheus": {
            "internal": {"serviceName": "prometheus-operated", "namespaceName": "monitoring", "port": 9090},
        }}},
        when=never,
    ),
    Addon(
        "chaos-mesh", "chaos-mesh", "https://charts.chaos-mesh.org", "chaos-mesh",
        "faults on purpose",
        {"chaosDaemon": {"runtime": "containerd", "socketPath": "/run/containerd/containerd.sock"},
         "controllerManager": {"enableFilterNamespace": True}},
        when=never,
    ),
    Addon(
        "istio-base", "base", ISTIO, "istio-system", "the mesh's definitions",
        when=never,
    ),
    Addon(
        "istiod", "istiod", ISTIO, "istio-system", "the mesh's control plane",
        {"profile": "ambient"}, needs=("istio-base",), when=never,
    ),
    Addon(
        "istio-cni", "cni", ISTIO, "istio-system", "the mesh's way into pods",
        {"profile": "ambient"}, needs=("istiod",), when=never,
    ),
    Addon(
        "ztunnel", "ztunnel", ISTIO, "istio-system",
        "mutual TLS between pods, without sidecars", needs=("istio-cni",), when=never,
    ),
)  # fmt: skip
