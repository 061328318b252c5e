"""Alertmanager takes the configuration and sends each alert where it belongs: amtool is asked."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from tools.monitoring import amtool

from infra.monitoring.routing import Receivers, Smtp, configuration
from infra.monitoring.rules import ALERTS

ALL = Receivers(
    pagerduty=True,
    slack_channel="#operations",
    emails=("operations@example.org", "solvers@example.org"),
    smtp=Smtp("smtp.example.org:587", "costate@example.org", "costate"),
    cooldown_minutes={"critical": 60, "warning": 720, "info": 1440},
)
CHAT = replace(ALL, pagerduty=False, emails=())
MAIL = replace(ALL, pagerduty=False, slack_channel="", smtp=Smtp("smtp.example.org:587", "a@example.org"))
NONE = replace(ALL, pagerduty=False, slack_channel="", emails=(), smtp=None)

PATHS = ("critical", "warning", "info", "")
EXPECTED = [
    (ALL, ("critical", "warning", "info", "warning")),
    (CHAT, ("critical", "warning", "nobody", "warning")),
    (MAIL, ("critical", "warning", "info", "warning")),
    (NONE, ("nobody", "nobody", "nobody", "nobody")),
]
IDS = ["all", "chat", "mail", "none"]


def ask(*command: str) -> str:
    done = subprocess.run([str(amtool()), *command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


def written(folder: Path, receivers: Receivers) -> str:
    path = folder / "alertmanager.json"
    path.write_text(json.dumps(configuration(receivers)))
    return str(path)


@pytest.mark.parametrize("receivers", [ALL, CHAT, MAIL, NONE], ids=IDS)
def test_the_configuration_is_accepted(receivers: Receivers, tmp_path: Path) -> None:
    assert "SUCCESS" in ask("check-config", written(tmp_path, receivers))


@pytest.mark.parametrize(("receivers", "expected"), EXPECTED, ids=IDS)
def test_each_severity_goes_where_it_belongs(
    receivers: Receivers, expected: tuple[str, ...], tmp_path: Path
) -> None:
    file = written(tmp_path, receivers)
    for severity, receiver in zip(PATHS, expected, strict=True):
        labels = ["alertname=Any", f"severity={severity}"] if severity else ["alertname=Any"]
        assert ask("config", "routes", "test", f"--config.file={file}", *labels) == receiver, severity


def test_calls_are_for_critical_alerts_only() -> None:
    told = {one["name"]: set(one) - {"name"} for one in configuration(ALL)["receivers"]}
    assert told == {
        "nobody": set(),
        "critical": {"pagerduty_configs", "slack_configs", "email_configs"},
        "warning": {"slack_configs"},
        "info": {"email_configs"},
    }


def test_every_alert_finds_its_receiver(tmp_path: Path) -> None:
    """The routes know every severity that an alert has."""
    file = written(tmp_path, ALL)
    for severity in {alert.severity for alert in ALERTS}:
        assert ask("config", "routes", "test", f"--config.file={file}", f"severity={severity}") == severity
