"""The HTTP server: stops without cutting off those who wait."""

from __future__ import annotations

from types import FrameType

import uvicorn
from fastapi import FastAPI

from app.api.application import application
from app.settings import Settings

GRACE_S = 5
"""For requests under way when the process is asked to stop."""


class Server(uvicorn.Server):
    """Tells waits and streams to end when a signal comes; uvicorn would wait for them, then cut them off."""

    def __init__(self, served: FastAPI, settings: Settings) -> None:
        self._served = served
        super().__init__(
            uvicorn.Config(
                served,
                host=settings.host,
                port=settings.port,
                log_config=None,
                timeout_graceful_shutdown=GRACE_S,
                server_header=False,
            )
        )

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The handler of SIGTERM and SIGINT."""
        super().handle_exit(sig, frame)
        context = getattr(self._served.state, "context", None)
        if context is not None:
            context.hub.close()


def serve(settings: Settings) -> None:
    """Serve until a signal comes."""
    Server(application(settings), settings).run()
