"""What happens to every request: an id, headers that keep browsers careful, and metrics."""

from __future__ import annotations

import time
from uuid import uuid4

import structlog
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.problems import problem
from app.observability import tracing
from app.observability.logs import log
from app.observability.metrics import HTTP_DURATION, HTTP_OPEN, HTTP_REQUESTS, metrics

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
PATIENT = "patient"
"""Name in a request's state: true where it asks to be answered later, so that its duration says nothing."""

WAITING = "?wait"
"""Such requests are measured as a route of their own."""

FAULT = "The service failed on this request; its log has the reason under the request id."


class Observe:
    """Pure ASGI, so that streams pass through untouched; also the last resort for errors."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, status, request_id = time.perf_counter(), 0, uuid4().hex[:16]
        structlog.contextvars.bind_contextvars(request=request_id)
        if trace_id := tracing.trace_id(tracing.current()):
            structlog.contextvars.bind_contextvars(trace_id=trace_id)
        metrics().add(HTTP_OPEN, 1)

        async def observed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = request_id
                headers.update(HEADERS)
            await send(message)

        try:
            await self._app(scope, receive, observed)
        except Exception as error:
            log("api").error("fault", path=scope["path"], exc_info=error)
            if status:
                raise  # the answer has begun: all that is left is to break it off
            await problem(500, FAULT)(scope, receive, observed)
        finally:
            # The route's template, not the path: a job's id must not become a label.
            route = getattr(scope.get("route"), "path", "unmatched")
            if scope.get("state", {}).get(PATIENT):
                route += WAITING
            metrics().add(HTTP_OPEN, -1)
            metrics().count(HTTP_REQUESTS, scope["method"], route, str(status))
            metrics().observe(HTTP_DURATION, time.perf_counter() - begun, scope["method"], route)
