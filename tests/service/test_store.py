"""Who may change a job: rules of the row, on a real PostgreSQL."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from alembic import command
from alembic.config import Config
from live import DataStores
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm.exc import DetachedInstanceError

from app.jobs.fleet import Fleet, WorkerSeen
from app.jobs.leases import Claim, Outcome
from app.jobs.model import MAX_ATTEMPTS, Job
from app.jobs.schema import migrate, state
from app.jobs.store import (
    Filters,
    IdempotencyConflictError,
    IdempotencyInFlightError,
    JobStore,
    NotCancellableError,
    QueueFullError,
    UnknownJobError,
)
from app.solvers.request import CheckedRequest, check

CONVERGED = Outcome(result={"cost": 12.0}, summary={"status": "converged", "cost": 12.0})


@pytest.fixture
def store(stores: DataStores) -> Iterator[JobStore]:
    made = JobStore(stores.new_database())
    migrate(made.engine)
    yield made
    made.engine.dispose()


@pytest.fixture
def request_(quick: Any) -> CheckedRequest:
    body = quick(1.0)
    return check(body["solver_type"], body["problem_config"], None)


def claimed(store: JobStore, job: Job, owner: str = "a", lease_s: float = 30.0) -> Claim:
    claim = store.claim(job.id, owner, lease_s)
    assert claim is not None
    return claim


def test_two_migrations_at_once_leave_one_newest_schema(stores: DataStores) -> None:
    url = stores.new_database()
    made = [JobStore(url), JobStore(url)]
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda one: migrate(one.engine), made))
    assert all(state(one.engine) == "current" for one in made)


def test_a_claimed_job_is_not_given_to_a_second_worker(store: JobStore, request_: CheckedRequest) -> None:
    job, _ = store.submit(request_)
    claimed(store, job)
    assert store.claim(job.id, "b", 30.0) is None


def test_of_many_workers_at_once_one_gets_the_job(store: JobStore, request_: CheckedRequest) -> None:
    job, _ = store.submit(request_)
    with ThreadPoolExecutor(8) as pool:
        claims = list(pool.map(lambda n: store.claim(job.id, f"worker-{n}", 30.0), range(8)))
    assert sum(claim is not None for claim in claims) == 1


def test_the_attempt_is_counted_at_the_claim(store: JobStore, request_: CheckedRequest) -> None:
    job, _ = store.submit(request_)
    assert [claimed(store, job, "a", 0.0).attempt, claimed(store, job, "b", 0.0).attempt] == [1, 2]


def test_the_result_of_a_stale_owner_is_refused(store: JobStore, request_: CheckedRequest) -> None:
    job, _ = store.submit(request_)
    stale = claimed(store, job, "a", 0.0)
    fresh = claimed(store, job, "b")
    assert not store.finish(stale, CONVERGED)
    assert store.heartbeat(stale, 30.0, None) is None
    assert store.finish(fresh, CONVERGED)
    assert store.get(job.id).status == "completed"


def test_a_finished_job_is_not_finished_again(store: JobStore, request_: CheckedRequest) -> None:
    job, _ = store.submit(request_)
    claim = claimed(store, job)
    assert store.finish(claim, CONVERGED)
    assert not store.finish(claim, Outcome(error={"code": "late"}))
    assert store.get(job.id).error is None


def test_a_job_lost_too_often_is_given_up_with_a_mark(store: JobStore, request_: CheckedRequest) -> None:
    job, _ = store.submit(request_)
    for attempt in range(MAX_ATTEMPTS):
        claimed(store, job, f"worker-{attempt}", 0.0)
    assert store.claim(job.id, "one-more", 30.0) is None
    assert store.bury() == 1
    ended = store.get(job.id)
    assert (ended.status, ended.dead_letter) == ("failed", True)
    assert ended.error is not None
    assert ended.error["code"] == "worker_lost"


def test_a_released_job_does_not_lose_an_attempt(store: JobStore, request_: CheckedRequest) -> None:
    job, _ = store.submit(request_)
    assert store.release(claimed(store, job))
    ended = store.get(job.id)
    assert (ended.status, ended.attempt) == ("pending", 0)


def test_forgotten_jobs_are_told_once_by_many_sweepers(store: JobStore, request_: CheckedRequest) -> None:
    job, _ = store.submit(request_)
    assert list(store.forgotten()) == []
    store.untold([job.id])
    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(lambda _: list(store.forgotten()), range(4)))
    assert [job_id for ids in told for job_id in ids] == [job.id]


def test_a_job_whose_worker_is_silent_is_told_again(store: JobStore, request_: CheckedRequest) -> None:
    job, _ = store.submit(request_)
    claimed(store, job, "a", 0.1)
    time.sleep(0.3)
    assert list(store.forgotten()) == [job.id]


def test_a_waiting_job_is_cancelled_at_once(store: JobStore, request_: CheckedRequest) -> None:
    job, _ = store.submit(request_)
    assert store.cancel(job.id).status == "cancelled"
    assert store.claim(job.id, "a", 30.0) is None


def test_a_second_cancel_is_refused(store: JobStore, request_: CheckedRequest) -> None:
    job, _ = store.submit(request_)
    claim = claimed(store, job)
    assert store.cancel(job.id).status == "running"
    with pytest.raises(NotCancellableError, match="asked for already"):
        store.cancel(job.id)
    assert store.heartbeat(claim, 30.0, None) is True


def test_a_job_that_finished_after_a_cancel_request_says_so(
    store: JobStore, request_: CheckedRequest
) -> None:
    job, _ = store.submit(request_)
    claim = claimed(store, job)
    store.cancel(job.id)
    assert store.finish(claim, CONVERGED)
    ended = store.get(job.id)
    assert ended.status == "completed"
    assert ended.cancel_requested_at is not None


def test_an_unknown_job_is_an_error_of_its_own(store: JobStore, request_: CheckedRequest) -> None:
    job, _ = store.submit(request_)
    with pytest.raises(UnknownJobError):
        store.get(type(job.id)(int=1))


def test_one_key_gives_one_job_however_often_it_is_sent(store: JobStore, request_: CheckedRequest) -> None:
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: store.submit(request_, idempotency=("key", "same")), range(6)))
    assert len({job.id for job, _ in answers}) == 1
    assert sum(new for _, new in answers) == 1
    with pytest.raises(IdempotencyConflictError):
        store.submit(request_, idempotency=("key", "other"))


def test_the_same_question_is_answered_from_an_earlier_answer(
    store: JobStore, request_: CheckedRequest
) -> None:
    first, _ = store.submit(request_)
    assert store.finish(claimed(store, first), CONVERGED)
    second, _ = store.submit(request_)
    assert (second.status, second.cached, second.cost) == ("completed", True, 12.0)


def test_an_answer_that_did_not_converge_is_not_given_again(
    store: JobStore, request_: CheckedRequest
) -> None:
    first, _ = store.submit(request_)
    unsure = Outcome(result={"cost": 3.0}, summary={"status": "max_iterations", "cost": 3.0})
    assert store.finish(claimed(store, first), unsure)
    assert store.submit(request_)[0].status == "pending"


def test_a_full_service_takes_no_more(store: JobStore, request_: CheckedRequest) -> None:
    store.submit(request_, max_pending=1)
    with pytest.raises(QueueFullError):
        store.submit(request_, max_pending=1)


def test_pages_show_every_job_once(store: JobStore, request_: CheckedRequest) -> None:
    expected = [store.submit(request_)[0].id for _ in range(7)][::-1]
    seen, cursor = [], None
    while True:
        page, cursor = store.list(Filters(), limit=3, cursor=cursor)
        seen += [job.id for job in page]
        if cursor is None:
            break
    assert seen == expected


def test_a_job_whose_solver_died_waits_again_until_its_attempts_are_spent(
    store: JobStore, request_: CheckedRequest
) -> None:
    job, _ = store.submit(request_)
    for attempt in range(1, MAX_ATTEMPTS + 1):
        assert store.lost(claimed(store, job))
        assert store.get(job.id).attempt == attempt
    ended = store.get(job.id)
    assert (ended.status, ended.dead_letter) == ("failed", True)


def test_a_cancelled_job_that_was_given_back_is_cancelled_not_run(
    store: JobStore, request_: CheckedRequest
) -> None:
    job, _ = store.submit(request_)
    claim = claimed(store, job)
    store.cancel(job.id)
    assert store.release(claim)
    assert store.claim(job.id, "b", 30.0) is None
    assert store.bury() == 0
    assert store.get(job.id).status == "cancelled"


def test_a_cancelled_job_whose_worker_died_is_cancelled_not_given_up(
    store: JobStore, request_: CheckedRequest
) -> None:
    job, _ = store.submit(request_)
    for attempt in range(MAX_ATTEMPTS):
        claimed(store, job, f"worker-{attempt}", 0.0)
    store.cancel(job.id)
    assert store.bury() == 0
    assert (store.get(job.id).status, store.get(job.id).dead_letter) == ("cancelled", False)


def test_idle_workers_take_the_oldest_jobs_each_another(store: JobStore, request_: CheckedRequest) -> None:
    expected = [store.submit(request_)[0].id for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        claims = list(pool.map(lambda n: store.claim_oldest(f"worker-{n}", 30.0), range(6)))
    taken = [claim.job_id for claim in claims if claim is not None]
    assert len(set(taken)) == len(taken)
    rest = []
    while (claim := store.claim_oldest("last", 30.0)) is not None:
        rest.append(claim.job_id)
    assert sorted(taken + rest, key=str) == sorted(expected, key=str)
    assert rest == [job_id for job_id in expected if job_id in rest]


def test_a_job_is_left_to_its_hint_for_a_while(store: JobStore, request_: CheckedRequest) -> None:
    store.submit(request_)
    assert store.claim_oldest("a", 30.0, waiting_s=60.0) is None
    assert store.claim_oldest("a", 30.0) is not None


def test_a_batch_that_does_not_fit_stores_nothing(store: JobStore, request_: CheckedRequest) -> None:
    asked = [(request_, f"{n}") for n in range(3)]
    with pytest.raises(QueueFullError):
        store.submit_batch(asked, UUID(int=1), max_pending=2)
    assert store.counts()["pending"] == {}
    assert len(store.submit_batch(asked, UUID(int=1), max_pending=3)) == 3


def test_a_key_that_is_being_used_for_long_is_refused(store: JobStore, request_: CheckedRequest) -> None:
    with store.engine.begin() as held:
        held.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('key', 0))"))
        with pytest.raises(IdempotencyInFlightError):
            store.submit(request_, idempotency=("key", "same"))
    assert store.submit(request_, idempotency=("key", "same"))[1]


def test_lists_leave_out_what_is_large(store: JobStore, request_: CheckedRequest) -> None:
    store.submit(request_)
    [job], _ = store.list(Filters(), limit=5, cursor=None)
    assert job.digest == request_.digest
    with pytest.raises(DetachedInstanceError):
        _ = job.request


def test_numbers_that_json_has_not_are_stored_as_null(store: JobStore, request_: CheckedRequest) -> None:
    job, _ = store.submit(request_)
    odd = {"cost": float("nan"), "time": np.array([0.0, np.inf])}
    assert store.finish(claimed(store, job), Outcome(result=odd, summary={"status": "diverged"}))
    assert store.get(job.id).result == {"cost": None, "time": [0.0, None]}


def test_workers_are_known_while_they_tell_of_themselves(store: JobStore) -> None:
    fleet = Fleet(store.engine)
    first, second = (
        WorkerSeen(name, "1", 2, 0, [device]) for name, device in (("a", "TFRT_CPU_0"), ("b", "cuda:0"))
    )
    for worker in (first, second, first):
        fleet.tell(worker)
    assert fleet.alive() == [first, second]
    fleet.leave("b")
    assert fleet.alive() == [first]


def test_a_migration_that_fails_says_why_and_leaves_no_lock(
    stores: DataStores, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = JobStore(stores.new_database())
    with monkeypatch.context() as broken:

        def fail(*_: object) -> None:
            config = _[0]
            assert isinstance(config, Config)
            config.attributes["connection"].execute(text("SELECT 1 FROM nowhere"))

        broken.setattr(command, "upgrade", fail)
        with pytest.raises(ProgrammingError, match="nowhere"):
            migrate(made.engine)
    migrate(made.engine)
    assert state(made.engine) == "current"
    made.engine.dispose()


def test_a_hint_waits_for_whoever_holds_the_row_for_a_moment(
    store: JobStore, request_: CheckedRequest
) -> None:
    job, _ = store.submit(request_)
    with ThreadPoolExecutor(1) as pool:
        with store.engine.begin() as held:
            held.execute(text("UPDATE jobs SET title = 'held'"))
            claim = pool.submit(store.claim, job.id, "a", 30.0)
            with pytest.raises(TimeoutError):
                claim.result(0.5)
        assert claim.result(10) is not None
