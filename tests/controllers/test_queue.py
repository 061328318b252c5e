"""Jobs that wait and run decide how many workers there are: KEDA, the autoscaler, and a real queue."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from api import Api
from installation import NAMESPACE
from live import DOUBLE_INTEGRATOR, DataStores, Service, eventually

from controllers.addons import start_keda
from controllers.plane import Plane
from controllers.played import Workers
from controllers.product import FIRST, MOST_WORKERS, declared, put

LONG_S = 180


@pytest.fixture(scope="module")
def service(place: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """An API on real data stores; its workers are the pods'."""
    stores = DataStores(tmp_path_factory.mktemp("stores"))
    made = Service(stores, tmp_path_factory.mktemp("service"), tmp_path_factory.mktemp("compiled"))
    made.start_api()
    yield made
    made.stop()
    stores.stop()


@pytest.fixture(scope="module")
def workers(plane: Plane, api: Api, service: Service) -> Workers:
    """The product, scaled by KEDA, whose plain HTTP requests all end at the API's process."""
    start_keda(plane, api, proxy=service.url)
    put(api, declared(FIRST, "canary", "http://nobody.invalid"))
    made = Workers(api, service)
    eventually(lambda: replicas(api) == 1, seconds=LONG_S, what="one worker, for nothing waits")
    return made


def replicas(api: Api) -> int:
    return int(api.get("apps/v1", "Deployment", "worker", NAMESPACE)["spec"]["replicas"])


def submit(service: Service, distance: float) -> str:
    problem = {**DOUBLE_INTEGRATOR, "final": {"x": distance, "v": 0}}
    return service.submit({"solver_type": "collocation", "problem_config": {"problem": problem}})


def running(service: Service) -> int:
    [(count,)] = service.rows("SELECT count(*) FROM jobs WHERE status = 'running'")
    return int(count)


def followed(workers: Workers, done: Callable[[], Any]) -> Callable[[], Any]:
    def ask() -> Any:
        workers.follow()
        return done()

    return ask


def test_a_queue_scales_workers_up_and_back_and_no_running_job_is_lost(
    api: Api, service: Service, workers: Workers
) -> None:
    jobs = [submit(service, 1 + number / 10) for number in range(MOST_WORKERS)]
    eventually(
        followed(workers, lambda: running(service) == MOST_WORKERS),
        seconds=LONG_S,
        what="a worker for each job",
    )
    assert replicas(api) == MOST_WORKERS
    # As long as all run, none goes, for longer than it would take to send one away.
    until = time.monotonic() + 15
    while time.monotonic() < until:
        workers.follow()
        assert replicas(api) == MOST_WORKERS
        time.sleep(0.2)
    # One ends: one worker goes, maybe one that runs a job, which it may finish.
    first = next(iter(workers.there.values()))
    first.solver().resume()
    eventually(
        followed(workers, lambda: replicas(api) == running(service) == MOST_WORKERS - 1),
        seconds=LONG_S,
        what="one worker fewer",
    )
    workers.let()
    eventually(followed(workers, lambda: replicas(api) == 1), seconds=LONG_S, what="one worker is left")
    found = [service.job(job_id, wait=60) for job_id in jobs]
    assert [(job["outcome"], job["attempt"]) for job in found] == [("converged", 1)] * MOST_WORKERS
    eventually(
        lambda: all(one.process.poll() is not None for one in workers.leaving),
        seconds=LONG_S,
        what="those sent away are gone",
    )


def test_more_jobs_than_workers_may_be_wait_and_are_all_solved(
    api: Api, service: Service, workers: Workers
) -> None:
    workers.hold()
    jobs = [submit(service, 2 + number / 10) for number in range(3 * MOST_WORKERS)]
    eventually(
        followed(workers, lambda: running(service) == MOST_WORKERS), seconds=LONG_S, what="as many as may be"
    )
    assert replicas(api) == MOST_WORKERS
    workers.let()
    found = [service.job(job_id, wait=60) for job_id in jobs]
    assert {(job["outcome"], job["attempt"]) for job in found} == {("converged", 1)}
    eventually(followed(workers, lambda: replicas(api) == 1), seconds=LONG_S, what="one worker is left")
