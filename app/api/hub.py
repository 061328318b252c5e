"""Who waits for a job is told when it changes: one database connection listens for all."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import psycopg

from app.jobs.model import CHANNEL
from app.observability.logs import log

RECONNECT_S = 1.0


class Hub:
    """Wakes waiters; notices are missed while the connection is down, so waiters also look by themselves."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._waiters: dict[UUID, set[asyncio.Event]] = defaultdict(set)
        self.closing = asyncio.Event()

    async def listen(self) -> None:
        """Listen until cancelled; a lost connection is made again."""
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(self._url, autocommit=True) as connection:
                    await connection.execute(f"LISTEN {CHANNEL}")
                    self._wake_all()
                    async for notice in connection.notifies():
                        for event in self._waiters.get(UUID(notice.payload), ()):
                            event.set()
            except psycopg.OperationalError as error:
                log("api").warning("not listening to the database", error=str(error).strip())
                await asyncio.sleep(RECONNECT_S)

    def close(self) -> None:
        """Let every waiter go: the process is stopping."""
        self.closing.set()
        self._wake_all()

    def _wake_all(self) -> None:
        for events in self._waiters.values():
            for event in events:
                event.set()

    @asynccontextmanager
    async def changes(self, job_id: UUID) -> AsyncIterator[asyncio.Event]:
        """An event that is set at each change of the job; whoever waits clears it."""
        event = asyncio.Event()
        self._waiters[job_id].add(event)
        try:
            yield event
        finally:
            self._waiters[job_id].discard(event)
            if not self._waiters[job_id]:
                del self._waiters[job_id]


async def wait(event: asyncio.Event, seconds: float) -> None:
    """Wait for the event, but not longer than `seconds`."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
    event.clear()
