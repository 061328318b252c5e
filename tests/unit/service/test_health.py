from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from app.health import UnhealthyError, check


@contextmanager
def answering(status: int) -> Iterator[int]:
    """A server that answers every request so, and its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "4")
            self.end_headers()
            self.wfile.write(b"said")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def told(api: int, worker: int) -> dict[str, str]:
    everywhere = "0.0.0.0"  # noqa: S104 - as in a container; nothing is bound to it
    return {"COSTATE_HOST": everywhere, "COSTATE_PORT": str(api), "COSTATE_WORKER_PORT": str(worker)}


def test_an_api_or_a_worker_that_answers_is_healthy() -> None:
    with answering(200) as port:
        assert check(told(port, 1)) == "said"
        assert check(told(1, port)) == "said"


def test_a_process_that_says_it_is_not_well_is_unhealthy() -> None:
    with answering(503) as port, pytest.raises(UnhealthyError, match=f"port {port} answers 503: said"):
        check(told(1, port))


def test_where_nobody_answers_nobody_is_healthy() -> None:
    with pytest.raises(UnhealthyError, match=r"neither API nor worker answers on 127\.0\.0\.1"):
        check(told(1, 2))
