"""Alertmanager's configuration: who is told, and which alert silences which."""

from __future__ import annotations

import json
import re

import pytest

from infra.monitoring.routing import KEYS, Receivers, Smtp, configuration, inhibitions

ALL = Receivers(
    pagerduty=True,
    slack_channel="#operations",
    emails=("operations@example.org",),
    smtp=Smtp("smtp.example.org:587", "costate@example.org", "costate"),
    cooldown_minutes={"critical": 60, "warning": 720, "info": 1440},
)
NONE = Receivers(
    pagerduty=False,
    slack_channel="",
    emails=(),
    smtp=None,
    cooldown_minutes={"critical": 60, "warning": 720, "info": 1440},
)


def matches(matcher: str, labels: dict[str, str]) -> bool:
    """One matcher, as Alertmanager reads it."""
    found = re.fullmatch(r'(\w+)(=~|=)"(.*)"', matcher)
    assert found, matcher
    name, how, wanted = found.groups()
    given = labels.get(name, "")
    return given == wanted if how == "=" else re.fullmatch(wanted, given) is not None


def silenced(target: dict[str, str], by: dict[str, str]) -> bool:
    """Whether one firing alert silences another (Alertmanager's documentation, inhibition rules)."""
    return any(
        all(matches(one, by) for one in rule["source_matchers"])
        and all(matches(one, target) for one in rule["target_matchers"])
        and all(by.get(name, "") == target.get(name, "") for name in rule["equal"])
        for rule in inhibitions()
    )


def alert(name: str, severity: str, area: str, **labels: str) -> dict[str, str]:
    return {"alertname": name, "severity": severity, "area": area, "cell": "prod", **labels}


CALL = alert("NodeMemoryCritical", "critical", "nodes", instance="node-1")
DATABASE = alert("DatabaseDown", "critical", "stores")


@pytest.mark.parametrize(
    ("target", "by", "expected"),
    [
        (alert("NodeMemoryHigh", "warning", "nodes", instance="node-1"), CALL, True),
        (alert("NodeMemoryHigh", "warning", "nodes", instance="node-2"), CALL, False),
        ({**alert("NodeMemoryHigh", "warning", "nodes", instance="node-1"), "cell": "other"}, CALL, False),
        (alert("VolumeFilling", "warning", "pods", instance="node-1"), CALL, False),
        (CALL, alert("NodeMemoryHigh", "warning", "nodes", instance="node-1"), False),
        (alert("NodeCpuRaised", "info", "nodes", instance="a"),
         alert("NodeCpuHigh", "warning", "nodes", instance="a"), True),
        (alert("LatencyBudgetBurnsSlowly", "warning", "service", slo="latency"),
         alert("LatencyBudgetBurnsFast", "critical", "service", slo="latency"), True),
        (alert("LatencyBudgetBurnsSlowly", "warning", "service", slo="latency"),
         alert("AvailabilityBudgetBurnsFast", "critical", "service", slo="availability"), False),
        (alert("AvailabilityBudgetBurnsFast", "critical", "service", slo="availability"), DATABASE, True),
        (alert("QueueStuck", "critical", "jobs"), DATABASE, True),
        (alert("BackupStale", "critical", "stores", namespace="costate", cronjob="backup"), DATABASE, False),
        (alert("AvailabilityBudgetBurnsFast", "critical", "service", slo="availability"),
         alert("ApiDown", "critical", "service"), True),
        (alert("ReplicasMissing", "warning", "pods", namespace="costate"),
         alert("NodeNotReady", "critical", "nodes", node="node-1"), True),
        (alert("GpuXid", "critical", "gpu", gpu="0", Hostname="a"),
         alert("NodeNotReady", "critical", "nodes", node="node-1"), False),
        (alert("BackupDrillStale", "warning", "stores", namespace="costate", cronjob="drill"),
         alert("BackupStale", "critical", "stores", namespace="costate", cronjob="backup"), False),
    ],
)  # fmt: skip
def test_an_alert_silences_what_follows_from_it_and_nothing_else(
    target: dict[str, str], by: dict[str, str], expected: bool
) -> None:
    assert silenced(target, by) is expected


def test_no_alert_silences_itself() -> None:
    for one in (CALL, DATABASE):
        assert not silenced(one, one)


def test_no_secret_stands_in_the_configuration() -> None:
    text = json.dumps(configuration(ALL))
    for key in ("routing_key_file", "api_url_file", "auth_password_file"):
        assert f'"{key}": "{KEYS}/' in text
    for key in ("routing_key", "service_key", "api_url", "auth_password"):
        assert f'"{key}"' not in text


def test_who_has_no_receivers_is_told_on_the_board_only() -> None:
    made = configuration(NONE)
    assert made["receivers"] == [{"name": "nobody"}]
    assert {made["route"]["receiver"], *(route["receiver"] for route in made["route"]["routes"])} == {
        "nobody"
    }


def test_an_alert_that_goes_on_is_told_again_after_its_cooldown() -> None:
    routes = configuration(ALL)["route"]["routes"]
    assert [route["repeat_interval"] for route in routes] == ["60m", "720m", "1440m"]
    assert configuration(ALL)["route"]["group_interval"] == "5m"


def test_mail_is_sent_over_tls_only() -> None:
    mail = [one for receiver in configuration(ALL)["receivers"] for one in receiver.get("email_configs", [])]
    assert mail
    assert all(one["require_tls"] for one in mail)
