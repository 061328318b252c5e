"""A unit: one kind of process that runs for long, described by plain values; `Workload` makes objects of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import pulumi

from infra.config import Range, Replicas

USER = 1000
"""Whom every container runs as: `appuser` of the image."""


@dataclass(frozen=True)
class Probe:
    """How a process is asked: `path` over HTTP every `period_s`; given up after `failures`."""

    path: str
    period_s: int
    failures: int


@dataclass(frozen=True)
class Unit:
    """One kind of long-running process."""

    name: str
    image: pulumi.Input[str]
    command: tuple[str, ...]
    """Empty takes the image's own."""
    port: int
    cpu: Range
    """Thousandths of a core: requested, limit."""
    memory: Range
    """MiB: requested, limit."""
    replicas: Replicas
    startup: Probe
    liveness: Probe
    readiness: Probe
    grace_s: int
    """From the request to stop until the kill: as long as the longest thing it may finish."""
    account: str
    """Service account it acts as."""
    drain_s: int = 0
    """Wait before the request to stop, so that balancers notice first."""
    initial: int = 1
    autoscaled: bool = True
    """Whether an autoscaler of its own owns the number of replicas where minimum and maximum differ."""
    environment: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    """Secrets whose keys become variables."""
    mounts: Mapping[str, str] = field(default_factory=dict)
    """ConfigMaps that are mounted, read-only: by name, the folder."""
    priority: Literal["costate-serving", "costate-work"] = "costate-work"
    accelerators: int = 0
    """GPUs one replica asks for."""
    pool: str = ""
    """Node pool it must run on; any but the GPU pools where empty."""
    scratch: Mapping[str, str] = field(default_factory=dict)
    """Writable folders, by name: mount path. All else is read-only."""
    identity: pulumi.Input[Mapping[str, str]] = field(default_factory=dict)
    """Labels that make its pods act as the account's identity in the cloud, where labels do."""
    token: bool = False
    """Whether it may talk to the cluster's own API."""

    @property
    def scaled(self) -> bool:
        """Whether something else than this program decides how many replicas there are."""
        return self.autoscaled and self.replicas.min != self.replicas.max

    @property
    def selector(self) -> dict[str, str]:
        """Labels that find its pods."""
        return {"app.kubernetes.io/name": self.name, "app.kubernetes.io/part-of": "costate"}
