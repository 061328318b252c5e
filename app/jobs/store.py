"""What clients do with jobs: submit, read, list, cancel. The SQL on working is in `leases.py`."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4

import orjson
from psycopg.errors import LockNotAvailable
from sqlalchemy import func, select, text, tuple_, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, defer

from app.errors import CostateError
from app.jobs.leases import NOW, Leases
from app.jobs.model import ENDED, Job, Status
from app.observability import tracing
from app.solvers.request import CheckedRequest
from app.version import SOLVER_VERSION


class UnknownJobError(CostateError):
    """No job has this id."""


class NotCancellableError(CostateError):
    """The job has ended, or its cancellation was asked for already."""


class IdempotencyConflictError(CostateError):
    """The idempotency key was used with another body."""


class IdempotencyInFlightError(CostateError):
    """Another request with the same key is being accepted, and takes long."""


class QueueFullError(CostateError):
    """More jobs are waiting than the service takes."""


@dataclass(frozen=True)
class Filters:
    """Which jobs to list."""

    status: Status | None = None
    solver_type: str | None = None
    batch_id: UUID | None = None
    since: datetime | None = None


KEY_WAIT_S = 2
"""How long a request waits for another one with the same idempotency key."""

LEAN = (defer(Job.request, raiseload=True), defer(Job.result, raiseload=True))
"""Leaves out what is large; reading it from such a row is an error."""


class JobStore(Leases):
    """Jobs in PostgreSQL: what a client may ask for, and (from `Leases`) what a worker may."""

    # Submitting

    def submit(
        self,
        request: CheckedRequest,
        *,
        title: str = "",
        batch_id: UUID | None = None,
        idempotency: tuple[str, str] | None = None,
        max_pending: int | None = None,
    ) -> tuple[Job, bool]:
        """The row of a new job, and whether it is new.

        With an idempotency `(key, digest of the body)` that was seen before it is the first job. A converged
        answer to the same question completes the job at once. IdempotencyConflictError,
        IdempotencyInFlightError, QueueFullError.
        """
        with self._session.begin() as session:
            if idempotency:
                self._one_at_a_time(session, idempotency[0])
                if known := session.scalar(select(Job).where(Job.idempotency_key == idempotency[0])):
                    if known.idempotency_digest != idempotency[1]:
                        raise IdempotencyConflictError(idempotency[0])
                    return known, False
            self._room(session, 1, max_pending)
            return self._new(session, request, title, batch_id, idempotency), True

    def submit_batch(
        self, asked: Sequence[tuple[CheckedRequest, str]], batch_id: UUID, *, max_pending: int | None = None
    ) -> list[Job]:
        """The rows of several jobs, requests with titles: all of them, or none. QueueFullError."""
        with self._session.begin() as session:
            self._room(session, len(asked), max_pending)
            return [self._new(session, request, title, batch_id, None) for request, title in asked]

    @staticmethod
    def _one_at_a_time(session: Session, key: str) -> None:
        """Wait until no other request with this key is being accepted; the lock ends with the transaction."""
        session.execute(text(f"SET LOCAL lock_timeout = '{KEY_WAIT_S}s'"))
        try:
            session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0))))
        except OperationalError as error:
            if isinstance(error.orig, LockNotAvailable):
                raise IdempotencyInFlightError(key) from None
            raise

    @staticmethod
    def _room(session: Session, more: int, max_pending: int | None) -> None:
        if max_pending is None:
            return
        waiting = select(Job.id).where(Job.status == "pending").limit(max_pending).subquery()
        if (session.scalar(select(func.count()).select_from(waiting)) or 0) + more > max_pending:
            raise QueueFullError(f"at most {max_pending} jobs may wait")

    def _new(
        self,
        session: Session,
        request: CheckedRequest,
        title: str,
        batch_id: UUID | None,
        idempotency: tuple[str, str] | None,
    ) -> Job:
        job = Job(
            id=uuid4(),
            batch_id=batch_id,
            solver_type=request.solver_type,
            title=title,
            request=request.to_json(),
            digest=request.digest,
            idempotency_key=idempotency[0] if idempotency else None,
            idempotency_digest=idempotency[1] if idempotency else None,
            trace=tracing.current(),
            enqueued_at=NOW,  # who submits tells the queue next; see `untold`
        )
        if answered := self._answer(session, request.digest):
            for column in ("outcome", "cost", "solver_version", "result", "result_key"):
                setattr(job, column, getattr(answered, column))
            job.status, job.cached = "completed", True
            job.started_at = job.completed_at = NOW
        session.add(job)
        session.flush()
        session.refresh(job)
        return job

    @staticmethod
    def _answer(session: Session, digest: str) -> Job | None:
        known = select(Job).where(
            Job.digest == digest,
            Job.solver_version == SOLVER_VERSION,
            Job.outcome == "converged",
            Job.status == "completed",
        )
        return session.scalar(known.order_by(Job.completed_at.desc()).limit(1))

    def untold(self, job_ids: Sequence[UUID]) -> None:
        """Note that the queue was not told of new jobs after all."""
        with self._session.begin() as session:
            session.execute(update(Job).where(Job.id.in_(job_ids)).values(enqueued_at=None))

    # Reading

    def get(self, job_id: UUID, *, lean: bool = False) -> Job:
        """One job, `lean` without its request and result; UnknownJobError."""
        with self._session() as session:
            job = session.get(Job, job_id, options=LEAN if lean else ())
            if job is None:
                raise UnknownJobError(str(job_id))
            return job

    def list(self, filters: Filters, *, limit: int, cursor: str | None) -> tuple[list[Job], str | None]:
        """Newest first, without request and result, and the cursor of the next page (None on the last)."""
        wanted = [
            getattr(Job, name) == value
            for name in ("status", "solver_type", "batch_id")
            if (value := getattr(filters, name)) is not None
        ]
        if filters.since is not None:
            wanted.append(Job.submitted_at >= filters.since)
        if cursor is not None:
            wanted.append(tuple_(Job.submitted_at, Job.id) < tuple_(*_decoded(cursor)))
        query = select(Job).where(*wanted).order_by(Job.submitted_at.desc(), Job.id.desc()).options(*LEAN)
        with self._session() as session:
            found = list(session.scalars(query.limit(limit + 1)))
        more = len(found) > limit
        return found[:limit], _encoded(found[limit - 1]) if more else None

    def counts(self) -> dict[Status, dict[str, int]]:
        """Number of jobs that wait and that run, by solver."""
        found: dict[Status, dict[str, int]] = {"pending": {}, "running": {}}
        query = select(Job.status, Job.solver_type, func.count()).where(Job.status.in_(found))
        with self._session() as session:
            for status, solver, count in session.execute(query.group_by(Job.status, Job.solver_type)):
                found[status][solver] = count
        return found

    def oldest_pending_age_s(self) -> float:
        """Seconds the oldest waiting job has waited; 0 when none waits."""
        age = func.extract("epoch", NOW - func.min(Job.submitted_at))
        with self._session() as session:
            return float(session.scalar(select(age).where(Job.status == "pending")) or 0.0)

    # Cancelling

    def cancel(self, job_id: UUID) -> Job:
        """Cancel a waiting job, or ask the worker of a running one to stop it."""
        with self._session.begin() as session:
            job = session.get(Job, job_id, with_for_update=True)
            if job is None:
                raise UnknownJobError(str(job_id))
            if job.status in ENDED:
                raise NotCancellableError(f"the job is {job.status} already")
            if job.cancel_requested_at is not None:
                raise NotCancellableError("cancelling was asked for already")
            job.cancel_requested_at = NOW
            if job.status == "pending":
                job.status, job.completed_at = "cancelled", NOW
            self._changed(session, job)
            session.flush()
            session.refresh(job)
            return job


def _encoded(job: Job) -> str:
    return base64.urlsafe_b64encode(orjson.dumps([job.submitted_at, job.id])).decode()


def _decoded(cursor: str) -> tuple[datetime, UUID]:
    """The place in the list; ValueError when the text is no cursor of ours."""
    try:
        match orjson.loads(base64.urlsafe_b64decode(cursor)):
            case [str(moment), str(job_id)]:
                return datetime.fromisoformat(moment).astimezone(UTC), UUID(job_id)
    except (ValueError, OverflowError):
        pass
    raise ValueError("not a cursor")
