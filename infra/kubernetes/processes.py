"""The product's own processes: what each runs, asks for, and how it is looked after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

import pulumi

from infra.config.stack import StackConfig
from infra.config.workload import Replicas
from infra.contracts import Account, ServiceAccountFacts
from infra.kubernetes.bindings import Bindings
from infra.kubernetes.process import Process
from infra.kubernetes.schedules import BACKUP
from infra.kubernetes.unit import Probe, Unit

API_PORT, WORKER_PORT = 8000, 8001
CACHE = "/var/cache/costate"
"""Compiled programs: an empty folder at first, filled by what the image brings and by the first solves."""

LONGEST_JOB_S = 3600 + 60
"""The longest time limit of a job, and the grace for compiling: so long may a worker finish what it runs."""

P = TypeVar("P", bound=Process)


@dataclass(frozen=True, kw_only=True)
class Processes:
    """All of them, before they are told where the data stores are (`told`)."""

    stack: StackConfig
    image: pulumi.Input[str]
    accounts: Mapping[Account, ServiceAccountFacts]
    traces: Mapping[str, str]
    """What tells those that take part in answering a request where their traces go, where they are collected."""

    def api(self, replicas: Replicas, node_port: int | None) -> Unit:
        """The HTTP API."""
        api = self.stack.api
        return Unit(
            name="api",
            image=self.image,
            pull=self.stack.image_pull,
            command=("costate", "api"),
            port=API_PORT,
            cpu=api.cpu,
            memory=api.memory,
            replicas=replicas,
            initial=api.initial,
            startup=Probe("/health", 2, 30),
            liveness=Probe("/health", 10, 3),
            readiness=Probe("/ready", 5, 2),
            grace_s=30,
            release=self.stack.release,
            drain_s=10,
            node_port=node_port,
            account="api",
            identity=self.accounts["api"].labels,
            environment={"COSTATE_PORT": str(API_PORT), **self.traces},
            priority="costate-serving",
            scratch={"cache": CACHE},
        )

    def workers(self, replicas: Replicas, compiled: Mapping[str, str]) -> list[Unit]:
        """Workers without accelerators, and one more kind on the GPU pools where the stack has them.

        `compiled` is the volume for compiled programs, by name its folder; empty where each has its own.
        """
        workers, gpu = self.stack.workers, self.stack.gpu
        plain = Unit(
            name="worker",
            image=self.image,
            pull=self.stack.image_pull,
            command=("costate", "worker"),
            port=WORKER_PORT,
            cpu=workers.cpu,
            memory=workers.memory,
            replicas=replicas,
            startup=Probe("/health", 5, 60),
            liveness=Probe("/health", 15, 4),
            readiness=Probe("/ready", 10, 3),
            grace_s=LONGEST_JOB_S,
            account="worker",
            identity=self.accounts["worker"].labels,
            environment={
                "COSTATE_WORKER_PORT": str(WORKER_PORT),
                "COSTATE_WORKER_SLOTS": str(workers.slots),
                "COSTATE_WORKER_GRACE_S": str(LONGEST_JOB_S),
                **self.traces,
            },
            volumes=compiled,
            scratch={} if compiled else {"cache": CACHE},
        )
        return [plain, *([replace(plain, name="worker-gpu", accelerators=gpu.per_worker)] if gpu else [])]

    def placeholder(self, worker: Unit) -> Process:
        """What keeps room for one worker more, and does nothing."""
        return Process(
            name="headroom",
            image=self.image,
            pull=self.stack.image_pull,
            command=("sleep", "infinity"),
            cpu=worker.cpu,
            memory=worker.memory,
            account="worker",
            priority="costate-headroom",
            accelerators=worker.accelerators,
        )

    def migrations(self) -> Process:
        """What brings the schema up to date."""
        return Process(
            name="migrations",
            image=self.image,
            pull=self.stack.image_pull,
            command=("costate", "migrate"),
            cpu=(100, 1000),
            memory=(256, 512),
            account="migrations",
            identity=self.accounts["migrations"].labels,
            priority="costate-serving",
        )

    def backup(self) -> Process:
        """What brings dumps to the object store and back."""
        return Process(
            name=BACKUP,
            image=self.image,
            pull=self.stack.image_pull,
            command=(),
            cpu=(250, 1000),
            memory=(256, 1024),
            account="backup",
        )

    def told(self, process: P, bindings: Bindings) -> P:
        """The process with what its account is given, and what all are told."""
        common: dict[str, pulumi.Input[str]] = {
            "COSTATE_ENVIRONMENT": self.stack.environment,
            "COSTATE_HOST": "0.0.0.0",  # noqa: S104 - a pod has its address for itself; flows say who gets in
            "COSTATE_CACHE_DIR": CACHE,
            "COSTATE_LOG_LEVEL": self.stack.log_level,
            "COSTATE_LOG_FORMAT": "json",
        }
        return replace(
            process,
            environment={**bindings.environment, **common, **process.environment},
            files=bindings.files,
            secrets=bindings.secrets,
            mounts=bindings.mounts,
            volumes={**bindings.volumes, **process.volumes},
            revision=bindings.revision,
        )
