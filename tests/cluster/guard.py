"""Ends processes when the one that wanted them is gone: `guard.py OWNER FILE`, where FILE lists their ids.

A test run may be killed in a way that lets no fixture tidy up; what it started must not live on.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import psutil

EVERY_S = 0.25
GRACE_S = 5.0


def main(owner: int, file: Path) -> None:
    """Wait for the owner's end, then end each process that was started beside `file`."""
    try:
        watched = psutil.Process(owner)
        # A process id that is used again belongs to another process: psutil compares the times of their start.
        while watched.is_running() and watched.status() != psutil.STATUS_ZOMBIE:
            time.sleep(EVERY_S)
    except psutil.NoSuchProcess:
        pass
    found = [process for pid in file.read_text().split() if (process := started(int(pid), file.parent))]
    for process in found:
        os.killpg(process.pid, signal.SIGTERM)
    for process in psutil.wait_procs(found, GRACE_S)[1]:
        os.killpg(process.pid, signal.SIGKILL)


def started(pid: int, place: Path) -> psutil.Process | None:
    """The process, if it is one that was started with files of this folder."""
    try:
        process = psutil.Process(pid)
        return process if any(str(place) in word for word in process.cmdline()) else None
    except psutil.Error:
        return None


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
