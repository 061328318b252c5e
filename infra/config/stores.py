"""The managed data stores."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from infra.catalog.model import Size
from infra.config.model import Model


class Database(Model):
    """PostgreSQL."""

    size: Size = "small"
    version: Literal["17", "18"] = Field(
        "17", description="Major version; `local` runs 18 whatever is asked."
    )
    highly_available: bool = False
    backup_days: int = Field(7, ge=0, le=35, description="Days of point-in-time recovery; 0 on `local` only.")


class Cache(Model):
    """Valkey or Redis."""

    size: Size = "small"
    highly_available: bool = False
