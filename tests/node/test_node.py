from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from containers.product import EVERYWHERE, TEMPORARY
from installation import NAMESPACE
from live import DOUBLE_INTEGRATOR, eventually

from node.command import NEXT
from node.deployed import Deployed

pytestmark = pytest.mark.timeout(2400)

RATE_PER_S = 50
SLOW: dict[str, Any] = {
    "solver_type": "collocation",
    "problem_config": {"template": "goddard_rocket"},
    "solver_config": {"mesh_intervals": 100, "multi_start": 4},
}
"""Keeps a solver busy for many seconds."""


def question(distance: float) -> dict[str, Any]:
    problem = {**DOUBLE_INTEGRATOR, "final": {"x": distance, "v": 0}}
    return {"solver_type": "collocation", "problem_config": {"problem": problem}}


class Load:
    """Requests at a steady rate over few connections, and what became of them."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.answered = 0
        self.failed: list[str] = []
        self._lock = threading.Lock()

    def one(self, http: httpx.Client) -> None:
        try:
            answer = http.get(self.url)
            failure = "" if answer.status_code == 200 else f"{answer.status_code}: {answer.text[:200]}"
        except httpx.TransportError as error:
            failure = repr(error)
        with self._lock:
            if failure:
                self.failed.append(failure)
            else:
                self.answered += 1

    @contextmanager
    def running(self, rate_per_s: int = RATE_PER_S) -> Iterator[None]:
        stop = threading.Event()

        def send(pool: ThreadPoolExecutor, http: httpx.Client) -> None:
            due = time.monotonic()
            while not stop.is_set():
                pool.submit(self.one, http)
                due += 1 / rate_per_s
                time.sleep(max(0.0, due - time.monotonic()))

        # Each request is a connection of its own, as those of different clients are: all pods get some.
        limits = httpx.Limits(max_keepalive_connections=0)
        with httpx.Client(timeout=30, limits=limits) as http, ThreadPoolExecutor(32) as pool:
            sender = threading.Thread(target=send, args=(pool, http))
            sender.start()
            try:
                yield
            finally:
                stop.set()
                sender.join()


def test_a_problem_is_solved_through_the_service(deployed: Deployed) -> None:
    command = [sys.executable, "-m", "app.cli", "check-sample", "--url", deployed.url]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Solved brachistochrone: 1.801603" in done.stdout


@pytest.mark.parametrize("unit", ["api", "worker"])
def test_a_container_keeps_what_its_image_promises(deployed: Deployed, unit: str) -> None:
    pod = deployed.pods(unit)[0]
    process = deployed.process(pod)
    assert process["Uid"].split() == process["Gid"].split() == ["1000"] * 4
    assert all(int(process[name], 16) == 0 for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"))
    assert process["NoNewPrivs"] == "1"
    assert process["Seccomp"] == "2", "system calls are filtered"
    writable = deployed.inside(pod, "python", "-c", EVERYWHERE).stdout.split()
    volumes = {TEMPORARY, *(one["mountPath"] for one in pod["spec"]["containers"][0]["volumeMounts"])}
    assert [path for path in writable if not path.startswith(tuple(volumes))] == []
    refused = deployed.inside(pod, "touch", "/opt/costate/written")
    assert refused.returncode != 0
    assert "Read-only file system" in refused.stdout + refused.stderr


def test_the_api_grows_under_load_and_shrinks_after_it(deployed: Deployed) -> None:
    def scaler() -> dict[str, Any]:
        return deployed.api.get("autoscaling/v2", "HorizontalPodAutoscaler", "api", NAMESPACE)

    def measured() -> bool:
        return bool(scaler().get("status", {}).get("currentMetrics"))

    eventually(measured, seconds=120, what="the autoscaler has figures")
    least = scaler()["spec"]["minReplicas"]
    # What starting took may have called for more: that is over first.
    eventually(lambda: len(deployed.pods("api")) == least, seconds=900, what="it is calm")
    load = Load(f"{deployed.url}/api/templates")
    with load.running(4 * RATE_PER_S):
        eventually(
            lambda: scaler()["status"]["desiredReplicas"] > least, seconds=240, what="it asks for more"
        )
        eventually(lambda: len(deployed.pods("api")) > least, seconds=60, what="there are more pods")
    eventually(lambda: len(deployed.pods("api")) == least, seconds=900, what="they are gone again")
    print(f"{load.answered} requests answered, {len(load.failed)} failed")  # noqa: T201 - the measurement itself
    assert load.failed == []


def test_a_rolling_update_under_load_fails_no_request(deployed: Deployed) -> None:
    before = {pod["metadata"]["uid"] for pod in deployed.pods("api")}
    load = Load(f"{deployed.url}/api/solvers")
    with load.running():
        time.sleep(2)
        changed = deployed.up(image=NEXT)
        time.sleep(15)  # the last old pod has its time to drain
    after = deployed.pods("api")
    assert not before & {pod["metadata"]["uid"] for pod in after}
    assert {pod["spec"]["containers"][0]["image"] for pod in after} == {NEXT}
    assert any(name.endswith("api") for name in changed["update"])
    print(f"{load.answered} requests answered, {len(load.failed)} failed")  # noqa: T201 - the measurement itself
    assert load.failed == []
    assert load.answered > 10 * RATE_PER_S


def test_a_job_whose_worker_pod_is_deleted_is_taken_over(deployed: Deployed) -> None:
    job_id = deployed.submit(SLOW)
    eventually(lambda: deployed.job(job_id)["status"] == "running", seconds=120, what="the job runs")
    workers = deployed.pods("worker")
    [owner] = [pod for pod in workers if works_on(deployed, pod, job_id)]
    name = owner["metadata"]["name"]
    path = f"{deployed.api.path('v1', 'Pod', name, NAMESPACE)}?gracePeriodSeconds=0"
    deployed.api.ask("DELETE", path)
    others = [deployed.submit(question(2 + n)) for n in range(5)]
    job = deployed.job(job_id, wait=55)
    for _ in range(10):
        if job["status"] in ("completed", "failed"):
            break
        job = deployed.job(job_id, wait=55)
    assert job["status"] == "completed", job
    assert job["attempt"] == 2
    assert [deployed.job(one, wait=55)["outcome"] for one in others] == ["converged"] * 5
    eventually(lambda: len(deployed.pods("worker")) == 2, seconds=60, what="another worker is there")


def works_on(deployed: Deployed, pod: dict[str, Any], job_id: str) -> bool:
    """Whether a worker's log says that it has begun the job."""
    path = f"{deployed.api.path('v1', 'Pod', pod['metadata']['name'], NAMESPACE)}/log"
    lines = deployed.api.raw("GET", path).text.splitlines()
    return any(job_id in line and '"started"' in line for line in lines)
