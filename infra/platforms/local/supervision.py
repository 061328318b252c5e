"""Starting, finding and stopping a process: what the Pulumi resource does, without Pulumi."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from infra.errors import InfraError

GRACE_S = 15.0
"""Seconds between the request to stop and the kill; a worker finishes or releases its job in that time."""

TAIL = 15
"""Lines of a log shown when its process fails."""


class ProcessFailedError(InfraError):
    """A process did not come up; the message has the end of its log."""


def alive(pid: int, started: float) -> bool:
    """Whether the process is running and still the one that was started: process ids are used again."""
    try:
        process = psutil.Process(pid)
        same = abs(process.create_time() - started) < 1.0
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def start(
    command: Sequence[str], environment: Mapping[str, str], files: Mapping[str, str], log: Path
) -> tuple[int, float]:
    """Start a process in a session of its own, its output appended to `log`; its id and start time."""
    for name, content in files.items():
        write_private(Path(name), content)
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            env=inherited() | dict(environment),
            cwd=log.parent,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return process.pid, psutil.Process(process.pid).create_time()


def inherited() -> dict[str, str]:
    """This process's environment without what belongs to Pulumi, such as the passphrase of the state."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PULUMI_")}


def write_private(file: Path, content: str) -> None:
    """Write a file that only its owner can read."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
        stream.write(content)


def stop(pid: int, started: float, grace_s: float = GRACE_S) -> None:
    """Stop the process and all of its session: ask, wait, kill."""
    session = members(pid)
    if alive(pid, started):
        psutil.Process(pid).terminate()
        wait_gone([pid], grace_s)
    for member in [pid, *session] if alive(pid, started) else session:
        signal_quietly(member, signal.SIGKILL)
    wait_gone([pid, *session], 5.0)


def members(session: int) -> list[int]:
    """Processes of a session other than its leader."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid != session and os.getsid(process.pid) == session:
                found.append(process.pid)
        except ProcessLookupError:
            continue
    return found


def signal_quietly(pid: int, number: signal.Signals) -> None:
    """Send a signal to a process that may be gone already."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def wait_gone(pids: Sequence[int], seconds: float) -> None:
    """Wait until none of the processes runs any more; children of this process are reaped."""
    processes = [psutil.Process(pid) for pid in pids if psutil.pid_exists(pid)]
    psutil.wait_procs(processes, timeout=seconds)


def wait_healthy(pid: int, started: float, health: str, log: Path, seconds: float) -> None:
    """Wait until `health` (`tcp://host:port` or `http://...`) answers, else ProcessFailedError."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not alive(pid, started):
            raise ProcessFailedError(f"it stopped at once. The end of {log}:\n{tail(log)}")
        if healthy(health):
            return
        time.sleep(0.05)
    raise ProcessFailedError(f"no answer at {health} within {seconds:.0f} s. The end of {log}:\n{tail(log)}")


def healthy(health: str) -> bool:
    """Whether the address answers."""
    try:
        if health.startswith("tcp://"):
            host, port = health.removeprefix("tcp://").rsplit(":", 1)
            with socket.create_connection((host, int(port)), timeout=1.0):
                return True
        with urllib.request.urlopen(health, timeout=2.0) as answer:  # noqa: S310 - an address on loopback
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def tail(log: Path) -> str:
    """The last lines of a log."""
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return "\n".join(f"    {line}" for line in lines[-TAIL:]) or "    (nothing was written)"


def holder(port: int) -> str | None:
    """Who listens on a port of this machine, or None when it is free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return _listener(port)
    return None


def _listener(port: int) -> str:
    try:
        connections = psutil.net_connections("tcp")
    except psutil.AccessDenied:
        return "another process"
    for connection in connections:
        address = connection.laddr
        if connection.status == psutil.CONN_LISTEN and address and address.port == port and connection.pid:
            return f"{psutil.Process(connection.pid).name()} (process {connection.pid})"
    return "another process"
