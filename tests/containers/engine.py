"""An engine that builds and runs containers: docker or podman if one answers, else a dockerd of our own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from live import Running, eventually

from infra.gotools.cache import cache, locked
from infra.gotools.progress import say

PACKAGES = {"/usr/sbin/dockerd": "docker.io", "/usr/sbin/debootstrap": "debootstrap"}
"""Debian's packages that stand in for an engine and for a registry, by the program of each."""

START_S = 60.0

ALONE = (
    "setpriv",
    "--pdeathsig",
    "KILL",
    "unshare",
    "--pid",
    "--mount",
    "--mount-proc",
    "--fork",
    "--kill-child",
)
"""Words before a command that shall leave nothing behind: its processes and mounts end with it, and it with us."""


class NoEngineError(Exception):
    """Containers cannot be run here; the message says why."""


@dataclass(frozen=True)
class Engine:
    """A command line that takes docker's words."""

    program: str
    host: str = ""
    """Where its server listens, if not where it looks by itself."""

    def run(self, *words: str, stdin: Path | None = None) -> str:
        """Standard output; AssertionError with what was said when the command fails."""
        done = self.ask(*words, stdin=stdin)
        assert done.returncode == 0, (
            f"{self.program} {' '.join(words)} ended with {done.returncode}:\n{said(done)[-4000:]}"
        )
        return done.stdout.strip()

    def ask(self, *words: str, stdin: Path | None = None) -> subprocess.CompletedProcess[str]:
        """The command's outcome, whatever it is."""
        environment = os.environ | {"DOCKER_BUILDKIT": "1", "BUILDKIT_PROGRESS": "plain"}
        if self.host:
            environment["DOCKER_HOST"] = self.host
        with (stdin or Path(os.devnull)).open("rb") as file:
            return subprocess.run(
                [self.program, *words],
                env=environment,
                stdin=file,
                capture_output=True,
                text=True,
                check=False,
            )

    def has(self, image: str) -> bool:
        """Whether an image is there already."""
        return self.ask("image", "inspect", image).returncode == 0


def said(done: subprocess.CompletedProcess[str]) -> str:
    """Everything that a command printed."""
    return f"{done.stdout}{done.stderr}"


@contextmanager
def engine() -> Iterator[Engine]:
    """The engine that answers, else one of our own for as long as it is needed. Raises NoEngineError."""
    for program in ("docker", "podman"):
        if shutil.which(program) and Engine(program).ask("info").returncode == 0:
            yield Engine(program)
            return
    with _borrowed() as own:
        yield own


@contextmanager
def _borrowed() -> Iterator[Engine]:
    """Debian's dockerd without bridge and packet filter: it changes nothing of the machine, and ends with us.

    Its images stay in the user's cache, so that a second run builds only what has changed.
    """
    install(PACKAGES)
    place = cache("containers")
    with locked(place, "containers"), tempfile.TemporaryDirectory(prefix="costate-") as room:
        host = f"unix://{room}/docker.sock"
        command = [
            *ALONE,
            "/usr/sbin/dockerd",
            *("--host", host, "--data-root", str(place / "docker")),
            *("--exec-root", f"{room}/run", "--pidfile", f"{room}/pid"),
            *("--bridge", "none", "--iptables=false", "--ip6tables=false"),
        ]
        running = Running(command, Path(room) / "log", dict(os.environ))
        own = Engine("/usr/bin/docker", host)

        def answers() -> bool:
            assert running.process.poll() is None, f"dockerd has ended:\n{running.tail()}"
            return own.ask("info").returncode == 0

        try:
            eventually(answers, seconds=START_S, what="dockerd answers")
            yield own
        finally:
            os.killpg(running.pid, signal.SIGTERM)
            running.process.wait(START_S)


def install(packages: Mapping[str, str]) -> None:
    """Get Debian's packages, by a program of each, if this machine can have them. Raises NoEngineError."""
    if sys.platform != "linux" or os.geteuid() != 0:
        raise NoEngineError("only root on Linux can start what is missing here")
    missing = [package for program, package in packages.items() if not Path(program).exists()]
    if not missing:
        return
    if shutil.which("apt-get") is None:
        raise NoEngineError(f"there is no apt-get to install {', '.join(missing)}")
    say(f"Installing {', '.join(missing)} from Debian's packages")
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for words in (["update"], ["install", "--yes", "--no-install-recommends", *missing]):
        done = subprocess.run(
            ["apt-get", "--quiet", *words], env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise NoEngineError(f"{', '.join(missing)} could not be installed: {said(done)[-500:]}")
