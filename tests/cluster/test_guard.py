"""What a test run starts does not outlive it, even where the run is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import guard
import pytest
from live import eventually

Begin = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def begin() -> Iterator[Begin]:
    """Starts idle processes, each in a session of its own; none is left behind."""
    begun: list[subprocess.Popen[bytes]] = []

    def start(script: str, *words: str) -> subprocess.Popen[bytes]:
        command = ["sh", "-c", script, *words]
        begun.append(subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL))
        return begun[-1]

    yield start
    for process in begun:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def noted(process: subprocess.Popen[bytes], place: Path) -> None:
    """Write down the process, once the system shows what it was started with."""
    eventually(lambda: guard.started(process.pid, place), seconds=30, what="the process is to be seen")
    with (place / "pids").open("a") as file:
        file.write(f"{process.pid}\n")


def test_what_was_started_ends_with_its_owner_and_nothing_else_does(tmp_path: Path, begin: Begin) -> None:
    owner, ours, stranger = begin("sleep 60"), begin("sleep 60 & wait", str(tmp_path)), begin("sleep 60")
    noted(ours, tmp_path)
    with (tmp_path / "pids").open("a") as file:
        file.write(f"{stranger.pid}\n")
    watching = subprocess.Popen([sys.executable, guard.__file__, str(owner.pid), str(tmp_path / "pids")])
    assert ours.poll() is None
    os.killpg(owner.pid, signal.SIGKILL)
    owner.wait()
    assert ours.wait(timeout=60) != 0
    assert watching.wait(timeout=60) == 0
    assert stranger.poll() is None


def test_a_process_that_ends_only_by_force_is_ended_by_force(tmp_path: Path, begin: Begin) -> None:
    deaf = begin(f"trap '' TERM; touch {tmp_path}/deaf; while :; do sleep 0.1; done", str(tmp_path))
    noted(deaf, tmp_path)
    eventually((tmp_path / "deaf").exists, seconds=30, what="the process is deaf")
    gone = begin("true")
    gone.wait()
    guard.main(gone.pid, tmp_path / "pids")
    assert deaf.wait(timeout=60) == -signal.SIGKILL
