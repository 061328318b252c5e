"""Versions of what the platforms run, with the dates that decide them. Checked 2026-11."""

from __future__ import annotations

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
]
"""Add-ons of a cluster (`infra/addons.py`)."""

KUBERNETES: dict[Kubernetes, date] = {"1.35": date(2027, 2, 28), "1.36": date(2027, 6, 28)}
"""Minor versions that may be asked for, and the end of their upstream support."""

POSTGRES = ("17", "18")
"""Major versions that all three clouds offer."""

VALKEY = {"aws": "8.0", "gcp": "VALKEY_8_0", "azure": "7.4"}
"""Engine version of the managed cache, as each cloud writes it; Azure Managed Redis speaks Redis 7.4."""

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
