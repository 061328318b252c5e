"""Every alert fires when it should and only then: rules and cases are given to promtool."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from alert_cases import CASES
from tools.monitoring import promtool

from infra.monitoring import alerts, recording, slo
from infra.monitoring.rule import Alert, Group
from infra.monitoring.rules import GROUPS, rule_file


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


@pytest.mark.parametrize("group", [*alerts.GROUPS, slo.GROUPS[0]], ids=lambda group: group.name)
def test_every_alert_fires_when_it_should_and_only_then(group: Group, tmp_path: Path) -> None:
    needed = [group] if group.name == "slo" else [*recording.GROUPS, group]
    rules = written(tmp_path, "rules.json", {"groups": [one.rendered() for one in needed]})
    tests = [
        test for alert in group.rules if isinstance(alert, Alert) for test in CASES[alert.name].tests(alert)
    ]
    file = {
        "rule_files": [rules.name],
        "evaluation_interval": "5m" if group.name == "slo" else "1m",
        "tests": tests,
    }
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


def test_all_groups_are_tried() -> None:
    tried = {group.name for group in (*alerts.GROUPS, slo.GROUPS[0])}
    assert {group.name for group in GROUPS if any(isinstance(one, Alert) for one in group.rules)} == tried
