"""Monitoring on a cluster: the operator's objects, what the chart is told, and where keys come from."""

from __future__ import annotations

import json
from typing import Any

import pytest
from estates import PLACES, Estate, recorded

from infra.kubernetes.monitoring import OTHERS
from infra.monitoring.dashboards import BOARDS
from infra.monitoring.rules import ALERTS
from infra.platforms.existing.network import NAMESPACE
from infra.recorder import Recording, Resource, record

KEYS = {"pagerduty_routing_key", "slack_webhook_url", "smtp_password"}
VALUES: dict[str, Any] = {
    "costate:environment": "production",
    "costate:domain": "api.example.org",
    "costate:cells": [PLACES["aws"]],
    "costate:gpu": {"accelerator": "t4", "precision": "float32", "max": 2},
    "costate:budget": {"alert_emails": ["operations@example.org"]},
    "costate:services": {
        "reports": {"image": "registry.example.org/reports:1", "metrics": "/inside/metrics"},
        "silent": {"image": "registry.example.org/silent:1"},
    },
    "costate:monitoring": {
        "pagerduty": True,
        "slack_channel": "#operations",
        "emails": ["operations@example.org"],
        "smtp": {"host": "smtp.example.org:587", "sender": "costate@example.org", "user": "costate"},
        "secret": "costate/{cell}/receivers",
        "runbooks": "https://example.org/runbooks",
        "cooldown": {"critical": 30},
    },
}


@pytest.fixture(scope="module")
def told() -> Recording:
    """A production cell that tells people by all ways."""
    return record(VALUES, "prod")


def objects(recording: Recording, kind: str) -> dict[str, dict[str, Any]]:
    found = [one for one in recording.resources if one.custom and one.type.endswith(f":{kind}")]
    return {one.plain["metadata"]["name"]: one.plain for one in found if in_monitoring(one)}


def in_monitoring(one: Resource) -> bool:
    metadata = one.plain.get("metadata")
    return isinstance(metadata, dict) and metadata.get("namespace") == "monitoring"


def chart(recording: Recording) -> dict[str, Any]:
    [release] = [
        one.plain for one in recording.resources if one.plain.get("chart") == "kube-prometheus-stack"
    ]
    return dict(release["values"])


def test_every_alert_is_delivered_with_the_address_of_its_runbook(told: Recording) -> None:
    [rules] = objects(told, "PrometheusRule").values()
    delivered = {
        rule["alert"]: rule["annotations"]["runbook_url"]
        for group in rules["spec"]["groups"]
        for rule in group["rules"]
        if "alert" in rule
    }
    assert delivered == {alert.name: f"https://example.org/runbooks/{alert.name}.md" for alert in ALERTS}


def test_the_four_boards_are_delivered_where_grafana_looks(told: Recording) -> None:
    boards = objects(told, "ConfigMap")
    assert set(boards) == {board.uid for board in BOARDS}
    for name, found in boards.items():
        assert found["metadata"]["labels"] == {"grafana_dashboard": "1"}
        [text] = found["data"].values()
        assert json.loads(text)["uid"] == name
        assert len(text) < 1_000_000, "a ConfigMap holds no more"
    sidecar = chart(told)["grafana"]["sidecar"]["dashboards"]
    assert (sidecar["label"], sidecar["labelValue"]) == ("grafana_dashboard", "1")


def test_everything_that_has_metrics_is_scraped(told: Recording) -> None:
    monitors = objects(told, "PodMonitor")
    assert set(monitors) == {"api", "worker", "worker-gpu", "reports", *(scrape.name for scrape in OTHERS)}
    for name, path in (("api", "/metrics"), ("reports", "/inside/metrics")):
        own = monitors[name]["spec"]
        assert own["namespaceSelector"] == {"matchNames": ["costate"]}
        assert own["jobLabel"] == "app.kubernetes.io/name"
        [endpoint] = own["podMetricsEndpoints"]
        assert (endpoint["port"], endpoint["path"]) == ("http", path)


def test_the_pods_are_found_by_their_monitors(told: Recording) -> None:
    """By label and by the name of the port; what Prometheus sends is let in by their network policies."""
    monitors = objects(told, "PodMonitor")
    deployments = [one.plain for one in told.resources if one.type.endswith(":Deployment")]
    assert len(deployments) == 5
    for deployment in deployments:
        template = deployment["spec"]["template"]
        name = template["metadata"]["labels"]["app.kubernetes.io/name"]
        if name == "silent":
            assert name not in monitors, "it has no metrics"
            continue
        spec = monitors[name]["spec"]
        assert spec["selector"]["matchLabels"].items() <= template["metadata"]["labels"].items()
        ports = [port["name"] for one in template["spec"]["containers"] for port in one.get("ports", [])]
        assert spec["podMetricsEndpoints"][0]["port"] in ports
        [policy] = [
            one.plain
            for one in told.resources
            if one.type.endswith(":NetworkPolicy") and one.plain["metadata"]["name"] == name
        ]
        assert '"kubernetes.io/metadata.name": "monitoring"' in json.dumps(policy["spec"]["ingress"])


def test_the_database_in_the_cluster_is_scraped_where_it_stands() -> None:
    [postgres] = [scrape for scrape in OTHERS if scrape.name == "postgres"]
    assert postgres.namespace == NAMESPACE


def test_monitors_of_add_ons_that_are_not_there_are_left_out() -> None:
    found = objects(recorded(Estate("aws", "development", gpu=False, layer="all")), "PodMonitor")
    assert "gpu" not in found
    assert "keda" in found


def test_where_a_cluster_has_no_monitoring_there_are_none_of_its_objects() -> None:
    recording = recorded(Estate("existing", "development", gpu=False, layer="all"))
    assert not [one for one in recording.resources if in_monitoring(one)]


def test_keys_of_receivers_come_from_the_cells_store_and_stand_nowhere_else(told: Recording) -> None:
    [secret] = objects(told, "ExternalSecret").values()
    assert secret["spec"]["target"]["name"] == "alertmanager-receivers"
    assert set(secret["spec"]["target"]["template"]["data"]) == KEYS
    [source] = secret["spec"]["dataFrom"]
    assert source["extract"]["key"] == "costate/prod-aws-us-east-1/receivers"
    assert chart(told)["alertmanager"]["alertmanagerSpec"]["secrets"] == ["alertmanager-receivers"]
    config = json.dumps(chart(told)["alertmanager"]["config"])
    for key in KEYS:
        assert f"/etc/alertmanager/secrets/alertmanager-receivers/{key}" in config


def test_without_receivers_there_is_no_secret_to_wait_for() -> None:
    recording = recorded(Estate("aws", "development", gpu=False, layer="all"))
    assert not objects(recording, "ExternalSecret")
    assert chart(recording)["alertmanager"]["alertmanagerSpec"]["secrets"] == []


def test_alerts_carry_the_name_of_their_cell_and_the_cooldown_that_was_asked(told: Recording) -> None:
    values = chart(told)
    labels = values["prometheus"]["prometheusSpec"]["externalLabels"]
    assert labels == {"cell": "prod-aws-us-east-1", "environment": "production"}
    routes = values["alertmanager"]["config"]["route"]["routes"]
    assert [route["repeat_interval"] for route in routes] == ["30m", "720m", "1440m"]


def test_rules_and_monitors_of_every_release_are_read(told: Recording) -> None:
    spec = chart(told)["prometheus"]["prometheusSpec"]
    for kind in ("rule", "podMonitor", "serviceMonitor"):
        assert spec[f"{kind}SelectorNilUsesHelmValues"] is False
    assert spec["retention"] == "35d"


def test_nobody_logs_in_to_look_and_nobody_can_change_a_board(told: Recording) -> None:
    ini = chart(told)["grafana"]["grafana.ini"]
    assert ini["auth.anonymous"] == {"enabled": True, "org_role": "Viewer"}
    assert ini["auth"]["disable_login_form"] is True
    assert "adminPassword" not in chart(told)["grafana"]
