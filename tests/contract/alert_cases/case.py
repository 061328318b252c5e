"""The three cases of one alert, and how promtool is told of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from infra.monitoring.rule import Alert

Series = Mapping[str, str]
"""Values in promtool's notation, one a minute, by selector."""


@dataclass(frozen=True, kw_only=True)
class Cases:
    """`series` makes the measurements of one number; `firing`, `below` and `silent` are three such numbers."""

    series: Callable[[float], Series]
    firing: float
    below: float
    """As near the threshold as a measurement comes without firing."""
    silent: float
    at: str
    """When they are looked at: the alert's own patience is over by then."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Of the alert that fires, beside those of its rule."""
    now: str = ""
    """What the description says of the value, where the alert has one."""
    more: tuple[tuple[str, Series, bool], ...] = ()
    """Further cases: name, series, whether it fires (the value is then not looked at)."""

    def tests(self, alert: Alert) -> Iterator[dict[str, Any]]:
        """Test groups for promtool."""
        for name in ("firing", "below", "silent"):
            yield self._test(alert, name, self.series(getattr(self, name)), name == "firing")
        for name, series, fires in self.more:
            yield self._test(alert, name, series, fires)

    def _test(self, alert: Alert, name: str, series: Series, fires: bool) -> dict[str, Any]:
        rule = alert.rule()
        expected = {
            "exp_labels": {**rule["labels"], **self.labels},
            "exp_annotations": {key: self._text(text) for key, text in rule["annotations"].items()},
        }
        return {
            "name": f"{alert.name} {name}",
            "interval": "1m",
            "input_series": [{"series": key, "values": values} for key, values in series.items()],
            "alert_rule_test": [
                {
                    "eval_time": self.at,
                    "alertname": alert.name,
                    "exp_alerts": [expected] if fires else [],
                }
            ],
        }

    def _text(self, template: str) -> str:
        """A template as Prometheus fills it in."""
        text = re.sub(r"\{\{ \$value[^}]*\}\}", self.now, template)
        return re.sub(r"\{\{ \$labels\.(\w+) \}\}", lambda match: self.labels.get(match[1], ""), text)


def level(value: float, minutes: int = 400) -> str:
    """A gauge that stays."""
    return f"{value:g}x{minutes}"


def counter(per_minute: float, minutes: int = 400) -> str:
    """A counter that grows evenly."""
    return f"0+{per_minute:g}x{minutes}"


def jump(by: float, *, after: int = 60, minutes: int = 30) -> str:
    """A counter that jumps once, after so many minutes, and then stays."""
    return f"0x{after} {by:g}x{minutes}"
