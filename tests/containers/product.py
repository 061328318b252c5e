"""The product in containers: how each runs, and what a test asks of them."""

from __future__ import annotations

from dataclasses import dataclass

from containers.engine import Engine

POSTGRES = """
export PGDATA=/tmp/postgres
initdb --username=costate --encoding=UTF8 --auth=trust --no-instructions
exec postgres -c listen_addresses=127.0.0.1 -c unix_socket_directories=/tmp -c fsync=off
"""
TEMPORARY = "/tmp"  # noqa: S108 - inside a container, a volume of its own
CONFINED = (
    *("--read-only", "--tmpfs", TEMPORARY, "--cap-drop", "ALL", "--security-opt", "no-new-privileges"),
    *("--env", "COSTATE_DATABASE_URL=postgresql://costate@127.0.0.1:5432/postgres"),
    *("--env", "COSTATE_REDIS_URL=redis://127.0.0.1:6379/0"),
)
"""How every container of the product runs."""


EVERYWHERE = """
import os
places = (path for path, *_ in os.walk("/") if not path.startswith(("/proc", "/sys", "/dev")))
print(*(path for path in places if os.access(path, os.W_OK)))
"""
"""A program that prints every folder that it can write to."""


@dataclass(frozen=True)
class Product:
    """API, worker and their data stores in containers that share one loopback, and reach nothing else."""

    engine: Engine
    image: str
    base: str
    api: str
    worker: str

    def inside(self, container: str, *words: str) -> str:
        return self.engine.run("exec", container, *words)

    def health(self, container: str) -> str:
        return self.engine.run("inspect", "--format", "{{.State.Health.Status}}", container)
