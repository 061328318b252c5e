"""The templates' programs are compiled while nothing else is to be done, and never at a job's expense."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import psutil
from live import Running, Service, eventually

Frozen = Callable[[Running], AbstractContextManager[None]]


def warming(worker: Running) -> psutil.Process | None:
    """The process that compiles, None when there is none."""
    for child in worker.children():
        with contextlib.suppress(psutil.NoSuchProcess):
            if "app.jobs.warming" in child.cmdline():
                return child
    return None


def test_templates_are_compiled_at_the_least_priority_and_held_while_a_job_runs(
    bare_service: Service, tmp_path: Path, quick: Any, frozen: Frozen
) -> None:
    settings = {"COSTATE_WARM_TEMPLATES": "true", "COSTATE_CACHE_DIR": str(tmp_path)}
    worker = bare_service.start_worker(**settings)
    process = eventually(lambda: warming(worker), seconds=20, what="warming begins")
    assert process is not None
    eventually(lambda: process.nice() == 19, seconds=20, what="of the least priority")
    with frozen(worker):
        job_id = bare_service.submit(quick(1.0))
        bare_service.until(job_id, "running")
        eventually(lambda: process.status() == psutil.STATUS_STOPPED, seconds=20, what="held")
    assert bare_service.job(job_id, wait=60)["outcome"] == "converged"
    eventually(lambda: process.status() != psutil.STATUS_STOPPED, seconds=20, what="let go")
    eventually(lambda: list(tmp_path.rglob("*.warm")), seconds=180, what="a template is compiled")


def test_warming_ends_with_its_worker_also_when_it_is_held(
    bare_service: Service, tmp_path: Path, quick: Any, frozen: Frozen
) -> None:
    settings = {"COSTATE_WARM_TEMPLATES": "true", "COSTATE_CACHE_DIR": str(tmp_path)}
    worker = bare_service.start_worker(**settings)
    process = eventually(lambda: warming(worker), seconds=20, what="warming begins")
    assert process is not None
    eventually(lambda: process.nice() == 19, seconds=20, what="it is up")
    with frozen(worker):
        job_id = bare_service.submit(quick(1.25))
        bare_service.until(job_id, "running")
        eventually(lambda: process.status() == psutil.STATUS_STOPPED, seconds=20, what="held")
        worker.kill()
        eventually(lambda: not process.is_running(), seconds=20, what="gone with its worker")
