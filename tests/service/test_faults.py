"""Nothing is lost and nothing is done twice, whatever is killed, stopped or cut off."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Any

import httpx
import psutil
import pytest
from live import DataStores, Running, Service, eventually
from sqlalchemy import text

from app.jobs.attempt import UNREACHABLE
from app.jobs.connection import engine

Frozen = Callable[[Running], AbstractContextManager[None]]

ATTEMPTS = "SELECT attempt, status FROM jobs"


def test_fifty_jobs_at_once_complete_exactly_once(service: Service, quick: Any) -> None:
    with ThreadPoolExecutor(16) as pool:
        ids = list(pool.map(lambda n: service.submit(quick(10 + n / 16)), range(50)))
    jobs = [service.job(job_id, wait=60) for job_id in ids]
    assert [job["outcome"] for job in jobs] == ["converged"] * 50
    assert {job["attempt"] for job in jobs} == {1}
    costs = [job["result"]["cost"] for job in jobs]
    assert costs == pytest.approx([12 * (10 + n / 16) ** 2 for n in range(50)], rel=1e-6)


def test_a_worker_killed_amid_fifty_jobs_loses_none_and_doubles_none(
    bare_service: Service, quick: Any
) -> None:
    victim = bare_service.start_worker()
    bare_service.start_worker()
    ids = [bare_service.submit(quick(10 + n / 16)) for n in range(50)]
    eventually(
        lambda: bare_service.rows("SELECT 1 FROM jobs WHERE status = 'completed'"), seconds=60, what="work"
    )
    victim.kill()
    jobs = [bare_service.job(job_id, wait=60) for job_id in ids]
    assert [job["outcome"] for job in jobs] == ["converged"] * 50
    assert len({job["job_id"] for job in jobs}) == 50
    assert all(job["attempt"] <= 2 for job in jobs)
    ended = [
        record["job"]
        for worker in bare_service.workers
        for line in worker.log.read_text().splitlines()
        if line.startswith("{") and (record := json.loads(line)).get("outcome") == "completed"
    ]
    assert len(set(ended)) == len(ended), "a job was completed twice"


def test_a_job_of_a_killed_worker_is_taken_over(bare_service: Service, slow: Any) -> None:
    first = bare_service.start_worker()
    job_id = bare_service.submit(slow)
    bare_service.until(job_id, "running")
    children = first.children()
    first.kill()
    psutil.wait_procs(children, timeout=10)
    assert not [child for child in children if child.is_running()], "solver processes outlived their worker"
    second = bare_service.start_worker()
    eventually(lambda: bare_service.rows(ATTEMPTS) == [(2, "running")], seconds=30, what="taken over")
    assert second.process.poll() is None


def test_a_suspended_worker_that_comes_back_changes_nothing(bare_service: Service, slow: Any) -> None:
    zombie = bare_service.start_worker()
    job_id = bare_service.submit(slow)
    bare_service.until(job_id, "running")
    owner = "SELECT lease_owner FROM jobs"
    first = bare_service.rows(owner)
    zombie.signal(signal.SIGSTOP)
    bare_service.start_worker()
    eventually(lambda: bare_service.rows(ATTEMPTS) == [(2, "running")], seconds=30, what="taken over")
    second = bare_service.rows(owner)
    assert second != first
    zombie.signal(signal.SIGCONT)
    eventually(lambda: "lease lost" in zombie.log.read_text(), seconds=20, what="the lost lease is noticed")
    # The second worker goes on, or has finished by now; the first has changed nothing.
    assert bare_service.rows(owner) in (second, [(None,)])
    assert [attempt for attempt, _ in bare_service.rows(ATTEMPTS)] == [2]


def test_a_worker_suspended_amid_a_transaction_does_not_keep_its_job(
    bare_service: Service, slow: Any
) -> None:
    first = bare_service.start_worker()
    job_id = bare_service.submit(slow)
    bare_service.until(job_id, "running")
    frozen = engine(bare_service.database_url)
    with frozen.connect() as connection:  # as that of a worker whose process stands still amid its heartbeat
        connection.execute(text("UPDATE jobs SET progress = NULL"))
        first.kill()
        bare_service.start_worker()
        eventually(lambda: bare_service.rows(ATTEMPTS) == [(2, "running")], seconds=30, what="taken over")
        # What comes back finds a database that does not answer, and tries again as it would then.
        with pytest.raises(UNREACHABLE):
            connection.execute(text("UPDATE jobs SET progress = NULL"))
    frozen.dispose()


def test_cancelling_a_running_job_stops_its_solver(bare_service: Service, slow: Any, quick: Any) -> None:
    worker = bare_service.start_worker()
    job_id = bare_service.submit(slow)
    bare_service.until(job_id, "running")
    solvers = worker.children()
    assert bare_service.http.post(f"/api/job/{job_id}/cancel").status_code == 200
    second = bare_service.http.post(f"/api/job/{job_id}/cancel")
    assert second.status_code == 409
    assert second.headers["content-type"] == "application/problem+json"
    job = bare_service.until(job_id, "cancelled", seconds=20)
    assert job["cancel_requested_at"]
    assert not [process for process in solvers if process.is_running()]
    # The slot is of use again.
    assert bare_service.job(bare_service.submit(quick(1.0)), wait=60)["outcome"] == "converged"


def test_a_waiting_job_is_cancelled_without_a_worker(bare_service: Service, quick: Any) -> None:
    job_id = bare_service.submit(quick(1.0))
    assert bare_service.http.post(f"/api/job/{job_id}/cancel").json()["status"] == "cancelled"
    assert bare_service.http.post(f"/api/job/{job_id}/cancel").status_code == 409


def test_a_job_that_kills_every_solver_is_given_up(bare_service: Service, slow: Any, quick: Any) -> None:
    worker = bare_service.start_worker()
    job_id = bare_service.submit(slow)

    def killed() -> bool:
        job = bare_service.job(job_id)
        for process in worker.children() if job["status"] == "running" else []:
            process.kill()
        return bool(job["status"] == "failed")

    eventually(killed, seconds=60, what="given up")
    job = bare_service.job(job_id)
    assert job["error"]["code"] == "worker_lost"
    assert bare_service.rows("SELECT attempt, dead_letter FROM jobs") == [(3, True)]
    assert bare_service.job(bare_service.submit(quick(1.0)), wait=60)["outcome"] == "converged"


def test_a_worker_asked_to_stop_gives_its_job_back(bare_service: Service, slow: Any) -> None:
    worker = bare_service.start_worker(COSTATE_WORKER_GRACE_S="1")
    job_id = bare_service.submit(slow)
    bare_service.until(job_id, "running")
    worker.signal(signal.SIGTERM)
    worker.process.wait(20)
    assert bare_service.rows(ATTEMPTS) == [(0, "pending")]


def test_without_redis_jobs_are_taken_and_solved(
    bare_service: Service, stores: DataStores, quick: Any
) -> None:
    bare_service.start_worker()
    stores.redis.kill()
    try:
        assert bare_service.http.get("/ready").json()["status"] == "degraded"
        job_id = bare_service.submit(quick(1.0))
        assert bare_service.job(job_id, wait=60)["outcome"] == "converged"
    finally:
        stores.redis = stores.start_redis()
    eventually(
        lambda: bare_service.http.get("/ready").json()["status"] == "ready", seconds=20, what="Redis is back"
    )
    assert bare_service.job(bare_service.submit(quick(2.0)), wait=60)["outcome"] == "converged"


def test_jobs_submitted_before_any_worker_are_found(
    bare_service: Service, stores: DataStores, quick: Any
) -> None:
    ids = [bare_service.submit(quick(1.0 + n)) for n in range(3)]
    stores.redis.kill()  # whatever was queued is gone
    stores.redis = stores.start_redis()
    bare_service.start_worker()
    assert [bare_service.job(job_id, wait=60)["outcome"] for job_id in ids] == ["converged"] * 3


def test_the_result_of_a_suspended_worker_is_not_taken(
    bare_service: Service, quick: Any, frozen: Frozen
) -> None:
    zombie = bare_service.start_worker()
    with frozen(zombie):
        job_id = bare_service.submit(quick(1.0))
        bare_service.until(job_id, "running")
        zombie.signal(signal.SIGSTOP)
    # Its solver goes on and answers; meanwhile another worker takes the job over and completes it.
    bare_service.start_worker()
    job = bare_service.job(job_id, wait=60)
    assert (job["outcome"], job["attempt"]) == ("converged", 2)
    before = bare_service.http.get(f"/api/job/{job_id}")
    zombie.signal(signal.SIGCONT)
    eventually(lambda: "lease lost" in zombie.log.read_text(), seconds=20, what="the result is refused")
    after = bare_service.http.get(f"/api/job/{job_id}")
    assert (after.headers["etag"], after.json()) == (before.headers["etag"], before.json())


def test_a_solve_beyond_its_time_is_killed_and_says_so(
    bare_service: Service, quick: Any, frozen: Frozen
) -> None:
    worker = bare_service.start_worker(COSTATE_COMPILE_GRACE_S="0.5")
    with frozen(worker):
        before = worker.solver().pid
        job_id = bare_service.submit({**quick(1.0), "solver_config": {"time_limit_s": 0.5}})
        job = bare_service.job(job_id, wait=30)
    assert (job["status"], job["error"]["code"]) == ("failed", "deadline")
    assert not psutil.pid_exists(before)
    assert bare_service.job(bare_service.submit(quick(2.0)), wait=60)["outcome"] == "converged"


def test_a_worker_asked_to_stop_finishes_what_it_can(
    bare_service: Service, quick: Any, frozen: Frozen
) -> None:
    worker = bare_service.start_worker(COSTATE_WORKER_GRACE_S="30")
    with frozen(worker):
        job_id = bare_service.submit(quick(1.0))
        bare_service.until(job_id, "running")
        waiting = bare_service.submit(quick(2.0))
        worker.signal(signal.SIGTERM)
        eventually(lambda: not _ready(worker, bare_service), seconds=20, what="no more jobs are taken")
    assert worker.process.wait(30) == 0
    assert bare_service.job(job_id)["outcome"] == "converged"
    assert bare_service.job(waiting)["status"] == "pending"


def _ready(worker: Running, service: Service) -> bool:
    return bool(service.http.get(f"{worker.url}/ready").status_code == 200)


def test_a_worker_stops_although_redis_is_away(
    bare_service: Service, stores: DataStores, quick: Any, frozen: Frozen
) -> None:
    worker = bare_service.start_worker()
    stores.redis.kill()
    try:
        with frozen(worker):
            job_id = bare_service.submit(quick(1.0))
            bare_service.until(job_id, "running")
            worker.signal(signal.SIGTERM)
            worker.process.wait(30)
        assert bare_service.rows(ATTEMPTS) == [(0, "pending")]
    finally:
        stores.redis = stores.start_redis()


def test_a_redis_that_does_not_answer_holds_no_request_up(
    bare_service: Service, stores: DataStores, quick: Any
) -> None:
    bare_service.start_worker()
    stores.redis.signal(signal.SIGSTOP)
    try:
        ids = [bare_service.submit(quick(1.0 + n)) for n in range(5)]
        assert [bare_service.job(job_id, wait=60)["outcome"] for job_id in ids] == ["converged"] * 5
    finally:
        stores.redis.signal(signal.SIGCONT)


def test_a_database_that_restarts_loses_nothing(
    bare_service: Service, stores: DataStores, quick: Any, frozen: Frozen
) -> None:
    worker = bare_service.start_worker(COSTATE_LEASE_S="60")
    with frozen(worker):
        job_id = bare_service.submit(quick(1.0))
        bare_service.until(job_id, "running")
        stores.stop_postgres()
        try:
            refused = bare_service.post(quick(2.0))
            assert (refused.status_code, refused.headers["content-type"]) == (503, "application/problem+json")
            assert bare_service.http.get("/ready").status_code == 503
            assert bare_service.http.get("/health").status_code == 200
            assert (
                'costate_dependency_up{dependency="database"} 0.0' in bare_service.http.get("/metrics").text
            )
        finally:
            stores.postgres = stores.start_postgres()
    job = bare_service.job(job_id, wait=60)
    assert (job["outcome"], job["attempt"]) == ("converged", 1)
    assert bare_service.job(bare_service.submit(quick(2.0)), wait=60)["outcome"] == "converged"


def test_those_who_wait_are_answered_when_the_api_stops(bare_service: Service, quick: Any) -> None:
    job_id = bare_service.submit(quick(1.0))  # there is no worker
    answers: dict[str, httpx.Response] = {}

    def ask(path: str) -> None:
        answers[path] = httpx.get(f"{bare_service.url}/api/job/{job_id}{path}", timeout=60)

    waiting = [threading.Thread(target=ask, args=(path,)) for path in ("?wait=50", "/events")]
    for thread in waiting:
        thread.start()
    time.sleep(1.0)
    bare_service.api.signal(signal.SIGTERM)
    for thread in waiting:
        thread.join(30)
    bare_service.api.process.wait(30)
    assert [answers[path].status_code for path in ("?wait=50", "/events")] == [200, 200]
    assert answers["?wait=50"].json()["status"] == "pending"
    assert "event: status" in answers["/events"].text
