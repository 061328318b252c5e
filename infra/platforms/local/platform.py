"""This machine as a platform."""

from __future__ import annotations

import pulumi

from infra import config
from infra.contracts import (
    CacheFacts,
    Capabilities,
    DatabaseFacts,
    DataFacts,
    ObjectStoreFacts,
    WorkloadFacts,
)
from infra.platforms.local.cache import Cache
from infra.platforms.local.database import Database
from infra.platforms.local.place import Place
from infra.platforms.local.secrets import Secrets
from infra.platforms.local.workload import Workload


class LocalPlatform:
    """Implements `contracts.Platform` with processes of this machine."""

    capabilities = Capabilities(
        high_availability=False,
        autoscaling=False,
        gpu=False,
        services=False,
        public_domain=False,
        backups=False,
    )

    def __init__(self, stack: config.StackConfig, name: str, parent: pulumi.Resource) -> None:
        self._config, self._place = stack, Place.of(name)
        self._secrets = Secrets(
            "secrets",
            file=self._place.data / "secrets.json",
            names=("postgres", "redis"),
            opts=pulumi.ResourceOptions(parent=parent),
        )

    def database(self, intent: config.Database, parent: pulumi.Resource) -> DatabaseFacts:
        """PostgreSQL from its wheel; there is one size and one version."""
        del intent
        return Database(
            "database",
            place=self._place,
            port=self._config.local.postgres_port,
            password=self._secrets.password("postgres"),
            opts=pulumi.ResourceOptions(parent=parent),
        ).facts

    def cache(self, intent: config.Cache, parent: pulumi.Resource) -> CacheFacts:
        """Redis; there is one size."""
        del intent
        return Cache(
            "cache",
            place=self._place,
            port=self._config.local.redis_port,
            password=self._secrets.password("redis"),
            opts=pulumi.ResourceOptions(parent=parent),
        ).facts

    def object_store(self, parent: pulumi.Resource) -> ObjectStoreFacts:
        """A folder; whoever writes first makes it."""
        del parent
        return ObjectStoreFacts(url=pulumi.Output.from_input((self._place.data / "objects").as_uri()))

    def workload(
        self, api: config.Api, workers: config.Workers, data: DataFacts, parent: pulumi.Resource
    ) -> WorkloadFacts:
        """One API process and one worker process."""
        del api
        return Workload(
            "workload",
            place=self._place,
            ports=self._config.local,
            workers=workers,
            log_level=self._config.log_level,
            data=data,
            opts=pulumi.ResourceOptions(parent=parent),
        ).facts

    def outputs(self) -> dict[str, pulumi.Input[str]]:
        """Where things are kept."""
        return {"data": str(self._place.data), "logs": str(self._place.root / "logs")}
