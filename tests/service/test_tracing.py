"""One trace from a request to its stored result, over the queue; and a collector that is not there."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from collector import Collector
from live import HOST, DataStores, Running, Service, eventually

CALLER = "4bf92f3577b34da6a3ce929d0e0e4736"
"""The trace of a client that traces, too."""

SOON = {"OTEL_BSP_SCHEDULE_DELAY": "200"}
"""Milliseconds between two batches."""


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with Collector() as made:
        yield made


@pytest.fixture(scope="module")
def traced(
    stores: DataStores, tmp_path_factory: pytest.TempPathFactory, compiled: Path, collector: Collector
) -> Iterator[Service]:
    """API and a worker that send to the collector."""
    made = Service(stores, tmp_path_factory.mktemp("traced"), compiled)
    settings = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, **SOON}
    try:
        made.start_api(**settings)
        made.start_worker(**settings)
        yield made
    finally:
        made.stop()


def logged(log: str, event: str) -> list[dict[str, Any]]:
    """Whole lines of a JSON log with this event."""
    found = [json.loads(line) for line in log.splitlines(keepends=True) if re.fullmatch(r"\{.*\n", line)]
    return [line for line in found if line["event"] == event]


def ended(worker: Running, job_id: str) -> dict[str, Any]:
    """The one line in which the worker says that the job has ended: written after its result is stored."""

    def lines() -> list[dict[str, Any]]:
        return [line for line in logged(worker.log.read_text(), "ended") if line["job"] == job_id]

    [line] = eventually(lines, seconds=20, what="the worker has logged the job's end")
    return line


def test_a_trace_leads_from_the_request_through_the_queue_to_the_stored_result(
    traced: Service, collector: Collector, quick: Any
) -> None:
    answer = traced.post(quick(1.25), traceparent=f"00-{CALLER}-00f067aa0ba902b7-01")
    job = traced.job(answer.json()["job_id"], wait=60)
    assert job["trace_id"] == CALLER
    wanted = {"POST /api/solve", "check", "tell the queue", "job collocation", "queue", "verify", "store"}
    eventually(lambda: wanted <= collector.of(CALLER).keys(), seconds=20, what="all spans have arrived")
    spans = collector.of(CALLER)
    request, work = spans["POST /api/solve"], spans["job collocation"]
    assert (request.service, work.service) == ("costate-api", "costate-worker")
    assert request.parent == "00f067aa0ba902b7"
    assert work.parent == spans["check"].parent == spans["tell the queue"].parent == request.id
    assert request.attributes["http.response.status_code"] == 202
    stages = {"queue", "compile", "solve", "refine", "verify", "store"} & spans.keys()
    assert stages >= {"queue", "solve", "verify", "store"}
    for name in stages:
        assert spans[name].parent == work.id, name
        assert work.begun_ns <= spans[name].begun_ns <= spans[name].ended_ns <= work.ended_ns, name
    assert spans["queue"].ended_ns <= spans["verify"].begun_ns <= spans["verify"].ended_ns
    assert spans["verify"].ended_ns <= spans["store"].begun_ns
    assert work.attributes["costate.job"] == job["job_id"]
    assert work.attributes["costate.result"] == "converged"
    assert work.attributes["costate.solve_s"] == job["result"]["timings"]["solve_s"]
    assert not any(span.failed for span in spans.values())


def test_a_trace_is_found_from_the_job_and_from_the_logs(
    traced: Service, collector: Collector, quick: Any
) -> None:
    job = traced.job(traced.submit(quick(1.5)), wait=60)
    assert re.fullmatch(r"[0-9a-f]{32}", job["trace_id"])
    assert ended(traced.workers[0], job["job_id"])["trace_id"] == job["trace_id"]
    listed = traced.http.get("/api/jobs").json()["jobs"]
    assert job["trace_id"] in {one["trace_id"] for one in listed}
    eventually(lambda: "store" in collector.of(job["trace_id"]), seconds=20, what="the trace is there")
    names = {span.name for span in collector.spans}
    assert not any("/ready" in name or "/health" in name for name in names), names


def test_a_job_that_fails_is_a_failed_span(traced: Service, collector: Collector, slow: Any) -> None:
    slow["solver_config"] |= {"time_limit_s": 1.0}
    job = traced.job(traced.submit(slow), wait=60)
    assert job["status"] in ("completed", "failed")
    eventually(lambda: "job collocation" in collector.of(job["trace_id"]), seconds=20, what="it is there")
    span = collector.of(job["trace_id"])["job collocation"]
    assert span.failed is (job["status"] == "failed")


@pytest.fixture
def silent() -> Iterator[str]:
    """A collector that takes connections and never answers: worse than one that is gone."""
    with socket.create_server((HOST, 0)) as listening:
        yield f"http://{HOST}:{listening.getsockname()[1]}"


def test_a_collector_that_never_answers_delays_no_job_and_no_farewell(
    stores: DataStores, tmp_path: Path, compiled: Path, silent: str, quick: Any
) -> None:
    service = Service(stores, tmp_path, compiled)
    # Fewer spans are kept than the jobs have.
    few = {"OTEL_BSP_MAX_QUEUE_SIZE": "4", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "2"}
    settings = {"OTEL_EXPORTER_OTLP_ENDPOINT": silent, **SOON, **few}
    try:
        api, worker = service.start_api(**settings), service.start_worker(**settings)
        jobs = [service.submit(quick(2.0 + n / 8)) for n in range(6)]
        assert {service.job(job, wait=60)["outcome"] for job in jobs} == {"converged"}
        for running in (worker, api):
            running.process.terminate()
            running.process.wait(20)  # neither has to be killed
        assert logged(worker.log.read_text(), "stopped")
    finally:
        service.stop()


def test_without_an_endpoint_nothing_is_recorded(service: Service, quick: Any) -> None:
    answer = service.post(quick(1.75), traceparent=f"00-{CALLER}-00f067aa0ba902b7-01")
    job = service.job(answer.json()["job_id"], wait=60)
    assert job["outcome"] == "converged"
    assert job["trace_id"] is None
    assert service.rows("SELECT DISTINCT trace FROM jobs") == [(None,)]
    assert "trace_id" not in ended(service.workers[0], job["job_id"])
