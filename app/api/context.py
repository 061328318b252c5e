"""What the routes share: store, queue, storage and hub of one API process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, cast

import orjson
from fastapi import Depends, Request

from app.api.hub import Hub
from app.api.live_fleet import LiveFleet
from app.identity.sources import cache_login, database_login
from app.jobs.model import Job
from app.jobs.queue import Queue
from app.jobs.store import JobStore
from app.settings import Settings
from app.storage import Storage


@dataclass(frozen=True)
class Context:
    """The parts of an API process."""

    settings: Settings
    store: JobStore
    queue: Queue
    storage: Storage
    hub: Hub
    fleet: LiveFleet

    @classmethod
    def of(cls, settings: Settings) -> Context:
        """Made from the settings."""
        url = settings.database_url.get_secret_value()
        login = database_login(settings)
        store = JobStore(url, login, pool_size=20)
        return cls(
            settings=settings,
            store=store,
            queue=Queue(settings.redis_url.get_secret_value(), cache_login(settings)),
            storage=Storage(settings.storage_url),
            hub=Hub(url, login, most=settings.max_waits),
            fleet=LiveFleet(store),
        )

    def result(self, job: Job) -> dict[str, Any] | None:
        """The result of a job, from its row or from storage; None while there is none."""
        if job.result_key is not None:
            return cast("dict[str, Any]", orjson.loads(self.storage.read(job.result_key)))
        return job.result


def _context(request: Request) -> Context:
    return cast("Context", request.app.state.context)


Shared = Annotated[Context, Depends(_context)]
