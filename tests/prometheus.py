"""A Prometheus that scrapes a running service every second and evaluates our rules as often."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from live import HOST, Running, Service, eventually, free_port
from tools.monitoring import on_path_or_packaged

from infra.monitoring.rules import rule_file


class Prometheus:
    """Started on a free port; its data are gone with the folder."""

    def __init__(self, service: Service, folder: Path) -> None:
        program = on_path_or_packaged("prometheus", "prometheus")
        if program is None:
            pytest.skip("no `prometheus` on PATH, nor a package of Debian's: boards see no live data")
        port = free_port()
        self.url = f"http://{HOST}:{port}"
        rules = rule_file()
        for group in rules["groups"]:
            group["interval"] = "1s"
        (folder / "rules.json").write_text(json.dumps(rules))
        processes = {"api": [service.url], "worker": [worker.url for worker in service.workers]}
        scrapes = [
            {
                "job_name": name,
                "static_configs": [{"targets": [url.removeprefix("http://") for url in urls]}],
            }
            for name, urls in processes.items()
        ]
        scrapes.append({"job_name": "prometheus", "static_configs": [{"targets": [f"{HOST}:{port}"]}]})
        config = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": ["rules.json"],
            "scrape_configs": scrapes,
        }
        (folder / "prometheus.json").write_text(json.dumps(config))
        command = [
            program,
            f"--config.file={folder / 'prometheus.json'}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address={HOST}:{port}",
        ]
        self._running = Running(command, folder / "prometheus.log", dict(os.environ))
        eventually(self._ready, seconds=30, what="Prometheus is ready")

    def _ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/-/ready").status_code == 200
        except httpx.TransportError:
            return False

    def ask(self, query: str) -> list[dict[str, Any]]:
        """Series of an instant query; those without a number (NaN: nothing has happened yet) are left out."""
        answer = httpx.get(f"{self.url}/api/v1/query", params={"query": query, "time": time.time()}).json()
        assert answer["status"] == "success", (query, answer)
        return [one for one in answer["data"]["result"] if one["value"][1] != "NaN"]

    def stop(self) -> None:
        self._running.stop()
