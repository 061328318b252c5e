"""The metric catalogue."""

from __future__ import annotations

import subprocess
import sys

from prometheus_client import generate_latest

from app.observability.metrics import CATALOGUE, Metrics

UNITS = ("_total", "_seconds", "_bytes", "_ratio")
COUNTS = {
    "costate_jobs",
    "costate_worker_slots",
    "costate_workers",
    "costate_dependency_up",
}  # numbers of things have no unit


def test_names_are_unique_and_end_in_their_unit() -> None:
    names = [metric.name for metric in CATALOGUE]
    assert len(set(names)) == len(names)
    assert all(name.endswith(UNITS) or name in COUNTS for name in names)


def test_every_metric_of_the_catalogue_is_exposed() -> None:
    text = generate_latest(Metrics().registry).decode()
    for metric in CATALOGUE:
        assert f"# HELP {metric.name.removesuffix('_total')}" in text


def test_the_catalogue_can_be_read_without_the_service() -> None:
    code = "import sys, app.observability.metrics; sys.exit('jax' in sys.modules or 'fastapi' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
