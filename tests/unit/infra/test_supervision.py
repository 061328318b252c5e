"""Processes of this machine: found, refused and stopped for sure."""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from infra.platforms.local import supervision
from infra.platforms.local.supervision import ProcessFailedError, alive, holder, start, stop, wait_healthy

FOREVER = (sys.executable, "-c", "import time; time.sleep(300)")
WITH_CHILD = ("/bin/sh", "-c", "sleep 300 & wait")
DEAF = (
    sys.executable,
    "-c",
    "from signal import *; import time; signal(SIGTERM, SIG_IGN); print('deaf', flush=True); time.sleep(300)",
)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "logs" / "process.log"


@pytest.fixture
def running(log: Path) -> Iterator[tuple[int, float]]:
    pid, started = start(FOREVER, {}, {}, log)
    yield pid, started
    stop(pid, started)


def test_a_started_process_is_alive_until_it_is_stopped(running: tuple[int, float]) -> None:
    assert alive(*running)
    stop(*running)
    assert not alive(*running)


def test_another_process_with_the_same_id_is_not_ours(running: tuple[int, float]) -> None:
    pid, started = running
    assert not alive(pid, started - 100)
    stop(pid, started - 100)
    assert alive(pid, started)


def test_stopping_takes_the_whole_session_along(log: Path) -> None:
    pid, started = start(WITH_CHILD, {}, {}, log)
    while not (children := psutil.Process(pid).children()):
        time.sleep(0.01)
    stop(pid, started)
    assert not [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]


def test_a_process_that_ignores_the_request_is_killed(log: Path) -> None:
    pid, started = start(DEAF, {}, {}, log)
    while "deaf" not in log.read_text():
        time.sleep(0.01)
    stop(pid, started, grace_s=0.2)
    assert not alive(pid, started)


def test_a_process_that_ends_at_once_is_told_with_the_end_of_its_log(log: Path) -> None:
    pid, started = start((sys.executable, "-c", "raise SystemExit('no such database')"), {}, {}, log)
    with pytest.raises(ProcessFailedError, match="no such database"):
        wait_healthy(pid, started, "tcp://127.0.0.1:1", log, 20.0)


def test_a_process_that_never_answers_is_told_with_its_address(running: tuple[int, float], log: Path) -> None:
    with pytest.raises(ProcessFailedError, match=r"tcp://127\.0\.0\.1:1"):
        wait_healthy(*running, "tcp://127.0.0.1:1", log, 0.2)


def test_files_for_a_process_are_private(log: Path, tmp_path: Path) -> None:
    file = tmp_path / "secret.conf"
    file.touch(mode=0o600)
    pid, started = start(FOREVER, {}, {str(file): "requirepass x"}, log)
    stop(pid, started)
    assert (file.read_text(), file.stat().st_mode & 0o077) == ("requirepass x", 0)


def test_nothing_of_pulumis_reaches_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "secret")
    assert not [name for name in supervision.inherited() if name.startswith("PULUMI")]


def test_a_busy_port_names_its_holder_and_a_free_one_does_not() -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        assert f"process {os.getpid()}" in str(holder(port))
    assert holder(port) is None
