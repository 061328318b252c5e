"""A unit: one kind of process that runs for long and is asked over HTTP; `Workload` makes objects of it."""

from __future__ import annotations

from dataclasses import dataclass

from infra.config.workload import Release, Replicas
from infra.kubernetes.process import Process

ROLLING = Release()
"""One pod after the other."""


@dataclass(frozen=True)
class Probe:
    """How a process is asked: `path` over HTTP every `period_s`; given up after `failures`."""

    path: str
    period_s: int
    failures: int


@dataclass(frozen=True, kw_only=True)
class Unit(Process):
    """One kind of long-running process."""

    port: int
    replicas: Replicas
    initial: int = 1
    """Replicas before an autoscaler's first decision."""
    startup: Probe
    liveness: Probe
    readiness: Probe
    grace_s: int
    """From the request to stop until the kill: as long as the longest thing it may finish."""
    node_port: int | None = None
    """Port of every node that leads to it, over plain HTTP."""
    release: Release = ROLLING
    """How a new revision takes over."""
    drain_s: int = 0
    """Wait before the request to stop, so that balancers notice first."""

    @property
    def rolled(self) -> bool:
        """Whether Kubernetes itself replaces its pods, one after the other."""
        return self.release.strategy == "rolling"

    @property
    def scaled(self) -> bool:
        """Whether something else than this program decides how many replicas there are."""
        return self.replicas.min != self.replicas.max
