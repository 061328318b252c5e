"""Third-party add-ons: one table, and the Helm releases made of it, each after those it needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
from pulumi_kubernetes import helm

from infra.config import StackConfig
from infra.contracts import Account, ServiceAccountFacts


@dataclass(frozen=True)
class Addon:
    """One chart: where it is, its exact version, and the values that differ from its own."""

    name: str
    chart: str
    repository: str
    """Empty where the chart is an OCI reference."""
    version: str
    released: str
    """Year and month of the version."""
    namespace: str
    purpose: str
    values: Mapping[str, Any] = field(default_factory=dict)
    account: Account | None = None
    """Identity of the cloud that its pods act as."""
    needs: tuple[str, ...] = ()
    when: Callable[[StackConfig, str], bool] = lambda stack, platform: True


def _gpu(stack: StackConfig, platform: str) -> bool:
    return stack.gpu is not None and platform != "gcp"  # GKE brings driver and plugin


ADDONS: tuple[Addon, ...] = (
    Addon(
        "cert-manager",
        "cert-manager",
        "https://charts.jetstack.io",
        "v1.21.2",
        "2026-11",
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
        "1.3.2",
        "2026-10",
        "external-secrets",
        "secrets of the cloud's store, brought into the cluster",
        {"installCRDs": True},
        account="external-secrets",
    ),
    Addon(
        "gateway",
        "oci://docker.io/envoyproxy/gateway-helm",
        "",
        "v1.9.1",
        "2026-11",
        "envoy-gateway-system",
        "the Gateway API",
    ),
    Addon(
        "keda",
        "keda",
        "https://kedacore.github.io/charts",
        "2.21.0",
        "2026-11",
        "keda",
        "workers by the length of the queue",
    ),
    Addon(
        "metrics-server",
        "metrics-server",
        "https://kubernetes-sigs.github.io/metrics-server",
        "3.13.0",
        "2025-07",
        "kube-system",
        "CPU and memory for autoscalers",
        when=lambda stack, platform: platform == "aws",
    ),
    Addon(
        "device-plugin",
        "nvidia-device-plugin",
        "https://nvidia.github.io/k8s-device-plugin",
        "0.17.4",
        "2025-09",
        "kube-system",
        "GPUs as a resource of nodes",
        {"tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]},
        when=_gpu,
    ),
)


class Addons(pulumi.ComponentResource):
    """The releases of a cell; `releases` by name."""

    def __init__(
        self,
        name: str,
        *,
        stack: StackConfig,
        platform: str,
        identities: Mapping[Account, ServiceAccountFacts],
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("costate:kubernetes:Addons", name, None, opts)
        self._name, self._identities = name, identities
        self.releases: dict[str, helm.v3.Release] = {}
        waiting = [addon for addon in ADDONS if addon.when(stack, platform)]
        while waiting:
            addon = next(one for one in waiting if all(need in self.releases for need in one.needs))
            waiting.remove(addon)
            self.releases[addon.name] = self._release(addon)
        self.register_outputs({})

    def _acting(self, addon: Addon) -> dict[str, Any]:
        """Values that tie an add-on's service account to its identity."""
        if addon.account is None:
            return {}
        identity = self._identities[addon.account]
        account = {"create": True, "name": addon.account, "annotations": identity.annotations}
        return {"serviceAccount": account, "podLabels": identity.labels}

    def _release(self, addon: Addon) -> helm.v3.Release:
        return helm.v3.Release(
            f"{self._name}-{addon.name}",
            name=addon.name,
            chart=addon.chart,
            version=addon.version,
            namespace=addon.namespace,
            create_namespace=True,
            # All or nothing: a release that does not become ready is taken back, and `up` fails.
            atomic=True,
            cleanup_on_fail=True,
            timeout=600,
            repository_opts=helm.v3.RepositoryOptsArgs(repo=addon.repository) if addon.repository else None,
            values={**addon.values, **self._acting(addon)},
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=[self.releases[need] for need in addon.needs]
            ),
        )
