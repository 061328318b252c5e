"""The product on the node, and what a test asks of it."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from api import Api, Object
from installation import pods
from stacks_under_test import Stack

from node.machine import ctr


@dataclass(frozen=True)
class Deployed:
    """The stack on the node, and its address."""

    stack: Stack
    api: Api
    url: str

    def up(self, **changes: Any) -> dict[str, set[str]]:
        """Bring the stack up with a changed configuration: names of what was done, by what it was."""
        self.stack.write({**self.stack.config, **changes})
        return {what: set(names) for what, names in self.stack.up().items() if what != "same"}

    def inside(self, pod: Object, *words: str) -> subprocess.CompletedProcess[str]:
        """The outcome of a command in a pod's container, run as the container's own process is."""
        container = pod["status"]["containerStatuses"][0]["containerID"].rpartition("/")[2]
        return ctr("tasks", "exec", "--exec-id", f"test-{os.urandom(4).hex()}", "--user", "1000:1000",
                   container, *words)  # fmt: skip

    def process(self, pod: Object) -> dict[str, str]:
        """What the kernel says of a container's process."""
        container = pod["status"]["containerStatuses"][0]["containerID"].rpartition("/")[2]
        lines = ctr("tasks", "ls").stdout.splitlines()
        [pid] = [line.split()[1] for line in lines if line.startswith(container)]
        fields = Path(f"/proc/{pid}/status").read_text().splitlines()
        return dict(field.split(":\t", 1) for field in fields if ":\t" in field)

    def pods(self, unit: str) -> list[Object]:
        return pods(self.api, unit)

    def submit(self, body: dict[str, Any]) -> str:
        answer = httpx.post(f"{self.url}/api/solve", json=body, timeout=30)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["job_id"])

    def job(self, job_id: str, wait: float = 0) -> dict[str, Any]:
        answer = httpx.get(f"{self.url}/api/job/{job_id}", params={"wait": wait}, timeout=wait + 30)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())
