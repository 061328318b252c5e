"""Where built tools are kept: one folder a recipe, outside any checkout, so that each is paid once a machine."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.gotools.compile import build
from infra.gotools.progress import say
from infra.gotools.tool import Tool


def cache(name: str) -> Path:
    """A folder of the user's cache."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "costate" / name


def folder(tool: Tool) -> Path:
    """The tool's folder, built if it is not there; other processes wait meanwhile. Raises ToolError."""
    target = cache(tool.name) / tool.key
    if not target.exists():
        with locked(target.parent, tool.name):
            # Another process may have finished while this one waited for the lock.
            if not target.exists():
                build(tool, target)
    return target


def programs(tool: Tool) -> Path:
    """The folder of the tool's programs, as `folder`."""
    return folder(tool) / "bin"


@contextmanager
def locked(place: Path, what: str) -> Iterator[None]:
    """One process at a time; others wait and then find the work done."""
    place.mkdir(parents=True, exist_ok=True)
    with (place / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"Another process is getting {what}: waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
