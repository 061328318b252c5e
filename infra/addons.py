"""Third-party add-ons: one table, from which `infra/kubernetes/releases.py` makes Helm releases."""

from __future__ import annotations

from infra.addon import Addon
from infra.config.stack import AddonState, StackConfig
from infra.monitoring.stack import values as monitoring_values
from infra.operations import OPERATIONS
from infra.versions import AddonName

ADDONS: tuple[Addon, ...] = (
    Addon(
        "cert-manager",
        "cert-manager",
        "https://charts.jetstack.io",
        "cert-manager",
        "certificates of the gateway",
        {"crds": {"enabled": True}, "config": {"enableGatewayAPI": True}},
        account="cert-manager",
        needs=("gateway",),
    ),
    Addon(
        "external-secrets",
        "external-secrets",
        "https://charts.external-secrets.io",
        "external-secrets",
        "secrets of the cloud's store, brought into the cluster",
        {"installCRDs": True},
        account="external-secrets",
        when=lambda stack, platform: platform != "existing",
    ),
    Addon(
        "gateway",
        "oci://docker.io/envoyproxy/gateway-helm",
        "",
        "envoy-gateway-system",
        "the Gateway API",
    ),
    Addon(
        "keda",
        "keda",
        "https://kedacore.github.io/charts",
        "keda",
        "workers by the length of the queue",
        {"prometheus": {"operator": {"enabled": True}}},
    ),
    Addon(
        "metrics-server",
        "metrics-server",
        "https://kubernetes-sigs.github.io/metrics-server",
        "kube-system",
        "CPU and memory for autoscalers",
        built_in=("gcp", "azure"),
    ),
    Addon(
        "device-plugin",
        "nvidia-device-plugin",
        "https://nvidia.github.io/k8s-device-plugin",
        "kube-system",
        "GPUs as a resource of nodes",
        {"tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]},
        built_in=("gcp",),
        when=lambda stack, platform: stack.gpu is not None,
    ),
    Addon(
        "monitoring",
        "kube-prometheus-stack",
        "https://prometheus-community.github.io/helm-charts",
        "monitoring",
        "Prometheus, Alertmanager and Grafana",
        configured=monitoring_values,
    ),
    Addon(
        "gpu-metrics",
        "dcgm-exporter",
        "https://nvidia.github.io/dcgm-exporter/helm-charts",
        "gpu-metrics",
        "temperature, use and faults of GPUs",
        {
            "serviceMonitor": {"enabled": False},  # `infra/kubernetes/monitoring.py` has them all
            "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}],
            "nodeSelector": {"costate.dev/pool": "gpu"},
        },
        when=lambda stack, platform: stack.gpu is not None,
    ),
    *OPERATIONS,
    Addon(
        "argo-rollouts",
        "argo-rollouts",
        "https://argoproj.github.io/argo-helm",
        "argo-rollouts",
        "new builds that take over in steps",
        when=lambda stack, platform: stack.release.strategy != "rolling",
    ),
)


def state(addon: Addon, stack: StackConfig, platform: str) -> AddonState:
    """What the configuration says of an add-on, else what suits the platform."""
    suited: AddonState = "install" if addon.when(stack, platform) else "absent"
    if platform in addon.built_in:
        suited = "present"
    return stack.addons.get(addon.name, stack.addons.get("default", suited))


def there(stack: StackConfig, platform: str) -> frozenset[AddonName]:
    """Add-ons that a cell can rely on."""
    return frozenset(addon.name for addon in ADDONS if state(addon, stack, platform) != "absent")
