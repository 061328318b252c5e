"""Rules, boards, targets and receivers of the cluster's monitoring, as objects of the Prometheus operator."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_kubernetes import apiextensions, core, meta

from infra.config.stack import StackConfig
from infra.kubernetes.accounts import PRODUCT
from infra.kubernetes.secrets import external
from infra.monitoring.dashboards import BOARDS, rendered
from infra.monitoring.rules import rule_file
from infra.monitoring.stack import NAMESPACE, RECEIVERS
from infra.versions import AddonName

OPERATOR_API = "monitoring.coreos.com/v1"
NAMED = "app.kubernetes.io/name"
"""Label of pods that becomes the label `job` of what they tell."""


@dataclass(frozen=True)
class Scrape:
    """Pods to be asked: by labels, in a namespace, on a port of theirs."""

    name: str
    namespace: str
    labels: Mapping[str, str]
    port: str
    path: str = "/metrics"
    of: AddonName | None = None
    """Only where this add-on is."""
    own_labels: bool = True
    """Whether labels that the pods themselves give (such as `namespace`) stand before those of the scrape."""


OTHERS: tuple[Scrape, ...] = (
    Scrape("postgres", "costate-data", {"cnpg.io/podRole": "instance"}, "metrics", own_labels=False),
    Scrape("releases", "argo-rollouts", {NAMED: "argo-rollouts"}, "metrics"),
    Scrape("keda", "keda", {NAMED: "keda-operator"}, "metrics", of="keda"),
    Scrape(
        "cert-manager", "cert-manager", {"app.kubernetes.io/component": "controller"}, "http-metrics",
        of="cert-manager",
    ),
    Scrape(
        "external-secrets", "external-secrets", {NAMED: "external-secrets"}, "metrics", of="external-secrets"
    ),
    Scrape(
        "gateway", "envoy-gateway-system",
        {"app.kubernetes.io/component": "proxy", "app.kubernetes.io/managed-by": "envoy-gateway"},
        "metrics", "/stats/prometheus", of="gateway",
    ),
    Scrape("gpu", "gpu-metrics", {NAMED: "dcgm-exporter"}, "metrics", of="gpu-metrics"),
)  # fmt: skip


def scrapes(stack: StackConfig, there: Set[AddonName]) -> Iterator[Scrape]:
    """Everything in a cell that has metrics; `there` are the cluster's add-ons."""
    processes = dict.fromkeys(("api", "worker", *(["worker-gpu"] if stack.gpu else [])), "/metrics")
    services = {name: service.metrics for name, service in stack.services.items() if service.metrics}
    for name, path in {**processes, **services}.items():
        labels = {NAMED: name, "app.kubernetes.io/part-of": "costate"}
        yield Scrape(name, PRODUCT, labels, "http", path, own_labels=False)
    yield from (one for one in OTHERS if one.of is None or one.of in there)


class Monitoring(pulumi.ComponentResource):
    """What the operator, Prometheus, Alertmanager and Grafana of the add-on `monitoring` read."""

    def __init__(
        self,
        name: str,
        *,
        stack: StackConfig,
        cell: str,
        there: Set[AddonName],
        opts: pulumi.ResourceOptions,
    ) -> None:
        """`there` are the cluster's add-ons."""
        super().__init__("costate:kubernetes:Monitoring", name, None, opts)
        self._name, self._child = name, pulumi.ResourceOptions(parent=self)
        self._object("PrometheusRule", "costate", rule_file(stack.monitoring.runbooks))
        for scrape in scrapes(stack, there):
            self._object("PodMonitor", scrape.name, _monitor(scrape))
        for board in BOARDS:
            core.v1.ConfigMap(
                f"{name}-{board.uid}",
                metadata=meta.v1.ObjectMetaArgs(
                    name=board.uid, namespace=NAMESPACE, labels={"grafana_dashboard": "1"}
                ),
                data={f"{board.uid}.json": json.dumps(rendered(board), sort_keys=True)},
                opts=self._child,
            )
        if stack.monitoring.keys and "external-secrets" in there:
            external(
                f"{name}-{RECEIVERS}",
                secret=RECEIVERS,
                namespace=NAMESPACE,
                key=stack.monitoring.secret.replace("{cell}", cell),
                template={key: f"{{{{ .{key} }}}}" for key in stack.monitoring.keys},
                opts=self._child,
            )
        self.register_outputs({})

    def _object(self, kind: str, name: str, spec: Mapping[str, Any]) -> None:
        apiextensions.CustomResource(
            f"{self._name}-{kind.lower()}-{name}",
            api_version=OPERATOR_API,
            kind=kind,
            metadata=meta.v1.ObjectMetaArgs(name=name, namespace=NAMESPACE),
            spec=dict(spec),
            opts=self._child,
        )


def _monitor(scrape: Scrape) -> dict[str, Any]:
    endpoint = {"port": scrape.port, "path": scrape.path, "interval": "30s", "honorLabels": scrape.own_labels}
    return {
        "jobLabel": NAMED,
        "namespaceSelector": {"matchNames": [scrape.namespace]},
        "selector": {"matchLabels": dict(scrape.labels)},
        "podMetricsEndpoints": [endpoint],
    }
