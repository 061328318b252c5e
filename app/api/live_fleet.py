"""What the API knows of the workers: looked up now and then, so that a probe never waits for a database."""

from __future__ import annotations

import asyncio

from fastapi.concurrency import run_in_threadpool
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.jobs.fleet import Fleet, WorkerSeen
from app.jobs.store import JobStore

LOOK_S = 3.0


class LiveFleet:
    """The workers as last seen."""

    def __init__(self, store: JobStore) -> None:
        self._fleet = Fleet(store.engine)
        self.workers: list[WorkerSeen] = []

    async def follow(self) -> None:
        """Look until cancelled; while the database is out of reach, or not migrated, none are known."""
        while True:
            try:
                self.workers = await run_in_threadpool(self._fleet.alive)
            except (DBAPIError, PoolTimeout):
                self.workers = []
            await asyncio.sleep(LOOK_S)

    @property
    def has_gpu(self) -> bool:
        """Whether any worker computes on a GPU."""
        return any(worker.has_gpu for worker in self.workers)
