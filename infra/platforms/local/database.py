"""PostgreSQL as a process on loopback."""

from __future__ import annotations

import sys

import pulumi

from infra.platforms.local.binaries import postgres_bin, unprivileged
from infra.platforms.local.facts import DatabaseFacts
from infra.platforms.local.place import HOST, Place
from infra.platforms.local.process import Process, ProcessArgs
from infra.platforms.local.task import Task, TaskArgs

NAME = "costate"
"""Of the database and of its owner."""


class Database(pulumi.ComponentResource):
    """A PostgreSQL server with one database; `facts` tells how to reach it."""

    facts: DatabaseFacts

    def __init__(
        self,
        name: str,
        *,
        place: Place,
        port: int,
        password: pulumi.Output[str],
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("costate:local:Database", name, None, opts)
        folder, programs = place.data / "postgres", postgres_bin()
        initialised = Task(
            f"{name}-initdb",
            TaskArgs(
                command=(sys.executable, "-m", "infra.platforms.local.initdb", str(folder), NAME),
                environment={"PGPASSWORD": password},
                log=place.log("initdb"),
                creates=str(folder / "PG_VERSION"),
            ),
            pulumi.ResourceOptions(parent=self),
        )
        settings = {
            "listen_addresses": HOST,
            "port": port,
            "unix_socket_directories": "",
            "max_connections": 200,
        }
        server = Process(
            f"{name}-server",
            ProcessArgs(
                command=(
                    *unprivileged(),
                    str(programs / "postgres"),
                    *("-D", str(folder)),
                    *(word for key, value in settings.items() for word in ("-c", f"{key}={value}")),
                ),
                environment={},
                files={},
                log=place.log("postgres"),
                port=port,
                port_key="costate:local.postgres_port",
                health=f"tcp://{HOST}:{port}",
            ),
            pulumi.ResourceOptions(parent=self, depends_on=[initialised]),
        )
        # The address is known beforehand, but useless before the server runs.
        url = pulumi.Output.all(password, server.pid).apply(
            lambda known: f"postgresql://{NAME}:{known[0]}@{HOST}:{port}/{NAME}"
        )
        self.facts = DatabaseFacts(url=pulumi.Output.secret(url))
        self.server = server
        self.register_outputs({})
