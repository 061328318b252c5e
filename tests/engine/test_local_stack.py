"""The local stack with the real engine: what `pulumi` does to the processes of this machine."""

from __future__ import annotations

import json
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from stacks_under_test import PORTS, Stack, local_config

PROCESSES = {"database-server", "cache-server", "workload-api", "workload-worker"}


def listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def solve(url: str) -> dict[str, Any]:
    body = {"solver_type": "collocation", "problem_config": {"template": "double_integrator"}}
    job_id = httpx.post(f"{url}/api/solve", json=body).json()["job_id"]
    return dict(httpx.get(f"{url}/api/job/{job_id}", params={"wait": 60}, timeout=70).json())


def test_the_life_of_a_stack(stack: Stack) -> None:
    # Preview touches nothing.
    stack.pulumi("preview")
    assert not stack.place.root.exists()

    # Up: everything answers, and a problem is solved.
    created = stack.up()
    assert set(created["create"]) >= PROCESSES
    outputs = stack.outputs()
    assert solve(outputs["url"])["outcome"] == "converged"
    assert {file.stem for file in Path(outputs["logs"]).iterdir()} >= {"postgres", "redis", "api", "worker"}

    # Up again: nothing to do.
    assert set(stack.up()) == {"same"}

    # A change of configuration restarts only what it concerns.
    before = stack.processes()
    stack.write({**stack.config, "workers": {"slots": 2}})
    changed = stack.up()
    assert changed.pop("same")
    assert changed == {"update": ["workload-worker"]}
    after = stack.processes()
    assert {name for name in PROCESSES if before[name] != after[name]} == {"workload-worker"}

    # A killed process is healed by a plain `up`.
    after["workload-api"].kill()
    healed = stack.up()
    assert healed.pop("same")
    assert healed == {"update": ["workload-api"]}
    assert httpx.get(f"{outputs['url']}/ready").json()["status"] == "ready"

    # `refresh` notices a dead process, and the next `up` starts it.
    stack.processes()["cache-server"].kill()
    stack.pulumi("refresh", "--yes", "--skip-preview")
    assert "cache-server" not in stack.processes()
    assert stack.up()["create"] == ["cache-server"]
    assert stack.processes()["cache-server"].is_running()

    # No password stands in clear anywhere.
    passwords = json.loads((stack.place.data / "secrets.json").read_text()).values()
    assert (stack.place.data / "secrets.json").stat().st_mode & 0o077 == 0
    logs = "".join(file.read_text(errors="replace") for file in Path(outputs["logs"]).iterdir())
    commands = "".join(" ".join(process.cmdline()) for process in stack.processes().values())
    for text in (json.dumps(stack.state()), json.dumps(outputs), logs, commands):
        assert not [password for password in passwords if password in text]

    # Destroy leaves no process and no port, and keeps the data.
    processes = stack.processes()
    children = [child for process in processes.values() for child in process.children(recursive=True)]
    stack.pulumi("destroy", "--yes", "--skip-preview")
    assert not [process for process in (*processes.values(), *children) if process.is_running()]
    assert not [port for port in stack.config["local"].values() if listening(port)]
    assert not list(stack.place.data.rglob("*.sock"))
    assert (stack.place.data / "postgres" / "PG_VERSION").exists()

    # On the old data the stack comes up with the old passwords, and remembers its jobs.
    stack.up()
    assert httpx.get(f"{outputs['url']}/api/jobs").json()["jobs"][0]["outcome"] == "converged"


@pytest.fixture
def neighbours(state: Path) -> Iterator[tuple[Stack, Stack]]:
    pair = Stack(state, local_config()), Stack(state, local_config())
    yield pair
    for one in pair:
        one.remove()


def test_two_stacks_run_side_by_side(neighbours: tuple[Stack, Stack]) -> None:
    for one in neighbours:
        one.up()
    urls = [one.outputs()["url"] for one in neighbours]
    assert solve(urls[0])["outcome"] == "converged"
    assert httpx.get(f"{urls[1]}/api/jobs").json()["jobs"] == []
    neighbours[1].pulumi("destroy", "--yes", "--skip-preview")
    assert httpx.get(f"{urls[0]}/ready").status_code == 200


def test_a_busy_port_is_told_with_its_key_and_its_holder(stack: Stack) -> None:
    port = stack.config["local"]["redis_port"]
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", port))
        busy.listen()
        done = stack.pulumi("up", "--yes", "--skip-preview", check=False)
    told = done.stdout + done.stderr
    assert done.returncode != 0
    for word in (str(port), "costate:local.redis_port", f"process {os.getpid()}"):
        assert word in told
    assert set(stack.up()["create"]) >= {"cache-server"}


def test_a_process_that_does_not_come_up_shows_the_end_of_its_log(stack: Stack) -> None:
    folder = stack.place.data / "postgres"
    folder.mkdir(parents=True)
    (folder / "PG_VERSION").write_text("9.6\n")
    done = stack.pulumi("up", "--yes", "--skip-preview", check=False)
    assert done.returncode != 0
    assert "The end of" in done.stdout + done.stderr
    assert "postgres.log" in done.stdout + done.stderr


def test_a_reused_process_id_is_left_alone(stack: Stack) -> None:
    stack.up()
    victim = stack.processes()["workload-api"]
    state = stack.state()
    stranger = psutil.Popen(["sleep", "300"])
    victim.send_signal(signal.SIGKILL)
    for resource in state["deployment"]["resources"]:
        if resource["urn"].endswith("::workload-api"):
            resource["outputs"]["pid"] = stranger.pid
    file = stack.file.with_suffix(".json")
    file.write_text(json.dumps(state))
    stack.pulumi("stack", "import", "--stack", stack.name, "--file", str(file))
    assert stack.up()["update"] == ["workload-api"]
    assert stranger.is_running()
    stranger.kill()


def test_a_faulty_configuration_is_told_whole_and_without_traceback(stack: Stack) -> None:
    stack.write({"environment": "local", "local": dict.fromkeys(PORTS, 8000), "wokers": {}})
    done = stack.pulumi("preview", check=False)
    assert done.returncode != 0
    told = done.stdout + done.stderr
    assert "costate:wokers" in told
    assert "did you mean 'workers'?" in told
    assert "Traceback" not in told
