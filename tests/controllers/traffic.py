"""What Prometheus is told of the API's pods: all answer ten requests a second, a bad build's with errors."""

from __future__ import annotations

import json
import os
import threading
import time
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from api import Api
from installation import NAMESPACE, pods, ready
from live import HOST, Running, eventually, free_port
from tools.monitoring import on_path_or_packaged

from app.observability.metrics import HTTP_DURATION, HTTP_REQUESTS
from controllers.product import WORSE

RATE = 10
ERRORS = 0.2
"""Share of a bad build's answers; the analysis bears 0.05."""


class Traffic:
    """Counters of every pod that there is, and a Prometheus that asks for them every second."""

    def __init__(self, api: Api, folder: Path) -> None:
        self._api, self._since = api, dict[str, float]()
        self._images: dict[str, str] = {}
        self._over = threading.Event()
        self._server = ThreadingHTTPServer((HOST, 0), self._handler())
        for target in (self._server.serve_forever, self._look):
            threading.Thread(target=target, daemon=True).start()
        program = on_path_or_packaged("prometheus", "prometheus")
        if program is None:
            pytest.skip("NO CANARY IS JUDGED: no `prometheus` on PATH, nor a package of Debian's")
        targets = [f"{HOST}:{self._server.server_port}"]
        config = {
            "global": {"scrape_interval": "1s"},
            "scrape_configs": [{"job_name": "api", "static_configs": [{"targets": targets}]}],
        }
        folder.mkdir()
        (folder / "prometheus.json").write_text(json.dumps(config))
        self.url = f"http://{HOST}:{free_port()}"
        command = [
            program,
            f"--config.file={folder / 'prometheus.json'}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address={self.url.removeprefix('http://')}",
        ]
        self._running = Running([str(word) for word in command], folder / "prometheus.log", dict(os.environ))
        eventually(self._ready, seconds=60, what="Prometheus is ready")

    def stop(self) -> None:
        self._running.stop()
        self._over.set()
        self._server.shutdown()
        self._server.server_close()

    def _look(self) -> None:
        """Which pods there are is asked beside the scrapes, which are given a second."""
        while not self._over.wait(0.5):
            found = pods(self._api, "api", NAMESPACE)
            self._images = {
                one["metadata"]["name"]: one["spec"]["containers"][0]["image"] for one in found if ready(one)
            }

    def _ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/-/ready").status_code == 200
        except httpx.TransportError:
            return False

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        traffic = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = traffic.page().encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Nothing: the test's output is for the test."""

        return Handler

    def page(self) -> str:
        """The metrics of all pods, in the names and labels of the catalogue."""
        samples: dict[str, list[str]] = defaultdict(list)
        for name, image in self._images.items():
            asked = RATE * (time.monotonic() - self._since.setdefault(name, time.monotonic()))
            bad = ERRORS * asked if image == WORSE else 0.0
            of = f'pod="{name}",method="POST",route="/api/solve"'
            samples[f"{HTTP_REQUESTS.name} counter"] += [
                f'{HTTP_REQUESTS.name}{{{of},status="202"}} {asked - bad}',
                f'{HTTP_REQUESTS.name}{{{of},status="500"}} {bad}',
            ]
            samples[f"{HTTP_DURATION.name} histogram"] += [
                f'{HTTP_DURATION.name}_bucket{{{of},le="{le}"}} {asked}' for le in ("0.1", "1.0", "+Inf")
            ]
        return "".join(f"# TYPE {head}\n" + "\n".join(lines) + "\n" for head, lines in samples.items())
