"""What the processes of this machine tell each other; URLs carry passwords and are secret."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi


@dataclass(frozen=True)
class DatabaseFacts:
    """How to reach PostgreSQL: `url` (`postgresql://user:password@host:port/name`) is secret."""

    url: pulumi.Output[str]


@dataclass(frozen=True)
class CacheFacts:
    """How to reach Redis: `url` (`redis://:password@host:port/0`) is secret."""

    url: pulumi.Output[str]


@dataclass(frozen=True)
class DataFacts:
    """All that API and worker are bound to; `store_url` is a folder (`file:///...`)."""

    database: DatabaseFacts
    cache: CacheFacts
    store_url: str
