"""The list of runbook pages, made from the alerts: `python -m infra.monitoring.runbooks`."""

from __future__ import annotations

import sys

from infra.monitoring.alerts import GROUPS as ALERTS
from infra.monitoring.rule import Alert
from infra.monitoring.slo import GROUPS as OBJECTIVES

HEAD = """# Runbooks

One page an alert: what it means, where to look first, what it mostly is, and what to do.
Made by `make docs` from `infra/monitoring`; the pages themselves are written by hand.

In commands `NAMESPACE`, `POD`, `NODE` and so on stand for the labels that the alert carries, `STACK=prod`
for the stack.
Severities: `critical` calls somebody, `warning` is looked at within the day, `info` when the board is looked at.
"""


def page() -> str:
    """The list as Markdown."""
    lines = [HEAD]
    for group in (*OBJECTIVES, *ALERTS):
        alerts = [rule for rule in group.rules if isinstance(rule, Alert)]
        if not alerts:
            continue
        lines.append(f"## {group.name.removesuffix('-alerts')}\n")
        lines.append("| alert | severity | after | what it says | why this threshold |")
        lines.append("| --- | --- | --- | --- | --- |")
        lines += [_row(alert) for alert in alerts]
        lines.append("")
    return "\n".join(lines)


def _row(alert: Alert) -> str:
    summary = alert.summary.replace("{{ $labels.", "`").replace(" }}", "`")
    after = alert.after or "at once"
    return f"| [{alert.name}]({alert.name}.md) | {alert.severity} | {after} | {summary} | {alert.origin} |"


if __name__ == "__main__":
    sys.stdout.write(page())
