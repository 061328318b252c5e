"""All rules together, as files and as objects of the Prometheus operator take them."""

from __future__ import annotations

from typing import Any

from infra.monitoring import alerts, recording, slo
from infra.monitoring.rule import PAGES, Alert, Group

GROUPS: tuple[Group, ...] = (*recording.GROUPS, *slo.GROUPS, *alerts.GROUPS)

ALERTS: tuple[Alert, ...] = tuple(rule for group in GROUPS for rule in group.rules if isinstance(rule, Alert))


def rule_file(pages: str = PAGES) -> dict[str, Any]:
    """A rule file of Prometheus, which is also the `spec` of a PrometheusRule; runbooks are below `pages`."""
    return {"groups": [group.rendered(pages) for group in GROUPS]}
