"""The worker: Celery brings job ids, slots solve them, a sweeper finds what was lost on the way.

Celery's threads only supervise. Hints are not trusted: the claim in the database decides who works on what.
"""

from __future__ import annotations

import os
import queue
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

from celery.signals import setup_logging, worker_ready, worker_shutting_down
from sqlalchemy.exc import OperationalError as DatabaseUnreachable

from app.jobs.attempt import Attempt
from app.jobs.queue import QUEUE, TASK, Queue
from app.jobs.slot import Slot
from app.jobs.store import JobStore
from app.observability.logs import log
from app.observability.metrics import JOBS_DEAD, SLOTS, metrics
from app.settings import Settings
from app.storage import Storage

TELL_AGAIN_S = 30.0
"""A job waiting so long is told to the queue again."""


class Worker:
    """Slots, the thread that sweeps, and the Celery consumer that runs in the main thread."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._owner = f"{socket.gethostname()}-{os.getpid()}-{uuid4().hex[:6]}"
        self._log = log("worker").bind(owner=self._owner)
        self._store = JobStore(settings.database_url.get_secret_value(), pool_size=settings.worker_slots + 2)
        self._storage = Storage(settings.storage_url)
        self._queue = Queue(settings.redis_url.get_secret_value())
        self._slots = [Slot(solver_environment(settings)) for _ in range(settings.worker_slots)]
        self._free: queue.Queue[Slot] = queue.Queue()
        self._closing = threading.Event()  # no further job is begun
        self._stopping = threading.Event()  # running jobs are given back

    def run(self) -> None:
        """Work until SIGTERM, then finish or release what runs."""
        for slot in self._slots:
            slot.wait_warm()
            self._free.put(slot)
        sweeper = threading.Thread(target=self._sweep, name="sweeper", daemon=True)
        sweeper.start()
        self._consume()
        self._closing.set()
        self._stopping.set()
        sweeper.join(self._settings.sweep_s + 1.0)
        for slot in self._slots:
            slot.stop()
        self._log.info("stopped")

    @property
    def ready(self) -> bool:
        """Whether every solver process is warm and jobs are being taken; without Redis they are, too."""
        return not self._closing.is_set() and all(slot.warm for slot in self._slots)

    @property
    def devices(self) -> list[str]:
        """What the solver processes compute on."""
        return sorted({device for slot in self._slots for device in slot.devices})

    # Taking jobs

    def work(self, job_id: UUID) -> None:
        """Wait for a slot and work on the job, if it is still to be had."""
        with self._slot() as slot:
            if slot is not None:
                self._attempt(job_id, slot)

    @contextmanager
    def _slot(self) -> Iterator[Slot | None]:
        """A free slot; None when the worker closes first."""
        while not self._closing.is_set():
            try:
                slot = self._free.get(timeout=0.5)
            except queue.Empty:
                continue
            try:
                yield slot
            finally:
                self._free.put(slot)
            return
        yield None

    def _attempt(self, job_id: UUID, slot: Slot) -> None:
        if self._closing.is_set():
            return
        claim = self._store.claim(job_id, self._owner, self._settings.lease_s)
        if claim is not None:
            Attempt(claim, slot, self._store, self._storage, self._settings).run(self._stopping)

    # What was lost

    def _sweep(self) -> None:
        """Give up hopeless jobs, tell the queue of forgotten ones, take up what it does not bring."""
        while not self._closing.wait(self._settings.sweep_s):
            try:
                if buried := self._store.bury():
                    metrics().count(JOBS_DEAD, by=buried)
                    self._log.error("jobs given up", count=buried)
                for job_id in self._store.forgotten(after_s=TELL_AGAIN_S):
                    if not self._queue.tell(job_id):
                        break
                self._work_unasked()
                metrics().set(SLOTS, self._free.qsize(), "free")
                metrics().set(SLOTS, len(self._slots) - self._free.qsize(), "busy")
            except DatabaseUnreachable as error:
                self._log.warning("the database is out of reach", error=str(error.orig))

    def _work_unasked(self) -> None:
        """Free slots take what waits although the queue was told: the hint, or the queue, is lost."""
        while not self._closing.is_set() and not self._free.empty():
            job_id = self._store.claimable(waiting_s=self._settings.sweep_s)
            if job_id is None:
                return
            thread = threading.Thread(target=self.work, args=(job_id,), daemon=True)
            thread.start()
            thread.join(0.2)  # until it has claimed the job, which takes it out of `claimable`

    # Celery

    def _consume(self) -> None:
        application = self._queue.celery

        @application.task(name=TASK)
        def solve(job_id: str) -> None:
            self.work(UUID(job_id))

        @worker_ready.connect(weak=False)
        def consuming(**_: Any) -> None:
            self._log.info("ready", slots=len(self._slots), devices=self.devices)

        @worker_shutting_down.connect(weak=False)
        def closing(**_: Any) -> None:
            # Running jobs get their grace; then they are given back, and Celery's threads come free.
            self._closing.set()
            timer = threading.Timer(self._settings.worker_grace_s, self._stopping.set)
            timer.daemon = True
            timer.start()

        # Being connected is what counts: Celery then leaves logging as the service has set it up.
        setup_logging.connect(_keep_logging, weak=False)
        worker = application.Worker(
            pool="threads",
            concurrency=len(self._slots),
            queues=[QUEUE],
            hostname=self._owner,
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
            quiet=True,
        )
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        worker.start()


def _keep_logging(**_: Any) -> None:
    """Nothing to do."""


def solver_environment(settings: Settings) -> dict[str, str]:
    """What a solver process is given: no address and no password, for it needs none."""
    hidden = {"COSTATE_DATABASE_URL", "COSTATE_REDIS_URL", "COSTATE_STORAGE_URL"}
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    return environment | {"COSTATE_CACHE_DIR": str(settings.cache_dir)}
