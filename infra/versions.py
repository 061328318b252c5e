"""Versions of what the platforms run, with the dates that decide them. Checked 2026-11."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

Kubernetes = Literal["1.35", "1.36"]
AddonName = Literal[
    "cert-manager",
    "external-secrets",
    "gateway",
    "keda",
    "metrics-server",
    "device-plugin",
    "monitoring",
    "gpu-metrics",
    "cluster-autoscaler",
    "karpenter",
    "external-dns",
    "fluent-bit",
    "opentelemetry-collector",
    "loki",
    "tempo",
    "velero",
    "vpa",
    "opencost",
    "chaos-mesh",
    "istio-base",
    "istiod",
    "istio-cni",
    "ztunnel",
    "argo-rollouts",
]
"""Add-ons of a cluster (`infra/addons.py`)."""

KUBERNETES: dict[Kubernetes, date] = {"1.35": date(2027, 2, 28), "1.36": date(2027, 6, 28)}
"""Minor versions that may be asked for, and the end of their upstream support."""

POSTGRES = ("17", "18")
"""Major versions that all three clouds offer."""

VALKEY = {"aws": "8.0", "gcp": "VALKEY_8_0", "azure": "7.4"}
"""Engine version of the managed cache, as each cloud writes it; Azure Managed Redis speaks Redis 7.4."""


@dataclass(frozen=True)
class Chart:
    """One version of a chart."""

    version: str
    released: str
    """Year and month."""


CHARTS: Mapping[AddonName, Chart] = {
    "cert-manager": Chart("v1.21.2", "2026-11"),
    "external-secrets": Chart("1.3.2", "2026-10"),
    "gateway": Chart("v1.9.1", "2026-11"),
    "keda": Chart("2.21.0", "2026-11"),
    "metrics-server": Chart("3.13.0", "2025-07"),
    "device-plugin": Chart("0.17.4", "2025-09"),
    "monitoring": Chart("88.5.3", "2026-08"),
    "gpu-metrics": Chart("4.8.2", "2026-05"),
    "karpenter": Chart("1.12.1", "2026-05"),
    "cluster-autoscaler": Chart("9.56.0", "2026-03"),
    "external-dns": Chart("1.21.1", "2026-04"),
    "fluent-bit": Chart("0.57.5", "2026-05"),
    "opentelemetry-collector": Chart("0.166.0", "2026-07"),
    "loki": Chart("18.12.0", "2026-09"),
    "tempo": Chart("2.3.0", "2026-08"),
    "velero": Chart("12.0.3", "2026-06"),
    "vpa": Chart("0.8.1", "2026-02"),
    "opencost": Chart("2.5.34", "2026-11"),
    "chaos-mesh": Chart("2.8.1", "2025-12"),
    "istio-base": Chart("1.30.4", "2026-08"),
    "istiod": Chart("1.30.4", "2026-08"),
    "istio-cni": Chart("1.30.4", "2026-08"),
    "ztunnel": Chart("1.30.4", "2026-08"),
    "argo-rollouts": Chart("2.41.0", "2026-06"),
}
"""Charts of the add-ons (`infra/addons.py`)."""

CLOUDNATIVE_PG = "0.29.1"
"""Chart of the operator, of 2026-09-23."""

POSTGRES_IMAGES = {
    "17": "docker.io/library/postgres:17.11-bookworm",
    "18": "docker.io/library/postgres:18.6-bookworm",
}
OPERATED_IMAGES = {
    "17": "ghcr.io/cloudnative-pg/postgresql:17.11-standard-bookworm",
    "18": "ghcr.io/cloudnative-pg/postgresql:18.6-standard-bookworm",
}
VALKEY_IMAGE = "docker.io/valkey/valkey:8.1.11-trixie"
"""Images of the data stores in a cluster that has no managed ones; PostgreSQL's by major version."""
