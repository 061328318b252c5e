"""One attempt at one job: the supervisor's side of a solve."""

from __future__ import annotations

import threading
import time
from typing import Any

import orjson

from app.jobs.slot import ProcessLostError, Slot
from app.jobs.store import Claim, JobStore, Outcome
from app.observability.logs import log
from app.observability.metrics import JOB_DURATION, JOB_WAIT, JOBS_FINISHED, metrics
from app.settings import Settings
from app.storage import Storage

POLL_S = 0.25
"""Between two looks at the solver process."""

HEARTBEAT_S = 1.0
"""Between two renewals of the lease; also how soon a cancellation is seen."""

COMPILE_GRACE_S = 60.0
"""Given beyond a request's time limit, which is for the solve itself; a solver keeps it, this enforces it."""

SUMMARY = ("status", "cost")


class Attempt:
    """Runs a claimed job in a slot and tells the store how it ended."""

    def __init__(
        self, claim: Claim, slot: Slot, store: JobStore, storage: Storage, settings: Settings
    ) -> None:
        self._claim, self._slot, self._store, self._storage = claim, slot, store, storage
        self._settings = settings
        self._log = log("job").bind(job=str(claim.job_id), attempt=claim.attempt)
        self._begun = time.monotonic()
        self._progress: dict[str, Any] | None = None

    def run(self, stopping: threading.Event) -> None:
        """Solve; `stopping` is set when the worker can wait no longer."""
        solver = self._claim.request.solver_type
        metrics().observe(JOB_WAIT, self._claim.waited_s, solver)
        self._log.info("started", waited_s=round(self._claim.waited_s, 3))
        try:
            self._slot.send(self._claim.request.to_json())
            ended = self._supervise(stopping)
        except ProcessLostError as error:
            self._store.lost(self._claim)
            self._slot.restart("lost")
            ended = f"solver process lost: {error}"
        if self._slot.memory_mb() > self._settings.solver_memory_mb:
            self._slot.restart("memory")
        seconds = time.monotonic() - self._begun
        metrics().count(JOBS_FINISHED, solver, ended.split(":")[0])
        metrics().observe(JOB_DURATION, seconds, solver)
        self._log.info("ended", outcome=ended, seconds=round(seconds, 3))

    def _supervise(self, stopping: threading.Event) -> str:
        """Follow the solver process to the end of the attempt; how it ended."""
        beat = 0.0
        limit = float(self._claim.request.options.get("time_limit_s", 300.0)) + COMPILE_GRACE_S
        while True:
            message = self._slot.receive(POLL_S)
            if message is not None and message[0] == "progress":
                self._progress = message[1]
            elif message is not None and message[0] != "ready":
                return self._finish(message)
            if time.monotonic() - beat >= HEARTBEAT_S:
                beat = time.monotonic()
                asked = self._store.heartbeat(self._claim, self._settings.lease_s, self._progress)
                self._progress = None
                if asked is None:
                    self._slot.restart("lease")
                    return "lease lost"
                if asked:
                    self._slot.restart("cancel")
                    return "cancelled" if self._store.cancelled(self._claim) else "lease lost"
            if time.monotonic() - self._begun > limit:
                self._slot.restart("deadline")
                return self._fail("deadline", f"The solve did not end within its {limit:.0f} s.")
            if self._slot.memory_mb() > 2 * self._settings.solver_memory_mb:
                self._slot.restart("memory")
                return self._fail(
                    "out_of_memory", "The solve needs more memory than it may have; use a coarser mesh."
                )
            if stopping.is_set():
                self._slot.restart("shutdown")
                return "released" if self._store.release(self._claim) else "lease lost"

    def _finish(self, message: tuple[Any, ...]) -> str:
        if message[0] == "failure":
            return self._fail(message[1], message[2])
        result: dict[str, Any] = message[1]
        result.setdefault("timings", {})["queue_s"] = self._claim.waited_s
        summary = {key: result.get(key) for key in SUMMARY}
        content = orjson.dumps(result)
        if len(content) <= self._settings.inline_result_bytes:
            outcome = Outcome(result=result, summary=summary)
        else:
            # The object is written first and once; whether it counts is the row's to say.
            key = f"results/{self._claim.job_id}/{self._claim.attempt}.json"
            self._storage.create(key, content)
            outcome = Outcome(result_key=key, summary=summary)
        return "completed" if self._store.finish(self._claim, outcome) else "lease lost"

    def _fail(self, code: str, detail: str) -> str:
        error = {"code": code, "detail": detail}
        return f"failed: {code}" if self._store.finish(self._claim, Outcome(error=error)) else "lease lost"
