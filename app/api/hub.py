"""Who waits for a job is told when it changes: one database connection listens for all."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import psycopg

from app.errors import CostateError
from app.identity.login import LoginSource
from app.jobs.connection import connect
from app.jobs.model import CHANNEL
from app.observability.logs import log

RECONNECT_S = 1.0
DEAF_S = 2.0
"""Waiters look by themselves so often while the connection is down, for notices are missed then."""

LISTENING_S = 20.0
"""And so often otherwise."""


class TooManyWaitsError(CostateError):
    """More requests wait for jobs than one process takes."""


class Hub:
    """Wakes those who wait for a change of a job."""

    def __init__(self, url: str, login: LoginSource | None = None, *, most: int) -> None:
        self._url, self._login, self._most = url, login, most
        self._waiters: dict[UUID, set[asyncio.Event]] = defaultdict(set)
        self._count = 0
        self._listening = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self.closing = False

    async def listen(self) -> None:
        """Listen until cancelled; a lost connection is made again."""
        self._loop = asyncio.get_running_loop()
        while True:
            try:
                async with await connect(self._url, self._login) as connection:
                    await connection.execute(f"LISTEN {CHANNEL}")
                    self._listening = True
                    self._wake_all()
                    async for notice in connection.notifies():
                        for event in self._waiters.get(UUID(notice.payload), ()):
                            event.set()
            except psycopg.OperationalError as error:
                log("api").warning("not listening to the database", error=str(error).strip())
            finally:
                self._listening = False
            await asyncio.sleep(RECONNECT_S)

    def close(self) -> None:
        """Let every waiter go: the process is stopping. May be called from a signal handler."""
        self.closing = True
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._wake_all)

    def _wake_all(self) -> None:
        for events in self._waiters.values():
            for event in events:
                event.set()

    def room(self) -> None:
        """TooManyWaitsError when nobody more can wait."""
        if self._count >= self._most:
            raise TooManyWaitsError(f"{self._most} requests wait for jobs already")

    @asynccontextmanager
    async def changes(self, job_id: UUID) -> AsyncIterator[Changes]:
        """The changes of a job from now on; TooManyWaitsError."""
        self.room()
        event = asyncio.Event()
        self._count += 1
        self._waiters[job_id].add(event)
        try:
            yield Changes(self, event)
        finally:
            self._count -= 1
            self._waiters[job_id].discard(event)
            if not self._waiters[job_id]:
                del self._waiters[job_id]

    @property
    def patience_s(self) -> float:
        """How long to rely on notices before looking."""
        return LISTENING_S if self._listening else DEAF_S


class Changes:
    """What one waiter waits for."""

    def __init__(self, hub: Hub, event: asyncio.Event) -> None:
        self._hub, self._event = hub, event

    async def wait(self, seconds: float) -> None:
        """Until the job changes, `seconds` are over, or it is time to look anyway."""
        if self._hub.closing:
            return
        try:
            async with asyncio.timeout(min(seconds, self._hub.patience_s)):
                await self._event.wait()
        except TimeoutError:
            return
        self._event.clear()
