"""One attempt at one job: the supervisor's side of a solve."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import orjson
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.jobs.leases import Claim, Leases, Outcome
from app.jobs.model import MAX_ATTEMPTS
from app.jobs.slot import ProcessLostError, Slot
from app.jobs.spans import AttemptSpans, attempt_spans
from app.observability import tracing
from app.observability.logs import log
from app.observability.metrics import (
    JOB_COMPILE,
    JOB_DURATION,
    JOB_ITERATIONS,
    JOB_RESULTS,
    JOB_SOLVE,
    JOB_WAIT,
    JOBS_DEAD,
    JOBS_FINISHED,
    metrics,
)
from app.settings import Settings
from app.storage import Storage, StorageUnreachable

POLL_S = 0.25
"""Between two looks at the solver process."""

HEARTBEAT_S = 1.0
"""Between two renewals of the lease; also how soon a cancellation is seen."""

TELL_S = 120.0
"""How long the end of an attempt is told to a database that does not answer."""

SUMMARY = ("status", "cost")
ENDS = ("completed", "failed", "cancelled", "released", "lease_lost", "solver_process_lost", "fault")
"""How attempts end, as the metrics name it."""

UNREACHABLE = (OperationalError, PoolTimeout)
"""The database does not answer, or not in time."""


class Attempt:
    """Runs a claimed job in a slot and tells the database how it ended."""

    def __init__(
        self, claim: Claim, slot: Slot, leases: Leases, storage: Storage, settings: Settings
    ) -> None:
        self._claim, self._slot, self._leases, self._storage = claim, slot, leases, storage
        self._settings = settings
        self._name = f"{claim.job_id}/{claim.attempt}"
        self._log = log("job").bind(job=str(claim.job_id), attempt=claim.attempt)
        if trace_id := tracing.trace_id(claim.trace):
            self._log = self._log.bind(trace_id=trace_id)
        self._begun = self._renewed = time.monotonic()
        self._beat = 0.0
        self._progress: dict[str, Any] | None = None

    def run(self, stopping: threading.Event) -> None:
        """Solve; `stopping` is set when the worker can wait no longer.

        However this ends, the slot's process works on nothing afterwards: what it would bring later could be
        taken for the answer to another job.
        """
        with attempt_spans(self._claim) as spans:
            self._run(stopping, spans)
        if self._slot.memory_mb() > self._settings.solver_memory_mb:
            self._slot.restart("memory")

    def _run(self, stopping: threading.Event, spans: AttemptSpans) -> None:
        solver = self._claim.request.solver_type
        if self._claim.attempt == 1:  # what a later one waited for was the end of the one before
            metrics().observe(JOB_WAIT, self._claim.waited_s, solver)
        self._log.info("started", waited_s=round(self._claim.waited_s, 3))
        ended = "fault"
        try:
            self._slot.send(self._name, self._claim.request.to_json())
            ended = self._supervise(stopping, spans)
        except ProcessLostError as error:
            self._slot.restart("lost")
            self._told(lambda: self._leases.lost(self._claim))
            if self._claim.attempt >= MAX_ATTEMPTS:
                metrics().count(JOBS_DEAD)
            ended = f"solver process lost: {error}"
        except BaseException:
            self._slot.restart("fault")
            raise
        finally:
            seconds = time.monotonic() - self._begun
            metrics().count(JOBS_FINISHED, solver, ended.split(":")[0].replace(" ", "_"))
            metrics().observe(JOB_DURATION, seconds, solver)
            spans.ended(ended)
            self._log.info("ended", outcome=ended, seconds=round(seconds, 3))

    def _supervise(self, stopping: threading.Event, spans: AttemptSpans) -> str:
        """Follow the solver process to the end of the attempt; how it ended."""
        asked = float(self._claim.request.options.get("time_limit_s", 300.0))
        limit = asked + self._settings.compile_grace_s
        while True:
            message = self._slot.receive(POLL_S)
            if message is not None and message[1] == self._name:
                if message[0] != "progress":
                    return self._finish(message, spans)
                self._progress = message[2]
                spans.stage(message[2]["stage"])
            if (left := self._left()) is not None:
                self._slot.restart("cancel" if left == "cancelled" else "lease")
                return self._ended(left, self._leases.cancelled) if left == "cancelled" else left
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
                return self._ended("released", self._leases.release)

    def _left(self) -> str | None:
        """Renew the lease when it is time: None to go on, else why the attempt ends."""
        now = time.monotonic()
        if now - self._beat < HEARTBEAT_S:
            return None
        self._beat = now
        try:
            asked = self._leases.heartbeat(self._claim, self._settings.lease_s, self._progress)
        except UNREACHABLE as error:
            # Nobody can have taken the job before the lease is over.
            self._log.warning("the lease is not renewed", error=str(error))
            return "lease lost" if now - self._renewed > self._settings.lease_s else None
        self._renewed, self._progress = now, None
        return "lease lost" if asked is None else "cancelled" if asked else None

    def _finish(self, message: tuple[Any, ...], spans: AttemptSpans) -> str:
        spans.done()
        if message[0] == "failure":
            return self._fail(message[2], message[3])
        result: dict[str, Any] = message[2]
        timings = result.setdefault("timings", {})
        timings["queue_s"] = self._claim.waited_s
        spans.answered(str(result.get("status")), timings)
        with tracing.span("store"):
            how = self._ended("completed", lambda claim: self._leases.finish(claim, self._outcome(result)))
        if how == "completed":
            _measure(self._claim.request.solver_type, result)
        return how

    def _outcome(self, result: dict[str, Any]) -> Outcome:
        """With the result itself where it is small, else with its key in storage."""
        summary = {key: result.get(key) for key in SUMMARY}
        content = orjson.dumps(result, option=orjson.OPT_SERIALIZE_NUMPY)
        if len(content) <= self._settings.inline_result_bytes:
            return Outcome(result=result, summary=summary)
        # The object is written first and once; whether it counts is the row's to say.
        key = f"results/{self._claim.job_id}/{self._claim.attempt}.json"
        try:
            self._storage.create(key, content)
        except StorageUnreachable as error:
            self._log.warning("a large result stays in its row", bytes=len(content), error=str(error))
            return Outcome(result=result, summary=summary)
        return Outcome(result_key=key, summary=summary)

    def _fail(self, code: str, detail: str) -> str:
        outcome = Outcome(error={"code": code, "detail": detail.replace("\0", "")})
        return self._ended(f"failed: {code}", lambda claim: self._leases.finish(claim, outcome))

    def _ended(self, how: str, tell: Callable[[Claim], bool]) -> str:
        return how if self._told(lambda: tell(self._claim)) else "lease lost"

    def _told(self, tell: Callable[[], bool]) -> bool:
        """Tell the database, again while it does not answer: an end is accepted until somebody takes over."""
        deadline = time.monotonic() + TELL_S
        while True:
            try:
                return tell()
            except UNREACHABLE as error:
                if time.monotonic() > deadline:
                    raise
                self._log.warning("the end of the attempt is not told yet", error=str(error))
                time.sleep(HEARTBEAT_S)


def _measure(solver: str, result: dict[str, Any]) -> None:
    """Tell the metrics of an accepted answer."""
    metrics().count(JOB_RESULTS, solver, str(result.get("status")))
    timings = result["timings"]
    for metric, given in (
        (JOB_COMPILE, timings.get("compile_s")),
        (JOB_SOLVE, timings.get("solve_s")),
        (JOB_ITERATIONS, result.get("iterations")),
    ):
        if isinstance(given, int | float):
            metrics().observe(metric, given, solver)
