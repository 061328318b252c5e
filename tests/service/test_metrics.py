"""What API and worker export is what the catalogue says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from live import DataStores, Service, eventually
from prometheus_client import Metric as Family
from prometheus_client.parser import text_string_to_metric_families

from app.jobs.attempt import ENDS
from app.jobs.slot import REASONS
from app.observability.metrics import CATALOGUE
from app.solvers.request import solvers

PROCESS = {"process_cpu_seconds", "process_resident_memory_bytes", "process_open_fds", "process_max_fds",
           "process_start_time_seconds", "process_virtual_memory_bytes"}  # fmt: skip


def families(url: str) -> dict[str, Family]:
    """What a process exports, by the name without `_total`."""
    text = httpx.get(f"{url}/metrics", timeout=10).text
    return {family.name: family for family in text_string_to_metric_families(text)}


def value(url: str, name: str, **labels: str) -> float | None:
    """A sample's value; of the sum where fewer labels are given than it has. None where there is none."""
    found = [
        sample.value
        for family in families(url).values()
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    ]
    return sum(found) if found else None


@pytest.fixture
def used(service: Service, quick: Any) -> Iterator[Service]:
    """A service that has solved something, and refused something."""
    assert service.job(service.submit(quick(2.5)), wait=60)["outcome"] == "converged"
    assert service.post({"solver_type": "none"}).status_code == 422
    return service


@pytest.mark.parametrize("process", ["api", "worker"])
def test_what_a_process_exports_is_catalogued_and_the_other_way_round(used: Service, process: str) -> None:
    url = used.url if process == "api" else used.workers[0].url
    exported = families(url)
    catalogued = {one.name.removesuffix("_total"): one for one in CATALOGUE if process in one.processes}
    assert set(exported) == catalogued.keys() | PROCESS
    for name, metric in catalogued.items():
        assert exported[name].type == metric.kind
        assert exported[name].documentation == metric.about
        for sample in exported[name].samples:
            assert set(sample.labels) - {"le"} == set(metric.labels), sample


def test_one_job_leaves_a_trace_in_every_metric(used: Service) -> None:
    told = {**families(used.url), **families(used.workers[0].url)}
    for metric in CATALOGUE:
        assert told[metric.name.removesuffix("_total")].samples, metric.name


def test_the_times_of_a_job_are_told_once_it_is_answered(used: Service) -> None:
    url = used.workers[0].url
    jobs = value(url, "costate_job_results_total", solver="collocation", status="converged")
    assert jobs
    for name in ("wait_seconds", "compile_seconds", "solve_seconds", "iterations"):
        assert value(url, f"costate_job_{name}_count", solver="collocation") == jobs, name
    assert value(url, "costate_jobs_finished_total", solver="collocation", outcome="completed") == jobs


def test_counters_of_what_may_go_wrong_are_there_before_it_does(used: Service) -> None:
    url = used.workers[0].url
    for solver in solvers():
        for end in ENDS:
            assert value(url, "costate_jobs_finished_total", solver=solver.name, outcome=end) is not None
    assert all(value(url, "costate_solver_respawns_total", reason=reason) is not None for reason in REASONS)
    assert value(url, "costate_jobs_dead_letters_total") == 0.0


def test_requests_that_ask_to_wait_are_measured_apart(used: Service, quick: Any) -> None:
    before = value(used.url, "costate_http_requests_total", route="/api/job/{job_id}") or 0.0
    job_id = used.submit(quick(2.75))
    used.job(job_id, wait=60)
    used.http.get(f"/api/job/{job_id}", headers={"Prefer": "respond-async, wait=5"})
    assert (value(used.url, "costate_http_requests_total", route="/api/job/{job_id}") or 0.0) == before
    used.job(job_id)
    assert value(used.url, "costate_http_requests_total", route="/api/job/{job_id}") == before + 1
    assert value(used.url, "costate_http_requests_total", route="/api/job/{job_id}?wait")


def test_a_request_being_answered_is_counted_as_open_and_no_longer_after(used: Service) -> None:
    assert value(used.url, "costate_http_requests_open") == 1.0  # the scrape itself


def test_waiting_jobs_are_told_by_solver(bare_service: Service, quick: Any) -> None:
    bare_service.submit(quick(1.0))
    bare_service.submit(quick(2.0))
    url = bare_service.url
    assert value(url, "costate_jobs", status="pending") == 2.0
    assert value(url, "costate_solver_jobs", status="pending", solver="collocation") == 2.0
    assert value(url, "costate_solver_jobs", status="pending", solver="pmp") == 0.0
    assert (value(url, "costate_jobs_oldest_pending_age_seconds") or 0.0) > 0.0
    assert value(url, "costate_jobs_pending_limit") == 10_000.0


def test_a_worker_tells_whether_its_stores_answer(stores: DataStores, bare_service: Service) -> None:
    url = bare_service.start_worker().url

    def up(dependency: str, expected: float) -> None:
        eventually(
            lambda: value(url, "costate_dependency_up", dependency=dependency) == expected,
            seconds=30,
            what=f"{dependency} is told {'up' if expected else 'down'}",
        )

    up("database", 1.0)
    up("redis", 1.0)
    stores.redis.stop()
    try:
        up("redis", 0.0)
    finally:
        stores.redis = stores.start_redis()
    up("redis", 1.0)
    stores.stop_postgres()
    try:
        up("database", 0.0)
    finally:
        stores.postgres = stores.start_postgres()
    up("database", 1.0)


def test_a_storage_that_does_not_answer_is_counted(
    stores: DataStores, tmp_path_factory: pytest.TempPathFactory, bare_service: Service, quick: Any
) -> None:
    unreachable = {
        "COSTATE_STORAGE_URL": "s3://nobody",
        "AWS_ENDPOINT": "http://127.0.0.1:9",
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
        "COSTATE_INLINE_RESULT_BYTES": "0",
    }
    url = bare_service.start_worker(**unreachable).url
    assert bare_service.job(bare_service.submit(quick(3.0)), wait=60)["outcome"] == "converged"
    assert value(url, "costate_storage_failures_total") == 1.0
