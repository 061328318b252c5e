"""What a platform must give: intents in, connection facts out. No cloud's name stands here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import pulumi

from infra.config import Api, Cache, Database, StackConfig, Workers


@dataclass(frozen=True)
class DatabaseFacts:
    """How to reach PostgreSQL: `url` (`postgresql://user:password@host:port/name`) is secret."""

    url: pulumi.Output[str]


@dataclass(frozen=True)
class CacheFacts:
    """How to reach Redis or Valkey: `url` (`redis://:password@host:port/0`) is secret."""

    url: pulumi.Output[str]


@dataclass(frozen=True)
class ObjectStoreFacts:
    """Where results are kept: `url` (`file:///...`, `s3://...`)."""

    url: pulumi.Output[str]


@dataclass(frozen=True)
class WorkloadFacts:
    """Where the service answers."""

    url: pulumi.Output[str]


@dataclass(frozen=True)
class DataFacts:
    """All that the workload is bound to."""

    database: DatabaseFacts
    cache: CacheFacts
    store: ObjectStoreFacts


@dataclass(frozen=True)
class Capabilities:
    """What a platform can do; an intent beyond it is an error before any resource."""

    high_availability: bool
    autoscaling: bool
    gpu: bool
    services: bool
    public_domain: bool
    backups: bool


class Platform(Protocol):
    """A place where a cell can run. Each method declares resources below `parent` and returns facts."""

    capabilities: Capabilities

    def database(self, intent: Database, parent: pulumi.Resource) -> DatabaseFacts:
        """PostgreSQL."""
        ...

    def cache(self, intent: Cache, parent: pulumi.Resource) -> CacheFacts:
        """Redis or Valkey."""
        ...

    def object_store(self, parent: pulumi.Resource) -> ObjectStoreFacts:
        """Where results are kept."""
        ...

    def workload(self, api: Api, workers: Workers, data: DataFacts, parent: pulumi.Resource) -> WorkloadFacts:
        """Migrations, API and workers, bound to the data stores."""
        ...

    def outputs(self) -> dict[str, pulumi.Input[str]]:
        """Further stack outputs that help whoever runs the cell."""
        ...


def beyond(config: StackConfig, capabilities: Capabilities) -> list[tuple[str, str]]:
    """Configuration keys that ask for more than the platform has, each with the remedy."""
    asked = [
        ("gpu", config.gpu is not None, capabilities.gpu, "leave it out"),
        ("services", bool(config.services), capabilities.services, "leave them out"),
        ("domain", bool(config.domain), capabilities.public_domain, "leave it out"),
        (
            "database.highly_available",
            config.database.highly_available,
            capabilities.high_availability,
            "false",
        ),
        ("cache.highly_available", config.cache.highly_available, capabilities.high_availability, "false"),
        ("database.backup_days", config.database.backup_days > 0, capabilities.backups, "0"),
        ("api.replicas", config.api.replicas.max > 1, capabilities.autoscaling, "{min: 1, max: 1}"),
        (
            "workers.replicas",
            config.workers.replicas.max > 1,
            capabilities.autoscaling,
            "{min: 1, max: 1} with more slots",
        ),
    ]
    return [(f"costate:{key}", remedy) for key, wanted, has, remedy in asked if wanted and not has]
