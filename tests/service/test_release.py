"""Releases against running services: two builds side by side, one of them wrong."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from live import DataStores, Service

ROOT = Path(__file__).parents[2]
RIGHT = "        with solving():\n            return _solver(SOLVERS[request.solver_type])(request, report)\n"
WRONG = """        with solving():
            result = _solver(SOLVERS[request.solver_type])(request, report)
            return {**result, "cost": result["cost"] * 1.0001}
"""


@pytest.fixture(scope="module")
def wrong(stores: DataStores, tmp_path_factory: pytest.TempPathFactory, compiled: Path) -> Iterator[Service]:
    """A service of another build: its costs are one in ten thousand too large."""
    folder = tmp_path_factory.mktemp("wrong")
    build = folder / "build"
    shutil.copytree(ROOT / "app", build / "app", ignore=shutil.ignore_patterns("__pycache__"))
    file = build / "app" / "solvers" / "run.py"
    assert RIGHT in file.read_text()
    file.write_text(file.read_text().replace(RIGHT, WRONG))
    made = Service(stores, folder, compiled)
    # Not the folder that a process is started in, but this one has the package `app`.
    made.environment |= {"PYTHONPATH": str(build), "PYTHONSAFEPATH": "1"}
    try:
        made.start_api()
        made.start_worker()
        yield made
    finally:
        made.stop()


def release(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "app.cli", "release", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_two_services_of_one_build_give_the_same(service: Service) -> None:
    done = release("compare", "--old", service.url, "--new", service.url, "--problem", "double_integrator")
    assert done.returncode == 0, done.stderr
    assert "as before" in done.stdout


def test_a_build_whose_costs_are_off_is_not_let_in(service: Service, wrong: Service) -> None:
    done = release("compare", "--old", service.url, "--new", wrong.url, "--problem", "double_integrator")
    assert done.returncode == 1
    assert "the release must not go on:" in done.stderr
    assert "double_integrator: cost 12.0012 was 12: 1.0e-04 apart, 1e-05 allowed" in done.stderr


def test_the_build_at_hand_is_compared_without_a_service_of_its_own(wrong: Service) -> None:
    done = release("compare", "--old", wrong.url, "--problem", "double_integrator")
    assert done.returncode == 0, done.stderr  # ours is nearer to the known answer


def test_a_service_that_does_not_answer_is_named() -> None:
    done = release("compare", "--old", "http://127.0.0.1:9", "--problem", "double_integrator")
    assert done.returncode == 1
    assert "no answer from http://127.0.0.1:9" in done.stderr


def test_a_service_of_this_build_is_verified(service: Service) -> None:
    done = release("verify", "--url", service.url, "--problem", "double_integrator")
    assert done.returncode == 0, done.stderr
    assert "1 problems solved as is known" in done.stdout


def test_a_service_that_another_build_answers_is_not(wrong: Service) -> None:
    done = release("verify", "--url", wrong.url, "--problem", "double_integrator")
    assert done.returncode == 1
    assert "the rollout goes on, or was taken back" in done.stderr


def test_what_follows_a_build_waits_until_it_alone_answers(service: Service, wrong: Service) -> None:
    assert release("await", "--url", service.url, "--patience-s", "0").returncode == 0
    done = release("await", "--url", wrong.url, "--patience-s", "1")
    assert done.returncode == 1
    assert "is answered by" in done.stderr


def test_a_release_begins_only_when_the_queue_keeps_up(service: Service) -> None:
    assert checked(service).returncode == 0
    done = checked(service, COSTATE_MAX_PENDING="1")
    assert done.returncode == 0, done.stderr  # nothing waits
    with psycopg.connect(service.database_url, autocommit=True) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        try:
            done = checked(service)
        finally:
            connection.execute("UPDATE alembic_version SET version_num = '0002'")
    assert done.returncode == 1
    assert "migrated by a newer build" in done.stderr


def checked(service: Service, **settings: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "app.cli", "release", "check"]
    environment = service.environment | settings
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
