"""The worker's own small HTTP side: `/health`, `/ready` and `/metrics` for probes and scrapers."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from prometheus_client import CONTENT_TYPE_LATEST

from app.observability.metrics import metrics
from app.version import VERSION

if TYPE_CHECKING:
    from app.jobs.worker import Worker


def serve(worker: Worker, host: str, port: int) -> None:
    """Serve in threads of their own until the process ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/metrics":
                self._answer(200, CONTENT_TYPE_LATEST, metrics().exposition("worker"))
            elif self.path == "/health":
                status = "healthy" if worker.healthy else "the sweeper has ended"
                body = {"status": status, "version": VERSION, "devices": worker.devices}
                self._json(200 if worker.healthy else 503, body)
            elif self.path == "/ready":
                self._json(200 if worker.ready else 503, {"ready": worker.ready})
            else:
                self._json(404, {"title": "Not found", "detail": "/health, /ready or /metrics"})

        def _json(self, status: int, body: object) -> None:
            self._answer(status, "application/json", json.dumps(body).encode())

        def _answer(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
            """Probes are too many to log."""

    server = ThreadingHTTPServer((host, port), Handler)
    threading.Thread(target=server.serve_forever, name="health", daemon=True).start()
