"""The catalogue of metrics: the one list from which the service, the rules and the dashboards are made."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal, cast, get_args

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

Kind = Literal["counter", "gauge", "histogram"]
Process = Literal["api", "worker"]


@dataclass(frozen=True)
class Metric:
    """One metric; names end in their unit. `buckets` are upper bounds of a histogram.

    `processes` are those that export it. What an API process tells of the whole service, such as the jobs that
    wait, every replica tells alike.
    """

    name: str
    kind: Kind
    about: str
    processes: tuple[Process, ...]
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


API: tuple[Process, ...] = ("api",)
WORKER: tuple[Process, ...] = ("worker",)
BOTH: tuple[Process, ...] = ("api", "worker")

FAST = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 2.5, 5.0, 10.0, 60.0)
SLOW = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0)
STEPS = (5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0)

BUILD = Metric(
    "costate_build_info", "gauge", "1; its labels say what runs.", BOTH, ("version", "solver_version")
)
UP = Metric("costate_dependency_up", "gauge", "1 when the dependency answers, else 0.", BOTH, ("dependency",))
CONNECTIONS = Metric(
    "costate_database_connections", "gauge", "Of this process' pool, in use and at most.", BOTH, ("state",)
)
STORAGE_FAILURES = Metric(
    "costate_storage_failures_total", "counter", "Times the object store did not answer.", BOTH
)

HTTP_REQUESTS = Metric(
    "costate_http_requests_total", "counter", "Requests answered.", API, ("method", "route", "status")
)
HTTP_DURATION = Metric(
    "costate_http_request_duration_seconds", "histogram", "Time to answer.", API, ("method", "route"), FAST
)
HTTP_OPEN = Metric("costate_http_requests_open", "gauge", "Requests being answered, streams among them.", API)

JOBS_SUBMITTED = Metric(
    "costate_jobs_submitted_total", "counter", "Jobs accepted.", API, ("solver", "cached")
)
JOBS = Metric("costate_jobs", "gauge", "Jobs that wait and that run.", API, ("status",))
SOLVER_JOBS = Metric(
    "costate_solver_jobs", "gauge", "The same by solver; autoscalers ask for the sum.", API,
    ("solver", "status"),
)  # fmt: skip
JOBS_LIMIT = Metric("costate_jobs_pending_limit", "gauge", "Jobs waiting before new ones are refused.", API)
OLDEST_PENDING = Metric(
    "costate_jobs_oldest_pending_age_seconds", "gauge", "Age of the oldest waiting job.", API
)
WORKERS = Metric("costate_workers", "gauge", "Workers heard of lately.", API)

JOBS_FINISHED = Metric(
    "costate_jobs_finished_total", "counter", "Attempts that ended.", WORKER, ("solver", "outcome")
)
JOB_RESULTS = Metric(
    "costate_job_results_total", "counter", "Answers, by what the solver says of them.", WORKER,
    ("solver", "status"),
)  # fmt: skip
JOB_WAIT = Metric(
    "costate_job_wait_seconds", "histogram", "From submission to the first start.", WORKER, ("solver",), SLOW
)
JOB_DURATION = Metric(
    "costate_job_duration_seconds", "histogram", "From start to end.", WORKER, ("solver",), SLOW
)
JOB_COMPILE = Metric(
    "costate_job_compile_seconds", "histogram", "Of a job, compiling.", WORKER, ("solver",), SLOW
)
JOB_SOLVE = Metric("costate_job_solve_seconds", "histogram", "Of a job, solving.", WORKER, ("solver",), SLOW)
JOB_ITERATIONS = Metric(
    "costate_job_iterations", "histogram", "Iterations of an answer.", WORKER, ("solver",), STEPS
)
JOBS_DEAD = Metric(
    "costate_jobs_dead_letters_total", "counter", "Jobs given up after their last attempt.", WORKER
)
SLOTS = Metric("costate_worker_slots", "gauge", "Solver processes.", WORKER, ("state",))
RESPAWNS = Metric(
    "costate_solver_respawns_total", "counter", "Solver processes started again.", WORKER, ("reason",)
)
SOLVER_MEMORY = Metric(
    "costate_solver_memory_bytes", "gauge", "Memory of the largest solver process.", WORKER
)

CATALOGUE: tuple[Metric, ...] = (
    BUILD,
    UP,
    CONNECTIONS,
    STORAGE_FAILURES,
    HTTP_REQUESTS,
    HTTP_DURATION,
    HTTP_OPEN,
    JOBS_SUBMITTED,
    JOBS,
    SOLVER_JOBS,
    JOBS_LIMIT,
    OLDEST_PENDING,
    WORKERS,
    JOBS_FINISHED,
    JOB_RESULTS,
    JOB_WAIT,
    JOB_DURATION,
    JOB_COMPILE,
    JOB_SOLVE,
    JOB_ITERATIONS,
    JOBS_DEAD,
    SLOTS,
    RESPAWNS,
    SOLVER_MEMORY,
)


class Metrics:
    """The metrics of one process, made from the catalogue; importing this module registers nothing."""

    def __init__(self) -> None:
        # Else a series more for each of a counter and a histogram, asked for by nobody.
        disable_created_metrics()  # type: ignore[no-untyped-call]  # the library leaves it without types
        self._registries = {process: CollectorRegistry() for process in get_args(Process)}
        self._made: dict[str, Counter | Gauge | Histogram] = {}
        for metric in CATALOGUE:
            made: Counter | Gauge | Histogram
            if metric.kind == "histogram":
                made = Histogram(
                    metric.name, metric.about, metric.labels, buckets=metric.buckets, registry=None
                )
            else:
                kind = Counter if metric.kind == "counter" else Gauge
                made = kind(metric.name, metric.about, metric.labels, registry=None)
            for process in metric.processes:
                self._registries[process].register(made)
            self._made[metric.name] = made
        for registry in self._registries.values():
            ProcessCollector(registry=registry)

    def exposition(self, process: Process) -> bytes:
        """What a process of this kind tells, in Prometheus' text format."""
        return generate_latest(self._registries[process])

    def count(self, metric: Metric, *labels: str, by: float = 1.0) -> None:
        """Add to a counter; `by=0` makes it known, so that its first event is seen as an increase."""
        cast("Counter", self._labelled(metric, labels)).inc(by)

    def set(self, metric: Metric, value: float, *labels: str) -> None:
        """Set a gauge."""
        cast("Gauge", self._labelled(metric, labels)).set(value)

    def add(self, metric: Metric, by: float, *labels: str) -> None:
        """Move a gauge up or down."""
        cast("Gauge", self._labelled(metric, labels)).inc(by)

    def observe(self, metric: Metric, value: float, *labels: str) -> None:
        """Add an observation to a histogram."""
        cast("Histogram", self._labelled(metric, labels)).observe(value)

    def _labelled(self, metric: Metric, labels: tuple[str, ...]) -> Counter | Gauge | Histogram:
        made = self._made[metric.name]
        return made.labels(*labels) if labels else made


@cache
def metrics() -> Metrics:
    """The metrics of this process."""
    return Metrics()
