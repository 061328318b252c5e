"""The boards' queries find data: a real Prometheus scrapes a real service and is asked what panels ask."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from live import DOUBLE_INTEGRATOR, Service, eventually
from prometheus import Prometheus

from infra.monitoring.dashboards import BOARDS
from infra.monitoring.recording import QUEUE
from infra.monitoring.slo import OBJECTIVES, error_ratio

EMPTY = {
    "Now": "alerts: none fires",
    "Lately": "alerts: none has fired",
    "How often": "alerts: none has fired",
    "How long": "alerts: none has fired",
    "Sent": "there is no Alertmanager",
    "Not sent": "there is no Alertmanager",
}
"""Panels that have nothing to show here, and why."""

LIVE = [board for board in BOARDS if board.uid != "costate-system"]
"""The system's board is about a cluster."""


@pytest.fixture(scope="module")
def watched(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """A service that has solved several things while Prometheus looked on."""
    made = Prometheus(service, tmp_path_factory.mktemp("prometheus"))
    try:
        eventually(lambda: made.ask('up{job="worker"} == 1'), seconds=20, what="the worker is scraped")
        for solver, distance in (
            ("collocation", 4.0),
            ("collocation", 4.5),
            ("pmp", 4.0),
            ("collocation", 4.0),
        ):
            problem = {**DOUBLE_INTEGRATOR, "final": {"x": distance, "v": 0}}
            job = service.submit({"solver_type": solver, "problem_config": {"problem": problem}})
            assert service.job(job, wait=60)["status"] == "completed"
            service.job(job)
            httpx.get(f"{service.url}/api/job/{job}/result").raise_for_status()
        query = 'increase(costate_jobs_finished_total{outcome="completed",solver="pmp"}[1h]) > 0'
        eventually(lambda: made.ask(query), seconds=30, what="the jobs are seen")
        eventually(
            lambda: made.ask(f'{error_ratio("30d")}{{slo="availability"}}'),
            seconds=30,
            what="objectives are recorded",
        )
        yield made
    finally:
        made.stop()


@pytest.mark.parametrize("board", LIVE, ids=lambda board: board.uid)
def test_every_panel_finds_data_of_a_running_service(watched: Prometheus, board: Any) -> None:
    for panel in board.panels:
        for query in panel.queries:
            assert bool(watched.ask(query.expr)) is (panel.title not in EMPTY), (panel.title, query.expr)


def test_every_objective_is_measured(watched: Prometheus) -> None:
    for objective in OBJECTIVES:
        [bad] = watched.ask(f'{error_ratio("5m")}{{slo="{objective.name}"}}')
        assert float(bad["value"][1]) >= 0.0


def test_the_queue_of_a_calm_service_is_empty(watched: Prometheus) -> None:
    found = {one["metric"]["status"]: float(one["value"][1]) for one in watched.ask(QUEUE)}
    assert found == {"pending": 0.0, "running": 0.0}


def test_no_alert_fires_on_a_healthy_service(watched: Prometheus) -> None:
    firing = {one["metric"]["alertname"] for one in watched.ask('ALERTS{alertstate="firing"}')}
    assert firing == set()


def test_no_rule_fails(watched: Prometheus) -> None:
    groups = httpx.get(f"{watched.url}/api/v1/rules").json()["data"]["groups"]
    assert len(groups) > 5
    wrong = [
        (rule["name"], rule["lastError"])
        for group in groups
        for rule in group["rules"]
        if rule.get("lastError")
    ]
    assert not wrong
