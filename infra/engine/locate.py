"""Where the engine is: on PATH, in the cache, or put there; the first way that works counts."""

from __future__ import annotations

import http.client
import re
import shutil
import subprocess
import tempfile
import urllib.request
from importlib.metadata import version
from pathlib import Path

from pulumi.automation import InvalidVersionError, PulumiCommand

from infra.engine import build
from infra.engine.errors import EngineError
from infra.gotools import cache as tools
from infra.gotools.progress import say, telling

OLDEST = (3, 200)
"""Engines older than this are not used; the language host of 3.200 knows `toolchain: uv` well."""

RELEASES = "https://get.pulumi.com/install.sh"
"""Where the SDK's installer begins; it waits without a limit, so this is asked first."""

CONNECT_S = 10.0

REMEDY = "Install Pulumi (https://www.pulumi.com/docs/install/) so that `pulumi` is on PATH, then try again."


def cache() -> Path:
    """Folder of cached engines, one a version; outside any checkout, so that it is paid once a machine."""
    return tools.cache("pulumi")


def engine() -> Path:
    """Folder that holds `pulumi` and its Python language host; EngineError when none can be had."""
    if found := on_path():
        return found
    installed, built = cache() / version("pulumi"), cache() / f"{build.VERSION}-built"
    for folder in (installed, built):
        if complete(folder / "bin"):
            return folder / "bin"
    with tools.locked(cache(), "the Pulumi engine"):
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
    for put, folder in ((install, installed), (build.build, built)):
        try:
            put(folder)
        except EngineError as error:
            say(f"  {error}")
            tried.append(str(error))
        else:
            return folder / "bin"
    raise EngineError("\n  ".join(["No Pulumi engine:", *tried, REMEDY]))


def install(target: Path) -> None:
    """Have the SDK's own installer put the engine into `target/bin`; it appears whole or not at all."""
    say(f"No Pulumi engine on PATH: installing {target.name} with the SDK's own installer (about a minute)")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="installing-") as work:
        room = Path(work) / "engine"
        try:
            urllib.request.urlopen(RELEASES, timeout=CONNECT_S).close()
            with telling("downloading Pulumi"):
                PulumiCommand.install(root=str(room))
        except subprocess.CalledProcessError as error:  # the installer's script failed
            lines = (error.output or b"").decode(errors="replace").strip().splitlines()[-3:]
            raise EngineError(f"the SDK's installer failed: {' / '.join(lines) or error}") from error
        except (OSError, http.client.HTTPException, InvalidVersionError) as error:
            raise EngineError(f"the SDK's installer failed: {error}") from error
        if not complete(room / "bin"):
            raise EngineError("the SDK's installer left no complete engine")
        shutil.rmtree(target, ignore_errors=True)
        room.rename(target)
