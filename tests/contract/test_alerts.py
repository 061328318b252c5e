"""Every alert fires when it should and only then: rules and cases are given to promtool."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from alert_cases import CASES
from tools.monitoring import promtool

from infra.monitoring import alerts, recording, slo
from infra.monitoring.rule import Alert, Group, Recording
from infra.monitoring.rules import ALERTS, rule_file
from infra.monitoring.slo import Objective


def written(folder: Path, name: str, content: object) -> Path:
    """A file in JSON, which is YAML too."""
    path = folder / name
    path.write_text(json.dumps(content, indent=1))
    return path


def run(*command: str | Path) -> None:
    """promtool succeeds; what it says is shown where it does not."""
    done = subprocess.run([str(promtool()), *map(str, command)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_rules_are_accepted(tmp_path: Path) -> None:
    run("check", "rules", "--lint=all", "--lint-fatal", written(tmp_path, "rules.json", rule_file()))


@dataclass(frozen=True)
class Part:
    """Rules that are tried together, and how often they are evaluated in the tests."""

    name: str
    groups: tuple[Group, ...]
    alerts: tuple[Alert, ...]
    every: str = "1m"


def of_objective(objective: Objective) -> Part:
    """One objective's rules alone: its cases span days, and those of others would cost as much."""
    rules = [
        rule
        for rule in slo.GROUPS[0].rules
        if (isinstance(rule, Recording) and rule.labels["slo"] == objective.name)
        or (isinstance(rule, Alert) and rule.name.startswith(f"{objective.alert}Budget"))
    ]
    found = tuple(rule for rule in rules if isinstance(rule, Alert))
    return Part(objective.name, (replace(slo.GROUPS[0], rules=rules),), found, "5m")


PARTS = (
    *(
        Part(
            group.name,
            (*recording.GROUPS, group),
            tuple(one for one in group.rules if isinstance(one, Alert)),
        )
        for group in alerts.GROUPS
    ),
    *(of_objective(objective) for objective in slo.OBJECTIVES),
)


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_every_alert_fires_when_it_should_and_only_then(part: Part, tmp_path: Path) -> None:
    rules = written(tmp_path, "rules.json", {"groups": [one.rendered() for one in part.groups]})
    tests = [test for alert in part.alerts for test in CASES[alert.name].tests(alert)]
    file = {"rule_files": [rules.name], "evaluation_interval": part.every, "tests": tests}
    run("test", "rules", written(tmp_path, "tests.json", file))


def test_a_wrong_case_is_noticed(tmp_path: Path) -> None:
    """The runner itself: an alert that is expected and does not come makes promtool fail."""
    group = alerts.GROUPS[0]
    alert = next(rule for rule in group.rules if isinstance(rule, Alert) and rule.name == "ApiDown")
    [firing, *_] = CASES["ApiDown"].tests(alert)
    firing["input_series"][1]["values"] = "1x100"
    rules = written(
        tmp_path, "rules.json", {"groups": [one.rendered() for one in (*recording.GROUPS, group)]}
    )
    file = {
        "rule_files": [rules.name],
        "evaluation_interval": "5m" if group.name == "slo" else "1m",
        "tests": [firing],
    }
    with pytest.raises(AssertionError, match="ApiDown"):
        run("test", "rules", written(tmp_path, "tests.json", file))


def test_all_alerts_are_tried() -> None:
    assert [alert for part in PARTS for alert in part.alerts if alert not in ALERTS] == []
    assert {alert.name for part in PARTS for alert in part.alerts} == {alert.name for alert in ALERTS}
