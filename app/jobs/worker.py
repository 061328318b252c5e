"""The worker: Celery brings job ids, slots solve them, a sweeper finds what was lost on the way.

Celery's threads only supervise. Hints are not trusted: the claim in the database decides who works on what.
"""

from __future__ import annotations

import os
import queue
import signal
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from celery.signals import setup_logging, worker_ready, worker_shutting_down

from app.identity.sources import cache_login, database_login
from app.jobs.attempt import ENDS, UNREACHABLE, Attempt
from app.jobs.fleet import Fleet, WorkerSeen
from app.jobs.leases import Claim
from app.jobs.queue import QUEUE, TASK, Queue
from app.jobs.slot import REASONS, ProcessLostError, Slot
from app.jobs.store import JobStore
from app.jobs.warming import Warming
from app.observability.logs import log
from app.observability.metrics import (
    BUILD,
    JOBS_DEAD,
    JOBS_FINISHED,
    RESPAWNS,
    SLOTS,
    SOLVER_MEMORY,
    UP,
    metrics,
)
from app.settings import Settings
from app.solvers.request import solvers
from app.storage import Storage
from app.version import SOLVER_VERSION, VERSION

RESTART_PAUSE_S = 5.0
"""Before a solver process that did not start is tried again."""


class Worker:
    """Slots, the thread that sweeps, and the Celery consumer that runs in the main thread."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._owner = f"{socket.gethostname()}-{os.getpid()}-{uuid4().hex[:6]}"
        self._log = log("worker").bind(owner=self._owner)
        url, login = settings.database_url.get_secret_value(), database_login(settings)
        self._store = JobStore(url, login, pool_size=settings.worker_slots + 2)
        self._storage = Storage(settings.storage_url)
        self._queue = Queue(settings.redis_url.get_secret_value(), cache_login(settings))
        self._slots = [Slot(solver_environment(settings)) for _ in range(settings.worker_slots)]
        self._free: queue.Queue[Slot] = queue.Queue()
        self._fleet = Fleet(self._store.engine)
        self._unasked = ThreadPoolExecutor(settings.worker_slots, "unasked")
        self._sweeper = threading.Thread(target=self._sweep, name="sweeper", daemon=True)
        self._warming: Warming | None = None
        self._begun = False
        self._closing = threading.Event()  # no further job is begun
        self._stopping = threading.Event()  # running jobs are given back

    def run(self) -> None:
        """Work until SIGTERM, then finish or release what runs."""
        for slot in self._slots:
            slot.wait_warm()
            self._free.put(slot)
        if self._settings.warm_templates:
            self._warming = Warming(solver_environment(self._settings))
        _known()
        self._sweeper.start()
        self._begun = True
        self._consume()
        self._close()
        if self._warming is not None:
            self._warming.stop()
        self._unasked.shutdown(wait=True)
        self._sweeper.join(self._settings.sweep_s + 1.0)
        for slot in self._slots:
            slot.stop()
        with suppress(*UNREACHABLE):  # a worker that only falls silent is left out soon, too
            self._fleet.leave(self._owner)
        self._log.info("stopped")

    @property
    def ready(self) -> bool:
        """Whether jobs are being taken; without Redis they are, too."""
        return self._begun and not self._closing.is_set()

    @property
    def healthy(self) -> bool:
        """Whether nothing that has to run for ever has ended."""
        return not self._begun or self._sweeper.is_alive() or self._closing.is_set()

    @property
    def devices(self) -> list[str]:
        """What the solver processes compute on."""
        return sorted({device for slot in self._slots for device in slot.devices})

    # Taking jobs

    def work(self, job_id: UUID) -> None:
        """Wait for a slot and work on the job, if it is still to be had."""
        slot = self._wait_for_slot()
        if slot is not None:
            self._drain(slot, lambda: self._store.claim(job_id, self._owner, self._settings.lease_s))

    def _wait_for_slot(self) -> Slot | None:
        """A free slot; None when the worker closes first."""
        while not self._closing.is_set():
            try:
                return self._free.get(timeout=0.5)
            except queue.Empty:
                continue
        return None

    def _drain(self, slot: Slot, first: Callable[[], Claim | None]) -> None:
        """Work on the job that `first` claims, then on the oldest that waits, until none does.

        So a backlog whose hints are lost is worked off at full speed, and hints for it find nothing to do.
        """
        try:
            claim = first()
            while claim is not None:
                with self._warming.held() if self._warming is not None else nullcontext():
                    Attempt(claim, slot, self._store, self._storage, self._settings).run(self._stopping)
                self._rewarm(slot)
                if self._closing.is_set():
                    return
                claim = self._store.claim_oldest(self._owner, self._settings.lease_s)
        except UNREACHABLE as error:
            self._log.warning("the database is out of reach", error=str(error))
        except Exception:
            self._log.exception("an attempt failed")  # its lease lapses, and it is tried again
            raise
        finally:
            self._rewarm(slot)
            self._free.put(slot)

    def _rewarm(self, slot: Slot) -> None:
        """Wait until a process that was started again is of use: no lease runs meanwhile."""
        while not slot.warm and not self._closing.is_set():
            try:
                slot.wait_warm()
            except ProcessLostError as error:
                self._log.error("a solver process does not start", error=str(error))
                slot.restart("start")
                self._closing.wait(RESTART_PAUSE_S)

    # What was lost

    def _sweep(self) -> None:
        """Every few seconds: give up hopeless jobs, tell the queue, take up what it does not bring."""
        while not self._closing.wait(self._settings.sweep_s):
            try:
                if buried := self._store.bury():
                    metrics().count(JOBS_DEAD, by=buried)
                    self._log.error("jobs given up", count=buried)
                queue_answers = self._queue.reachable()
                metrics().set(UP, float(queue_answers), "redis")
                for job_id in self._store.forgotten() if queue_answers else ():
                    self._queue.tell(job_id)
                self._work_unasked()
                self._report()
                metrics().set(UP, 1.0, "database")
            except UNREACHABLE as error:
                metrics().set(UP, 0.0, "database")
                self._log.warning("the database is out of reach", error=str(error))
            except Exception:  # noqa: BLE001 - one bad sweep must not end all sweeps; it is logged
                self._log.exception("a sweep failed")

    def _work_unasked(self) -> None:
        """Free slots take what waits although the queue was told: the hint, or the queue, is lost."""
        for _ in range(self._free.qsize()):
            claim = None
            try:
                slot = self._free.get_nowait()
            except queue.Empty:
                return
            try:
                claim = self._store.claim_oldest(
                    self._owner, self._settings.lease_s, waiting_s=self._settings.sweep_s
                )
            finally:
                if claim is None:
                    self._free.put(slot)
            if claim is None:
                return
            self._unasked.submit(self._drain, slot, partial(_given, claim))

    def _report(self) -> None:
        """Tell the table of workers and the metrics how busy the slots are."""
        free = min(self._free.qsize(), len(self._slots))
        busy = len(self._slots) - free
        self._fleet.tell(WorkerSeen(self._owner, VERSION, len(self._slots), busy, self.devices))
        metrics().set(SLOTS, free, "free")
        metrics().set(SLOTS, busy, "busy")
        self._store.tell_connections()
        metrics().set(SOLVER_MEMORY, max(slot.memory_mb() for slot in self._slots) * 2**20)

    def _close(self) -> None:
        """Begin no further job; running ones get their grace and are then given back."""
        if self._closing.is_set():
            return
        self._closing.set()
        timer = threading.Timer(self._settings.worker_grace_s, self._stopping.set)
        timer.daemon = True
        timer.start()

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
            self._close()  # Celery itself waits for its threads

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


def _given(claim: Claim) -> Claim:
    return claim


def _known() -> None:
    """Tell what runs, and begin every counter of what may go wrong at zero: a first event is then an increase."""
    metrics().set(BUILD, 1.0, VERSION, SOLVER_VERSION)
    for solver in solvers():
        for end in ENDS:
            metrics().count(JOBS_FINISHED, solver.name, end, by=0)
    for reason in REASONS:
        metrics().count(RESPAWNS, reason, by=0)


def _keep_logging(**_: Any) -> None:
    """Nothing to do."""


def solver_environment(settings: Settings) -> dict[str, str]:
    """What a solver process is given: no address and no password, for it needs none."""
    hidden = {"COSTATE_DATABASE_URL", "COSTATE_REDIS_URL", "COSTATE_STORAGE_URL"}
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    return environment | {"COSTATE_CACHE_DIR": str(settings.cache_dir)}
