"""Where the engine is: on PATH, in the cache, or put there; the first way that works counts."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from pulumi.automation import PulumiCommand

from infra.engine import build
from infra.engine.errors import EngineError

OLDEST = (3, 200)
"""Engines older than this are not used; the language host of 3.200 knows `toolchain: uv` well."""

REMEDY = "Install Pulumi (https://www.pulumi.com/docs/install/) so that `pulumi` is on PATH, then try again."


def say(text: str) -> None:
    """Progress, on stderr: stdout belongs to the command that is run."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def cache() -> Path:
    """Folder of cached engines, one a version; outside any checkout, so that it is paid once a machine."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "costate" / "pulumi"


def engine() -> Path:
    """Folder that holds `pulumi` and its Python language host; EngineError when none can be had."""
    if found := on_path():
        return found
    installed, built = cache() / version("pulumi"), cache() / f"{build.VERSION}-built"
    for folder in (installed, built):
        if complete(folder / "bin"):
            return folder / "bin"
    with locked(cache()):
        # Another process may have finished while this one waited for the lock.
        for folder in (installed, built):
            if complete(folder / "bin"):
                return folder / "bin"
        return obtain(installed, built)


def on_path() -> Path | None:
    """The folder of a `pulumi` on PATH that is new enough and has a Python language host beside it."""
    command = shutil.which("pulumi")
    if not command or not shutil.which("pulumi-language-python"):
        return None
    answer = subprocess.run([command, "version"], capture_output=True, text=True, check=False).stdout
    numbers = re.match(r"v?(\d+)\.(\d+)", answer)
    if not numbers or (int(numbers[1]), int(numbers[2])) < OLDEST:
        say(f"Leaving aside {command} ({answer.strip() or 'no version'}): older than {OLDEST[0]}.{OLDEST[1]}")
        return None
    return Path(command).parent


def complete(folder: Path) -> bool:
    """Whether the folder holds an engine with its language host."""
    return all((folder / name).exists() for name in ("pulumi", "pulumi-language-python"))


def obtain(installed: Path, built: Path) -> Path:
    """Install the engine, else build it."""
    tried: list[str] = []
    say(f"No Pulumi engine on PATH: installing {version('pulumi')} with the SDK's own installer")
    try:
        PulumiCommand.install(root=str(installed))
        if complete(installed / "bin"):
            return installed / "bin"
        tried.append("the SDK's installer left no complete engine")
    except (OSError, subprocess.CalledProcessError) as error:  # unreachable, or its script failed
        tried.append(f"the SDK's installer failed: {error}")
    shutil.rmtree(installed, ignore_errors=True)
    say(f"  {tried[-1]}")
    try:
        build.build(built, say)
    except EngineError as error:
        tried.append(str(error))
        raise EngineError("\n  ".join(["No Pulumi engine:", *tried, REMEDY])) from error
    return built / "bin"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """One process at a time; others wait and then find the work done."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another process is getting the Pulumi engine: waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
