"""Alerts and recordings as typed values, and the rules of Prometheus that they become."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Severity = Literal["critical", "warning", "info"]
"""critical: somebody is called now; warning: somebody looks today; info: seen when the board is looked at."""

Area = Literal["service", "jobs", "stores", "pods", "nodes", "gpu", "platform"]
"""Whom it concerns; a critical alert silences lesser ones of its area on the same object."""

PAGES = "docs/runbooks"
"""Where the runbook pages are in the repository."""


@dataclass(frozen=True, kw_only=True)
class Alert:
    """One alert. The threshold is in `expr`; `origin` says where it comes from.

    Texts may name labels as `{{ $labels.pod }}`; `now` tells the value.
    """

    name: str
    expr: str
    after: str
    """How long the expression holds before anybody is told, as `5m`; empty tells at once."""
    severity: Severity
    area: Area
    summary: str
    origin: str
    now: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)

    def rule(self, pages: str = PAGES) -> dict[str, Any]:
        """As a rule of Prometheus; runbooks are pages below `pages`."""
        made: dict[str, Any] = {"alert": self.name, "expr": self.expr}
        if self.after:
            made["for"] = self.after
        made["labels"] = {"severity": self.severity, "area": self.area, **self.labels}
        made["annotations"] = {
            "summary": self.summary,
            **({"description": self.now} if self.now else {}),
            "runbook_url": f"{pages.rstrip('/')}/{self.name}.md",
        }
        return made


@dataclass(frozen=True, kw_only=True)
class Recording:
    """A query whose answer is kept under a name of its own: `level:metric:operation`."""

    name: str
    expr: str
    labels: Mapping[str, str] = field(default_factory=dict)

    def rule(self, pages: str = PAGES) -> dict[str, Any]:
        """As a rule of Prometheus."""
        return {
            "record": self.name,
            "expr": self.expr,
            **({"labels": dict(self.labels)} if self.labels else {}),
        }


@dataclass(frozen=True, kw_only=True)
class Group:
    """Rules that are evaluated one after the other, every `interval`."""

    name: str
    rules: Sequence[Alert | Recording]
    interval: str = "30s"

    def rendered(self, pages: str = PAGES) -> dict[str, Any]:
        """As a rule group of Prometheus."""
        rules = [rule.rule(pages) for rule in self.rules]
        return {"name": self.name, "interval": self.interval, "rules": rules}
