"""Redis as a process on loopback."""

from __future__ import annotations

import pulumi

from infra.platforms.local.binaries import redis_server
from infra.platforms.local.facts import CacheFacts
from infra.platforms.local.place import HOST, Place
from infra.platforms.local.process import Process, ProcessArgs


class Cache(pulumi.ComponentResource):
    """A Redis server; `facts` tells how to reach it."""

    facts: CacheFacts

    def __init__(
        self,
        name: str,
        *,
        place: Place,
        port: int,
        password: pulumi.Output[str],
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("costate:local:Cache", name, None, opts)
        folder = place.data / "redis"
        # Settings go through a private file: words of a command can be read by every user of the machine.
        file = folder / "redis.conf"
        lines = [f"bind {HOST}", f"port {port}", f"dir {folder}", "save 60 1", "daemonize no"]
        settings = password.apply(lambda word: "\n".join([*lines, f"requirepass {word}", ""]))
        server = Process(
            f"{name}-server",
            ProcessArgs(
                command=(str(redis_server()), str(file)),
                environment={},
                files={str(file): settings},
                log=place.log("redis"),
                port=port,
                port_key="costate:local.redis_port",
                health=f"tcp://{HOST}:{port}",
            ),
            pulumi.ResourceOptions(parent=self),
        )
        url = pulumi.Output.all(password, server.pid).apply(
            lambda known: f"redis://:{known[0]}@{HOST}:{port}/0"
        )
        self.facts = CacheFacts(url=pulumi.Output.secret(url))
        self.server = server
        self.register_outputs({})
