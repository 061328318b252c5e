"""The service as processes: migrations run to their end, then API and worker start."""

from __future__ import annotations

import sys
from collections.abc import Mapping

import pulumi

from infra.config.cells import Local
from infra.config.workload import Workers
from infra.contracts import WorkloadFacts
from infra.platforms.local.facts import DataFacts
from infra.platforms.local.place import HOST, Place, revision_of_app
from infra.platforms.local.process import Process, ProcessArgs
from infra.platforms.local.task import Task, TaskArgs


class Workload(pulumi.ComponentResource):
    """API and worker; `facts` tells where the service answers."""

    facts: WorkloadFacts

    def __init__(
        self,
        name: str,
        *,
        place: Place,
        ports: Local,
        workers: Workers,
        log_level: str,
        data: DataFacts,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("costate:local:Workload", name, None, opts)
        self._name, self._place, self._revision = name, place, revision_of_app()
        common: dict[str, pulumi.Input[str]] = {
            "COSTATE_ENVIRONMENT": "local",
            "COSTATE_HOST": HOST,
            "COSTATE_DATABASE_URL": data.database.url,
            "COSTATE_REDIS_URL": data.cache.url,
            "COSTATE_STORAGE_URL": data.store_url,
            "COSTATE_CACHE_DIR": str(place.cache),
            "COSTATE_LOG_LEVEL": log_level,
            "COSTATE_LOG_FORMAT": "json",
        }
        migrated = Task(
            f"{name}-migrate",
            TaskArgs(
                command=_costate("migrate"),
                environment=common,
                log=place.log("migrate"),
                revision=self._revision,
            ),
            pulumi.ResourceOptions(parent=self),
        )
        self._process("api", ports.api_port, "COSTATE_PORT", common, migrated)
        slots = {"COSTATE_WORKER_SLOTS": str(workers.slots)}
        self._process("worker", ports.worker_port, "COSTATE_WORKER_PORT", {**common, **slots}, migrated)
        self.facts = WorkloadFacts(url=pulumi.Output.from_input(f"http://{HOST}:{ports.api_port}"))
        self.register_outputs({})

    def _process(
        self,
        kind: str,
        port: int,
        port_variable: str,
        environment: Mapping[str, pulumi.Input[str]],
        migrated: Task,
    ) -> None:
        """`kind` is both the command and the prefix of the port's configuration key."""
        Process(
            f"{self._name}-{kind}",
            ProcessArgs(
                command=_costate(kind),
                environment={**environment, port_variable: str(port)},
                files={},
                log=self._place.log(kind),
                port=port,
                port_key=f"costate:local.{kind}_port",
                health=f"http://{HOST}:{port}/ready",
                revision=self._revision,
            ),
            pulumi.ResourceOptions(parent=self, depends_on=[migrated]),
        )


def _costate(command: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "app.cli", command)
