"""The catalogue of metrics: the one list from which the service, the rules and the dashboards are made."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal, cast

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

Kind = Literal["counter", "gauge", "histogram"]


@dataclass(frozen=True)
class Metric:
    """One metric; names end in their unit. `buckets` are upper bounds of a histogram."""

    name: str
    kind: Kind
    about: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


FAST = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0)
SLOW = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0)

HTTP_REQUESTS = Metric(
    "costate_http_requests_total", "counter", "Requests answered.", ("method", "route", "status")
)
HTTP_DURATION = Metric(
    "costate_http_request_duration_seconds", "histogram", "Time to answer.", ("method", "route"), FAST
)
JOBS_SUBMITTED = Metric("costate_jobs_submitted_total", "counter", "Jobs accepted.", ("solver", "cached"))
JOBS = Metric("costate_jobs", "gauge", "Jobs that wait and that run.", ("status",))
OLDEST_PENDING = Metric("costate_jobs_oldest_pending_age_seconds", "gauge", "Age of the oldest waiting job.")
JOBS_FINISHED = Metric(
    "costate_jobs_finished_total", "counter", "Attempts that ended.", ("solver", "outcome")
)
JOB_WAIT = Metric("costate_job_wait_seconds", "histogram", "From submission to start.", ("solver",), SLOW)
JOB_DURATION = Metric("costate_job_duration_seconds", "histogram", "From start to end.", ("solver",), SLOW)
JOB_COMPILE = Metric("costate_job_compile_seconds", "histogram", "Of a job, compiling.", ("solver",), SLOW)
JOBS_DEAD = Metric("costate_jobs_dead_letters_total", "counter", "Jobs given up after their last attempt.")
SLOTS = Metric("costate_worker_slots", "gauge", "Solver processes.", ("state",))
RESPAWNS = Metric("costate_solver_respawns_total", "counter", "Solver processes started again.", ("reason",))

SOLVER_MEMORY = Metric("costate_solver_memory_bytes", "gauge", "Memory of the largest solver process.")
WORKERS = Metric("costate_workers", "gauge", "Workers heard of lately.")
UP = Metric("costate_dependency_up", "gauge", "1 when the dependency answers, else 0.", ("dependency",))

CATALOGUE: tuple[Metric, ...] = (
    HTTP_REQUESTS,
    HTTP_DURATION,
    JOBS_SUBMITTED,
    JOBS,
    OLDEST_PENDING,
    JOBS_FINISHED,
    JOB_WAIT,
    JOB_DURATION,
    JOB_COMPILE,
    JOBS_DEAD,
    SLOTS,
    RESPAWNS,
    SOLVER_MEMORY,
    WORKERS,
    UP,
)


class Metrics:
    """The metrics of one process, made from the catalogue; importing this module registers nothing."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._made: dict[str, Counter | Gauge | Histogram] = {}
        for metric in CATALOGUE:
            if metric.kind == "histogram":
                made: Counter | Gauge | Histogram = Histogram(
                    metric.name, metric.about, metric.labels, buckets=metric.buckets, registry=self.registry
                )
            else:
                kind = Counter if metric.kind == "counter" else Gauge
                made = kind(metric.name, metric.about, metric.labels, registry=self.registry)
            self._made[metric.name] = made

    def count(self, metric: Metric, *labels: str, by: float = 1.0) -> None:
        """Add to a counter."""
        cast("Counter", self._labelled(metric, labels)).inc(by)

    def set(self, metric: Metric, value: float, *labels: str) -> None:
        """Set a gauge."""
        cast("Gauge", self._labelled(metric, labels)).set(value)

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
