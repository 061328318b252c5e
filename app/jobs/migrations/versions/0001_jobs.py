"""The table of jobs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the table and its indexes."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "jobs",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("batch_id", sa.Uuid),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("solver_type", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("request", JSONB, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("idempotency_key", sa.Text),
        sa.Column("idempotency_digest", sa.Text),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("lease_owner", sa.Text),
        sa.Column("lease_until", moment),
        sa.Column("enqueued_at", moment),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("submitted_at", moment, nullable=False, server_default=sa.text("now()")),
        sa.Column("started_at", moment),
        sa.Column("completed_at", moment),
        sa.Column("cancel_requested_at", moment),
        sa.Column("progress", JSONB),
        sa.Column("error", JSONB),
        sa.Column("dead_letter", sa.Boolean, nullable=False),
        sa.Column("cached", sa.Boolean, nullable=False),
        sa.Column("outcome", sa.Text),
        sa.Column("cost", sa.Float),
        sa.Column("solver_version", sa.Text),
        sa.Column("result", sa.JSON),
        sa.Column("result_key", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
    )
    is_open = sa.text("status IN ('pending', 'running')")
    op.create_index("ix_jobs_open", "jobs", ["status", "submitted_at"], postgresql_where=is_open)
    op.create_index("ix_jobs_recent", "jobs", ["submitted_at", "id"])
    converged = sa.text("outcome = 'converged'")
    op.create_index("ix_jobs_answers", "jobs", ["digest", "solver_version"], postgresql_where=converged)
    op.create_index("ix_jobs_idempotency_key", "jobs", ["idempotency_key"], unique=True)
    in_batch = sa.text("batch_id IS NOT NULL")
    op.create_index("ix_jobs_batch", "jobs", ["batch_id"], postgresql_where=in_batch)


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("jobs")
