"""A slot: one solver process, and what its supervisor may do with it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any, Literal, get_args

import psutil

from app.observability.metrics import RESPAWNS, metrics

Reason = Literal["cancel", "deadline", "fault", "lease", "lost", "memory", "shutdown", "start"]
REASONS: tuple[Reason, ...] = get_args(Reason)
"""Why a solver process is started again."""

START_S = 120.0
STOP_S = 2.0
"""Between the request to stop and the kill."""


class ProcessLostError(Exception):
    """The solver process is gone."""


class Slot:
    """One solver process, started again whenever it is lost or stopped."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = dict(environment)
        self.devices: list[str] = []
        self.warm = False
        self._process: subprocess.Popen[bytes]
        self._connection: Connection
        self._spawn()

    def _spawn(self) -> None:
        ours, theirs = Pipe()
        self.warm = False
        self._process = subprocess.Popen(
            [sys.executable, "-m", "app.jobs.solver_process", str(theirs.fileno()), str(os.getpid())],
            pass_fds=[theirs.fileno()],
            env=self._environment,
            stdin=subprocess.DEVNULL,
        )
        theirs.close()
        self._connection = ours

    @property
    def pid(self) -> int:
        """Of the solver process."""
        return self._process.pid

    def wait_warm(self) -> None:
        """Wait until the process has imported what it needs; ProcessLostError."""
        while not self.warm:
            message = self.receive(START_S)
            if message is None:
                raise ProcessLostError(f"not ready within {START_S:.0f} s")
            if message[0] == "ready":
                self.devices, self.warm = message[1], True

    def send(self, attempt: str, request: Mapping[str, Any]) -> None:
        """Hand over a checked request; every answer to it carries `attempt`."""
        try:
            self._connection.send(("solve", attempt, dict(request)))
        except OSError as error:
            raise ProcessLostError(self._last_words()) from error

    def receive(self, timeout_s: float) -> tuple[Any, ...] | None:
        """The next message, None when there is none in time; ProcessLostError."""
        try:
            if not self._connection.poll(timeout_s):
                return None
            message: tuple[Any, ...] = self._connection.recv()
        except (EOFError, OSError) as error:
            raise ProcessLostError(self._last_words()) from error
        return message

    def memory_mb(self) -> float:
        """Resident memory; 0 when the process is gone."""
        try:
            return float(psutil.Process(self.pid).memory_info().rss / 2**20)
        except psutil.NoSuchProcess:
            return 0.0

    def restart(self, reason: Reason) -> None:
        """Stop the process, whatever it does, and start a new one."""
        self.stop()
        metrics().count(RESPAWNS, reason)
        self._spawn()

    def stop(self) -> None:
        """Ask, wait, kill."""
        self._connection.close()
        self._process.terminate()
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _last_words(self) -> str:
        try:
            code = self._process.wait(1.0)
        except subprocess.TimeoutExpired:
            return "its pipe closed"
        return f"signal {-code}" if code < 0 else f"exit status {code}"
