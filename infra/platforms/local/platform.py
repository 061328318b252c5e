"""This machine as a platform."""

from __future__ import annotations

import pulumi

from infra.config.stack import StackConfig
from infra.contracts import WorkloadFacts
from infra.platforms.local.cache import Cache
from infra.platforms.local.database import Database
from infra.platforms.local.facts import DataFacts
from infra.platforms.local.place import Place
from infra.platforms.local.secrets import Secrets
from infra.platforms.local.workload import Workload


class LocalPlatform:
    """Implements `contracts.Platform` with processes of this machine: one size, one version of each."""

    def __init__(self, stack: StackConfig, name: str, parent: pulumi.Resource) -> None:
        self._config, self._place = stack, Place.of(name)
        self._opts = pulumi.ResourceOptions(parent=parent)

    def build(self) -> WorkloadFacts:
        """PostgreSQL, Redis, a folder for results (whoever writes first makes it), then API and worker."""
        place, ports = self._place, self._config.local
        secrets = Secrets(
            "secrets", file=place.data / "secrets.json", names=("postgres", "redis"), opts=self._opts
        )
        database = Database(
            "database",
            place=place,
            port=ports.postgres_port,
            password=secrets.password("postgres"),
            opts=self._opts,
        )
        cache = Cache(
            "cache", place=place, port=ports.redis_port, password=secrets.password("redis"), opts=self._opts
        )
        return Workload(
            "workload",
            place=place,
            ports=ports,
            workers=self._config.workers,
            log_level=self._config.log_level,
            data=DataFacts(database.facts, cache.facts, store_url=(place.data / "objects").as_uri()),
            opts=self._opts,
        ).facts

    def outputs(self) -> dict[str, pulumi.Input[str]]:
        """Where things are kept."""
        return {"data": str(self._place.data), "logs": str(self._place.root / "logs")}
