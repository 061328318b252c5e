"""All SQL on jobs. Every change of a job raises its `revision` and is told on the channel `costate_jobs`.

Who may change a running job: the holder of the current attempt's lease, nobody else. A worker that was
suspended and comes back finds its lease gone, and what it brings is refused.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Engine, and_, create_engine, func, or_, select, text, tuple_, update
from sqlalchemy.orm import Session, sessionmaker

from app.errors import CostateError
from app.jobs.model import CHANNEL, ENDED, MAX_ATTEMPTS, Job, Status
from app.solvers.request import CheckedRequest
from app.version import VERSION


class UnknownJobError(CostateError):
    """No job has this id."""


class NotCancellableError(CostateError):
    """The job has ended, or its cancellation was asked for already."""


class IdempotencyConflictError(CostateError):
    """The idempotency key was used with another body."""


class QueueFullError(CostateError):
    """More jobs are waiting than the service takes."""


@dataclass(frozen=True)
class Claim:
    """The right to work on a job: it ends with the lease."""

    job_id: UUID
    attempt: int
    owner: str
    request: CheckedRequest
    waited_s: float


@dataclass(frozen=True)
class Outcome:
    """What an attempt brought: a result (inline, or under a key in storage) or an error."""

    result: dict[str, Any] | None = None
    result_key: str | None = None
    summary: dict[str, Any] | None = None
    error: dict[str, Any] | None = None


@dataclass(frozen=True)
class Filters:
    """Which jobs to list."""

    status: Status | None = None
    solver_type: str | None = None
    batch_id: UUID | None = None
    since: datetime | None = None


NOW = func.now()


def database_url(url: str) -> str:
    """The address with the driver that SQLAlchemy is to use."""
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


class JobStore:
    """Jobs in PostgreSQL; safe to share between threads."""

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        self.engine: Engine = create_engine(
            database_url(url), pool_size=pool_size, max_overflow=pool_size, pool_pre_ping=True
        )
        self._session = sessionmaker(self.engine, expire_on_commit=False)

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
        answer to the same question completes the job at once.
        """
        with self._session.begin() as session:
            if idempotency:
                # One request with this key at a time; the lock ends with the transaction.
                session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(idempotency[0], 0))))
                if known := session.scalar(select(Job).where(Job.idempotency_key == idempotency[0])):
                    if known.idempotency_digest != idempotency[1]:
                        raise IdempotencyConflictError(idempotency[0])
                    return known, False
            if max_pending is not None and self._pending(session) >= max_pending:
                raise QueueFullError(f"{max_pending} jobs are waiting")
            job = Job(
                id=uuid4(),
                batch_id=batch_id,
                solver_type=request.solver_type,
                title=title,
                request=request.to_json(),
                digest=request.digest,
                idempotency_key=idempotency[0] if idempotency else None,
                idempotency_digest=idempotency[1] if idempotency else None,
            )
            if answered := self._answer(session, request.digest):
                for column in ("outcome", "cost", "solver_version", "result", "result_key"):
                    setattr(job, column, getattr(answered, column))
                job.status, job.cached = "completed", True
                job.started_at = job.completed_at = NOW
            session.add(job)
            session.flush()
            session.refresh(job)
            return job, True

    @staticmethod
    def _pending(session: Session) -> int:
        return session.scalar(select(func.count()).select_from(Job).where(Job.status == "pending")) or 0

    @staticmethod
    def _answer(session: Session, digest: str) -> Job | None:
        known = select(Job).where(
            Job.digest == digest,
            Job.solver_version == VERSION,
            Job.outcome == "converged",
            Job.status == "completed",
        )
        return session.scalar(known.order_by(Job.completed_at.desc()).limit(1))

    def enqueued(self, job_id: UUID) -> None:
        """Note that the queue was told of the job."""
        with self._session.begin() as session:
            session.execute(update(Job).where(Job.id == job_id).values(enqueued_at=NOW))

    # Reading

    def get(self, job_id: UUID) -> Job:
        """One job; UnknownJobError."""
        with self._session() as session:
            job = session.get(Job, job_id)
            if job is None:
                raise UnknownJobError(str(job_id))
            return job

    def list(self, filters: Filters, *, limit: int, cursor: str | None) -> tuple[list[Job], str | None]:
        """Newest first, and the cursor of the next page (None on the last)."""
        wanted = [
            getattr(Job, name) == value
            for name in ("status", "solver_type", "batch_id")
            if (value := getattr(filters, name)) is not None
        ]
        if filters.since is not None:
            wanted.append(Job.submitted_at >= filters.since)
        if cursor is not None:
            wanted.append(tuple_(Job.submitted_at, Job.id) < tuple_(*_decoded(cursor)))
        query = select(Job).where(*wanted).order_by(Job.submitted_at.desc(), Job.id.desc()).limit(limit + 1)
        with self._session() as session:
            found = list(session.scalars(query))
        more = len(found) > limit
        return found[:limit], _encoded(found[limit - 1]) if more else None

    def counts(self) -> dict[str, int]:
        """Number of jobs by status."""
        with self._session() as session:
            rows = session.execute(select(Job.status, func.count()).group_by(Job.status))
            return {row[0]: row[1] for row in rows}

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

    # Working

    def claim(self, job_id: UUID, owner: str, lease_s: float) -> Claim | None:
        """Take a job that waits, or whose worker is lost; None when there is nothing to take."""
        with self._session.begin() as session:
            free = or_(Job.status == "pending", and_(Job.status == "running", Job.lease_until < NOW))
            query = select(Job).where(Job.id == job_id, free, Job.attempt < MAX_ATTEMPTS)
            job = session.scalar(query.with_for_update(skip_locked=True))
            if job is None:
                return None
            if job.cancel_requested_at is not None:
                job.status, job.completed_at = "cancelled", NOW
                self._changed(session, job)
                return None
            job.status, job.lease_owner = "running", owner
            job.attempt += 1
            job.lease_until = _after(lease_s)
            job.started_at = NOW
            job.progress = None
            self._changed(session, job)
            session.flush()
            session.refresh(job)
            waited = (cast("datetime", job.started_at) - job.submitted_at).total_seconds()
            return Claim(job.id, job.attempt, owner, CheckedRequest.from_json(job.request), waited)

    def heartbeat(self, claim: Claim, lease_s: float, progress: Mapping[str, Any] | None) -> bool | None:
        """Renew the lease and note progress: whether to cancel, or None when the lease is lost."""
        with self._session.begin() as session:
            values: dict[str, Any] = {"lease_until": _after(lease_s)}
            if progress is not None:
                values |= {"progress": dict(progress), "revision": Job.revision + 1}
            held = update(Job).where(_held(claim)).values(values).returning(Job.cancel_requested_at)
            row = session.execute(held).one_or_none()
            if row is not None and progress is not None:
                self._tell(session, claim.job_id)
            return None if row is None else row[0] is not None

    def finish(self, claim: Claim, outcome: Outcome) -> bool:
        """Accept what an attempt brought; False when the attempt is no longer the current one."""
        summary = outcome.summary or {}
        values: dict[str, Any] = {
            "status": "failed" if outcome.error else "completed",
            "completed_at": NOW,
            "lease_owner": None,
            "lease_until": None,
            "error": outcome.error,
            "result": outcome.result,
            "result_key": outcome.result_key,
            "outcome": summary.get("status"),
            "cost": summary.get("cost"),
            "solver_version": VERSION,
            "revision": Job.revision + 1,
        }
        return self._end(claim, values)

    def cancelled(self, claim: Claim) -> bool:
        """The attempt was stopped because its cancellation was asked for."""
        ended = {"status": "cancelled", "completed_at": NOW, "lease_owner": None, "lease_until": None}
        return self._end(claim, {**ended, "revision": Job.revision + 1})

    def release(self, claim: Claim) -> bool:
        """Give a job back unfinished, as if it had not been tried: the worker is being stopped."""
        waiting = {"status": "pending", "lease_owner": None, "lease_until": None, "enqueued_at": None}
        return self._end(claim, {**waiting, "attempt": Job.attempt - 1, "revision": Job.revision + 1})

    def lost(self, claim: Claim) -> bool:
        """The solver process died: let the job be tried again at once, the attempt counted."""
        with self._session.begin() as session:
            values = {"lease_until": NOW, "enqueued_at": None, "revision": Job.revision + 1}
            row = session.execute(
                update(Job).where(_held(claim)).values(values).returning(Job.id)
            ).one_or_none()
            return row is not None

    def _end(self, claim: Claim, values: dict[str, Any]) -> bool:
        with self._session.begin() as session:
            held = update(Job).where(_held(claim)).values(values).returning(Job.id)
            if session.execute(held).one_or_none() is None:
                return False
            self._tell(session, claim.job_id)
            return True

    # Sweeping

    def bury(self) -> int:
        """Give up jobs whose last attempt was lost; how many."""
        error = {
            "code": "worker_lost",
            "detail": f"The solver process was lost {MAX_ATTEMPTS} times on this job, so it was given up.",
        }
        with self._session.begin() as session:
            lapsed = and_(Job.status == "running", Job.lease_until < NOW, Job.attempt >= MAX_ATTEMPTS)
            values = {
                "status": "failed",
                "completed_at": NOW,
                "error": error,
                "dead_letter": True,
                "lease_owner": None,
                "revision": Job.revision + 1,
            }
            buried = session.execute(update(Job).where(lapsed).values(values).returning(Job.id)).all()
            for row in buried:
                self._tell(session, row[0])
            return len(buried)

    def forgotten(self, *, after_s: float, limit: int = 100) -> Sequence[UUID]:
        """Jobs of which the queue should be told again: never told, told long ago, or their worker lost.

        Each is noted as told now, so that many sweepers do not all tell.
        """
        waiting = and_(
            Job.status == "pending",
            or_(Job.enqueued_at.is_(None), Job.enqueued_at < _after(-after_s)),
        )
        lapsed = and_(
            Job.status == "running",
            Job.lease_until < NOW,
            Job.attempt < MAX_ATTEMPTS,
            or_(Job.enqueued_at.is_(None), Job.enqueued_at < Job.lease_until),
        )
        with self._session.begin() as session:
            query = select(Job.id).where(or_(waiting, lapsed)).order_by(Job.submitted_at).limit(limit)
            ids = list(session.scalars(query.with_for_update(skip_locked=True)))
            session.execute(update(Job).where(Job.id.in_(ids)).values(enqueued_at=NOW))
            return ids

    def claimable(self, *, waiting_s: float) -> UUID | None:
        """The oldest job that no hint has brought to a worker within `waiting_s`, or whose worker is lost."""
        waiting = and_(
            Job.status == "pending", Job.submitted_at < NOW - text(f"interval '{waiting_s} seconds'")
        )
        free = or_(waiting, and_(Job.status == "running", Job.lease_until < NOW))
        query = select(Job.id).where(free, Job.attempt < MAX_ATTEMPTS).order_by(Job.submitted_at).limit(1)
        with self._session() as session:
            return session.scalar(query)

    # Telling

    def _changed(self, session: Session, job: Job) -> None:
        job.revision = (job.revision or 0) + 1
        self._tell(session, job.id)

    @staticmethod
    def _tell(session: Session, job_id: UUID) -> None:
        session.execute(select(func.pg_notify(CHANNEL, str(job_id))))


def _held(claim: Claim) -> ColumnElement[bool]:
    return and_(
        Job.id == claim.job_id,
        Job.attempt == claim.attempt,
        Job.lease_owner == claim.owner,
        Job.status == "running",
    )


def _after(seconds: float) -> Any:
    return NOW + text(f"interval '{seconds} seconds'")


def _encoded(job: Job) -> str:
    return base64.urlsafe_b64encode(json.dumps([job.submitted_at.isoformat(), str(job.id)]).encode()).decode()


def _decoded(cursor: str) -> tuple[datetime, UUID]:
    """The place in the list; ValueError when the text is no cursor of ours."""
    try:
        moment, job_id = json.loads(base64.urlsafe_b64decode(cursor))
        return datetime.fromisoformat(moment), UUID(job_id)
    except (ValueError, TypeError) as error:
        raise ValueError("not a cursor") from error
