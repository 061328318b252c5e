"""Alerts are complete: cases, runbooks, severities."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from alert_cases import CASES

from infra.monitoring.rule import Alert
from infra.monitoring.rules import ALERTS, GROUPS, rule_file
from infra.monitoring.runbooks import page

PAGES = Path(__file__).parents[3] / "docs" / "runbooks"
SECTIONS = ("## Meaning", "## Look first", "## Likely causes", "## Remedy")
EVERY = pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)


def test_names_are_unique() -> None:
    assert not [name for name, count in Counter(alert.name for alert in ALERTS).items() if count > 1]
    assert len({group.name for group in GROUPS}) == len(GROUPS)


def test_every_alert_has_cases_and_every_case_an_alert() -> None:
    assert set(CASES) == {alert.name for alert in ALERTS}


@EVERY
def test_below_is_between_silent_and_firing(alert: Alert) -> None:
    cases = CASES[alert.name]
    assert cases.firing != cases.below
    low, high = sorted((cases.firing, cases.silent))
    assert alert.name == "GpuXid" or low <= cases.below <= high


@EVERY
def test_an_alert_has_a_runbook_that_says_what_to_do(alert: Alert) -> None:
    page = PAGES / f"{alert.name}.md"
    assert alert.rule()["annotations"]["runbook_url"] == f"docs/runbooks/{page.name}"
    text = page.read_text()
    assert text.startswith(f"# {alert.name}\n")
    assert [line for line in text.splitlines() if line.startswith("## ")] == list(SECTIONS)
    for section in SECTIONS:
        body = text.partition(section)[2].partition("\n## ")[0]
        assert len(body.strip()) > 40, section
    remedy = text.partition("## Look first")[2]
    assert "`" in remedy, "no command"


def test_there_is_no_runbook_of_an_alert_that_is_no_more() -> None:
    assert {page.stem for page in PAGES.glob("*.md")} == {"README", *(alert.name for alert in ALERTS)}


def test_runbooks_are_where_the_stack_says() -> None:
    rules = [
        rule for group in rule_file("https://example.org/runbooks/")["groups"] for rule in group["rules"]
    ]
    urls = {rule["annotations"]["runbook_url"] for rule in rules if "alert" in rule}
    assert urls == {f"https://example.org/runbooks/{alert.name}.md" for alert in ALERTS}


@EVERY
def test_what_an_alert_says_names_labels_that_its_cases_have(alert: Alert) -> None:
    named = set(re.findall(r"\$labels\.(\w+)", alert.summary + alert.now))
    assert named <= set(CASES[alert.name].labels)


def test_the_required_thresholds_are_there() -> None:
    required = {alert.origin.removeprefix("required: ") for alert in ALERTS if "required" in alert.origin}
    for threshold in (
        "CPU > 90 % for 5 min",
        "memory > 95 %",
        "errors > 5 % for 5 min",
        "3 restarts",
        "3 failed health checks in a row",
        "p95 > 2 s",
        "> 200 ms on average for 5 min",
        "> 80 % CPU for 10 min",
        "> 80 % memory for 10 min",
        "disk > 85 %",
    ):
        assert threshold in required


def test_the_list_of_runbooks_is_up_to_date() -> None:
    assert (PAGES / "README.md").read_text() == page(), "run `make docs`"
