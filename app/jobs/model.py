"""The tables: jobs, and the workers that were seen lately."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import JSON, BigInteger, DateTime, Float, Index, Integer, MetaData, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

Status = Literal["pending", "running", "completed", "failed", "cancelled"]
ENDED: frozenset[Status] = frozenset({"completed", "failed", "cancelled"})
MAX_ATTEMPTS = 3
"""A job that brings down its worker so often is given up."""

CHANNEL = "costate_jobs"
"""PostgreSQL channel on which the id of every changed job is told."""


class Base(DeclarativeBase):
    """All tables; constraint names follow one rule so that migrations can address them."""

    metadata = MetaData(
        naming_convention={"ix": "ix_%(table_name)s_%(column_0_N_name)s", "pk": "pk_%(table_name)s"}
    )


class Job(Base):
    """One job. `attempt` and `lease_owner` say who may change it while it runs; times are the database's."""

    __tablename__ = "jobs"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    batch_id: Mapped[UUID | None] = mapped_column(Uuid)
    status: Mapped[Status] = mapped_column(Text, default="pending")
    solver_type: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text, default="")
    request: Mapped[dict[str, Any]] = mapped_column(JSONB(none_as_null=True))
    digest: Mapped[str] = mapped_column(Text)
    idempotency_key: Mapped[str | None] = mapped_column(Text)
    idempotency_digest: Mapped[str | None] = mapped_column(Text)
    trace: Mapped[str | None] = mapped_column(Text)

    attempt: Mapped[int] = mapped_column(Integer, default=0)
    lease_owner: Mapped[str | None] = mapped_column(Text)
    lease_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    enqueued_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    revision: Mapped[int] = mapped_column(BigInteger, default=0)

    submitted_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=text("now()"))
    started_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    completed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    cancel_requested_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    progress: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    error: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    dead_letter: Mapped[bool] = mapped_column(default=False)
    cached: Mapped[bool] = mapped_column(default=False)
    outcome: Mapped[str | None] = mapped_column(Text)
    cost: Mapped[float | None] = mapped_column(Float)
    solver_version: Mapped[str | None] = mapped_column(Text)
    # Not JSONB: names are shown in the order in which the user stated them.
    result: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    result_key: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        Index(
            "ix_jobs_open",
            "status",
            "submitted_at",
            postgresql_where=text("status IN ('pending', 'running')"),
        ),
        Index("ix_jobs_recent", "submitted_at", "id"),
        Index("ix_jobs_answers", "digest", "solver_version", postgresql_where=text("outcome = 'converged'")),
        Index("ix_jobs_idempotency_key", "idempotency_key", unique=True),
        Index("ix_jobs_batch", "batch_id", postgresql_where=text("batch_id IS NOT NULL")),
    )


class WorkerRow(Base):
    """A worker that lives, or did until lately: information only, nothing is decided by it."""

    __tablename__ = "workers"

    owner: Mapped[str] = mapped_column(Text, primary_key=True)
    version: Mapped[str] = mapped_column(Text)
    slots: Mapped[int] = mapped_column(Integer)
    busy: Mapped[int] = mapped_column(Integer)
    devices: Mapped[list[str]] = mapped_column(JSONB)
    seen_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
