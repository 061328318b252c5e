"""The metric catalogue."""

from __future__ import annotations

import subprocess
import sys

from app.observability.metrics import CATALOGUE, Metrics

UNITS = ("_total", "_seconds", "_bytes", "_ratio")
COUNTS = {
    "costate_build_info",
    "costate_dependency_up",
    "costate_database_connections",
    "costate_http_requests_open",
    "costate_jobs",
    "costate_solver_jobs",
    "costate_jobs_pending_limit",
    "costate_job_iterations",
    "costate_worker_slots",
    "costate_workers",
}  # numbers of things have no unit


def test_names_are_unique_and_end_in_their_unit() -> None:
    names = [metric.name for metric in CATALOGUE]
    assert len(set(names)) == len(names)
    assert all(name.endswith(UNITS) or name in COUNTS for name in names)
    assert all((metric.kind == "counter") is metric.name.endswith("_total") for metric in CATALOGUE)


def test_every_metric_of_the_catalogue_is_exposed_by_its_processes_and_no_other() -> None:
    made = Metrics()
    for process in ("api", "worker"):
        text = made.exposition(process).decode()
        for metric in CATALOGUE:
            assert (f"# HELP {metric.name} " in text) is (process in metric.processes), metric.name


def test_a_worker_says_nothing_of_what_only_the_api_knows() -> None:
    """A zero of a process that does not know would be taken for an empty queue."""
    assert "costate_jobs_oldest_pending_age_seconds" not in Metrics().exposition("worker").decode()


def test_the_catalogue_can_be_read_without_the_service() -> None:
    code = "import sys, app.observability.metrics; sys.exit('jax' in sys.modules or 'fastapi' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
