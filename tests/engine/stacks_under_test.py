"""A stack of the checkout's program, with state and configuration of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
from live import free_port

from infra.engine.environment import ROOT, environment
from infra.engine.locate import engine
from infra.platforms.local.place import Place

PORTS = ("api_port", "worker_port", "postgres_port", "redis_port")


class Stack:
    """One stack with a state of its own; its configuration file is outside the checkout."""

    def __init__(
        self,
        state: Path,
        config: dict[str, Any],
        *,
        project: Path = ROOT,
        variables: dict[str, str] | None = None,
    ) -> None:
        self.name = f"test-{uuid4().hex[:8]}"
        self.project = project
        self.folder = state
        self.place = Place.of(self.name)
        self.file = state / f"Pulumi.{self.name}.yaml"
        self.config = config
        self.log: list[str] = []
        given = os.environ | {
            "PULUMI_BACKEND_URL": state.as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": "of these tests",
        }
        given |= variables or {}
        self.environment = environment(engine(), local=True, given=given)
        self.pulumi("stack", "init", self.name)
        # `init` writes into the checkout the salt with which secrets are encrypted.
        shutil.move(project / self.file.name, self.file)
        self.write(config)

    def write(self, config: dict[str, Any]) -> None:
        """Set the configuration; JSON is YAML."""
        text = self.file.read_text() if self.file.exists() else ""
        salt = [line for line in text.splitlines() if line.startswith("encryptionsalt")]
        self.config = config
        values = {f"costate:{key}": value for key, value in config.items()}
        self.file.write_text("\n".join([*salt, f"config: {json.dumps(values)}", ""]))

    def pulumi(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        command = ["pulumi", *words, "--non-interactive", "--color", "never"]
        if words[0] in ("up", "preview", "refresh", "destroy"):
            command += ["--config-file", str(self.file), "--stack", self.name]
        done = subprocess.run(
            command,
            cwd=self.project,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
        self.log += [done.stdout, done.stderr]
        assert not check or done.returncode == 0, "\n".join(
            line
            for line in (done.stdout + done.stderr).splitlines()
            if "error" in line and "resOutputs" not in line
        )
        return done

    def up(self, *words: str, check: bool = True) -> dict[str, list[str]]:
        """Bring the stack up: names of resources by what was done to them."""
        done = self.pulumi("up", "--yes", "--skip-preview", "--json", *words, check=check)
        return steps(done.stdout)

    def outputs(self) -> dict[str, Any]:
        return dict(json.loads(self.pulumi("stack", "output", "--json", "--stack", self.name).stdout))

    def state(self) -> dict[str, Any]:
        return dict(json.loads(self.pulumi("stack", "export", "--stack", self.name).stdout))

    def processes(self) -> dict[str, psutil.Process]:
        """The running process of each resource that is one."""
        found = {}
        for resource in self.state()["deployment"].get("resources", []):
            pid = (resource.get("outputs") or {}).get("pid")
            if pid is not None:
                found[resource["urn"].rsplit("::", 1)[-1]] = psutil.Process(int(pid))
        return found

    def remove(self) -> None:
        self.pulumi("destroy", "--yes", "--skip-preview", check=False)
        shutil.rmtree(self.place.root, ignore_errors=True)


def steps(events: str) -> dict[str, list[str]]:
    """Names of resources by what was done to them, in order, from the lines of `--json`."""
    found: dict[str, list[str]] = {}
    for event in (json.loads(line) for line in events.splitlines() if line.startswith("{")):
        if "resOutputsEvent" in event:
            step = event["resOutputsEvent"]["metadata"]
            found.setdefault(step["op"], []).append(step["urn"].rsplit("::", 1)[-1])
    return found


def local_config(**parts: Any) -> dict[str, Any]:
    return {"environment": "local", "local": {name: free_port() for name in PORTS}, **parts}
