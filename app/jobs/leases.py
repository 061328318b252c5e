"""Who works on a job: claims, leases, ends, and what a sweeper finds.

Who may change a running job: the holder of the current attempt's lease, nobody else. A worker that was
suspended and comes back finds its lease gone, and what it brings is refused. Every change of a job raises its
`revision` and is told on the channel `costate_jobs`. All times are the database's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Engine, Select, and_, func, or_, select, text, update
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import QueuePool

from app.identity.login import LoginSource
from app.jobs.connection import engine
from app.jobs.model import CHANNEL, MAX_ATTEMPTS, Job
from app.observability.metrics import CONNECTIONS, metrics
from app.solvers.request import CheckedRequest
from app.version import SOLVER_VERSION

NOW = func.now()
LAPSED = and_(Job.status == "running", Job.lease_until < NOW)
"""The worker of the job is lost."""

GIVEN_UP: dict[str, Any] = {
    "status": "failed",
    "dead_letter": True,
    "error": {
        "code": "worker_lost",
        "detail": f"The solver process was lost {MAX_ATTEMPTS} times on this job, so it was given up.",
    },
}
"""Values of a job that is not tried again."""


@dataclass(frozen=True)
class Claim:
    """The right to work on a job: it ends with the lease."""

    job_id: UUID
    attempt: int
    owner: str
    request: CheckedRequest
    waited_s: float
    trace: str | None = None
    """The `traceparent` of the request, where it is traced."""


@dataclass(frozen=True)
class Outcome:
    """What an attempt brought: a result (inline, or under a key in storage) or an error."""

    result: dict[str, Any] | None = None
    result_key: str | None = None
    summary: dict[str, Any] | None = None
    error: dict[str, Any] | None = None


class Leases:
    """The right to work on jobs, in PostgreSQL; safe to share between threads."""

    def __init__(self, url: str, login: LoginSource | None = None, *, pool_size: int = 10) -> None:
        self.engine: Engine = engine(url, login, pool_size=pool_size)
        self._session = sessionmaker(self.engine, expire_on_commit=False)
        self._connections = 2 * pool_size

    def tell_connections(self) -> None:
        """Tell the metrics how many connections are in use, and how many may be."""
        metrics().set(CONNECTIONS, cast("QueuePool", self.engine.pool).checkedout(), "used")
        metrics().set(CONNECTIONS, self._connections, "most")

    # Working

    def claim(self, job_id: UUID, owner: str, lease_s: float) -> Claim | None:
        """Take a job that waits, or whose worker is lost; None when there is nothing to take."""
        wanted = or_(Job.status == "pending", LAPSED)
        # Waits for whoever holds the row for a moment: a hint that passes it by would be lost.
        return self._claim(select(Job).where(Job.id == job_id, wanted).with_for_update(), owner, lease_s)

    def claim_oldest(self, owner: str, lease_s: float, *, waiting_s: float = 0.0) -> Claim | None:
        """Take the oldest job that has waited so long, or whose worker is lost; None when there is none."""
        waiting = and_(Job.status == "pending", Job.submitted_at <= after(-waiting_s))
        oldest = select(Job).where(or_(waiting, LAPSED)).order_by(Job.submitted_at).limit(1)
        return self._claim(oldest.with_for_update(skip_locked=True), owner, lease_s)

    def _claim(self, query: Select[Job], owner: str, lease_s: float) -> Claim | None:
        untried = and_(Job.attempt < MAX_ATTEMPTS, Job.cancel_requested_at.is_(None))
        with self._session.begin() as session:
            job = session.scalar(query.where(untried))
            if job is None:
                return None
            job.status, job.lease_owner = "running", owner
            job.attempt += 1
            job.lease_until = after(lease_s)
            job.started_at = NOW
            job.progress = None
            self._changed(session, job)
            session.flush()
            session.refresh(job)
            waited = (cast("datetime", job.started_at) - job.submitted_at).total_seconds()
            request = CheckedRequest.from_json(job.request)
            return Claim(job.id, job.attempt, owner, request, waited, job.trace)

    def heartbeat(self, claim: Claim, lease_s: float, progress: Mapping[str, Any] | None) -> bool | None:
        """Renew the lease and note progress: whether to cancel, or None when the lease is lost."""
        with self._session.begin() as session:
            values: dict[str, Any] = {"lease_until": after(lease_s)}
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
            "solver_version": SOLVER_VERSION,
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
        """The solver process died: the job waits again, the attempt counted; after the last it fails."""
        values: dict[str, Any] = {"lease_owner": None, "lease_until": None, "revision": Job.revision + 1}
        if claim.attempt < MAX_ATTEMPTS:
            return self._end(claim, values | {"status": "pending", "enqueued_at": None})
        return self._end(claim, values | GIVEN_UP | {"completed_at": NOW})

    def _end(self, claim: Claim, values: dict[str, Any]) -> bool:
        with self._session.begin() as session:
            held = update(Job).where(_held(claim)).values(values).returning(Job.id)
            if session.execute(held).one_or_none() is None:
                return False
            self._tell(session, claim.job_id)
            return True

    # Sweeping

    def bury(self) -> int:
        """End jobs whose worker was lost and that are not tried again; how many were given up.

        One whose cancellation was asked for is cancelled, not given up.
        """
        ended = {"completed_at": NOW, "lease_owner": None, "revision": Job.revision + 1}
        unwanted = and_(or_(Job.status == "pending", LAPSED), Job.cancel_requested_at.is_not(None))
        hopeless = and_(LAPSED, Job.cancel_requested_at.is_(None), Job.attempt >= MAX_ATTEMPTS)
        with self._session.begin() as session:
            cancel = update(Job).where(unwanted).values(ended | {"status": "cancelled"}).returning(Job.id)
            fail = update(Job).where(hopeless).values(ended | GIVEN_UP).returning(Job.id)
            cancelled, failed = session.scalars(cancel).all(), session.scalars(fail).all()
            for job_id in (*cancelled, *failed):
                self._tell(session, job_id)
            return len(failed)

    def forgotten(self, *, limit: int = 100) -> Sequence[UUID]:
        """Jobs of which the queue should be told: it never was, or their worker was lost since.

        Each is noted as told now, so that many sweepers do not all tell. A hint that Redis lost needs no
        second one: idle workers look at the database themselves.
        """
        waiting = and_(Job.status == "pending", Job.enqueued_at.is_(None))
        told_before = or_(Job.enqueued_at.is_(None), Job.enqueued_at < Job.lease_until)
        lapsed = and_(LAPSED, Job.attempt < MAX_ATTEMPTS, told_before)
        with self._session.begin() as session:
            query = select(Job.id).where(or_(waiting, lapsed)).order_by(Job.submitted_at).limit(limit)
            ids = list(session.scalars(query.with_for_update(skip_locked=True)))
            session.execute(update(Job).where(Job.id.in_(ids)).values(enqueued_at=NOW))
            return ids

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


def after(seconds: float) -> Any:
    """So many seconds after now, by the clock of the database."""
    return NOW + text(f"interval '{seconds} seconds'")
