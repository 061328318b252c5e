"""Warming: the templates' programs are compiled into the cache by a process of the least priority.

It is started with the worker and held (suspended) while any job runs, for where processes share a quota of time
a low priority alone does not keep them apart. What it compiles, solver processes find in the cache when a job
needs it; so a template's first job after an update starts as soon as any other.

Started as `python -m app.jobs.warming PARENT` with the worker's process id.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

import psutil

from app.observability.logs import log

PR_SET_PDEATHSIG = 1
"""Of prctl(2): the signal a process gets when the thread that started it ends; also a suspended one."""


class Warming:
    """The process, seen from the worker; to be made by a thread that lives as long as the worker does."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._lock = threading.Lock()
        self._running = 0
        self._process = psutil.Popen(
            [sys.executable, "-m", "app.jobs.warming", str(os.getpid())],
            env=dict(environment),
            stdin=subprocess.DEVNULL,
        )

    @contextmanager
    def held(self) -> Iterator[None]:
        """While a job runs: whichever is last lets the process go on."""
        with self._lock:
            self._running += 1
            if self._running == 1:
                self._signal("suspend")
        try:
            yield
        finally:
            with self._lock:
                self._running -= 1
                if self._running == 0:
                    self._signal("resume")

    def stop(self) -> None:
        """End it, whatever it does: the next worker goes on where it ended."""
        with self._lock, suppress(psutil.NoSuchProcess):
            self._process.kill()
        self._process.wait()

    def _signal(self, name: str) -> None:
        if self._process.poll() is None:
            with suppress(psutil.NoSuchProcess):
                getattr(self._process, name)()


def main(parent: int) -> None:
    """Compile what every template needs with its default values, unless that was done before."""
    os.setpriority(os.PRIO_PROCESS, 0, 19)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    from app.problems.library import templates
    from app.solvers.compilation import Program, limit_memory, use_cache
    from app.solvers.program_store import key_of
    from app.solvers.request import check
    from app.solvers.run import run

    store = use_cache(os.environ["COSTATE_CACHE_DIR"])
    Program.patient = True
    for template in templates():
        if os.getppid() != parent:
            return
        request = check("collocation", {"template": template.name})
        mark = store.folder / (key_of(f"warm {request.digest}", (), {}) + ".warm")
        if mark.exists():
            continue
        result = run(request, lambda _: None)
        log("warming").info("warm", template=template.name, outcome=result["status"])
        mark.touch()
        limit_memory(0)


if __name__ == "__main__":
    main(int(sys.argv[1]))
