"""The trace that a job belongs to, as a `traceparent` (W3C Trace Context)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the column."""
    op.add_column("jobs", sa.Column("trace", sa.Text))


def downgrade() -> None:
    """Drop the column."""
    op.drop_column("jobs", "trace")
