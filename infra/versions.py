"""Versions of what the platforms run, with the dates that decide them. Checked 2026-11."""

from __future__ import annotations

from datetime import date
from typing import Literal

Kubernetes = Literal["1.35", "1.36"]

KUBERNETES: dict[Kubernetes, date] = {"1.35": date(2027, 2, 28), "1.36": date(2027, 6, 28)}
"""Minor versions that may be asked for, and the end of their upstream support."""

POSTGRES = ("17", "18")
"""Major versions that all three clouds offer."""

VALKEY = {"aws": "8.0", "gcp": "VALKEY_8_0", "azure": "7.4"}
"""Engine version of the managed cache, as each cloud writes it; Azure Managed Redis speaks Redis 7.4."""
