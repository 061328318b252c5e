"""A board as plain values, and what Grafana reads."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from grafana_foundation_sdk.builders import common, dashboard, prometheus, stat, table, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import (
    GraphThresholdsStyleMode,
    LegendDisplayMode,
    LegendPlacement,
    StackingMode,
)
from grafana_foundation_sdk.models.dashboard import DataSourceRef, Threshold, ThresholdsMode
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

SOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")
"""The Prometheus that the reader chooses; of a cell's own Grafana there is one."""

WIDTH = 24
"""Columns of a board."""

NAMES = "ABCD"
"""Of a panel's queries."""

HEIGHT = 8
"""Rows of a panel with lines; those with a number have half of it."""


@dataclass(frozen=True)
class Query:
    """A query, and how its series are called: `{{label}}` stands for a label's value."""

    expr: str
    legend: str = ""


@dataclass(frozen=True)
class Panel:
    """Lines over time. `unit` is one of Grafana's; `limit` is drawn, where there is one that alerts."""

    title: str
    about: str
    queries: tuple[Query, ...]
    unit: str = "short"
    limit: float | None = None
    stacked: bool = False


@dataclass(frozen=True)
class Number(Panel):
    """The latest value, large; red beyond the limit, or below it where `low` is bad."""

    low: bool = False


@dataclass(frozen=True)
class Table(Panel):
    """The latest values, one a row with all of their labels."""


@dataclass(frozen=True)
class Board:
    """A board: panels side by side in rows that have titles."""

    uid: str
    title: str
    about: str
    rows: tuple[tuple[str, tuple[Panel, ...]], ...]
    hours: int = 6
    """Shown at first."""

    @property
    def panels(self) -> Sequence[Panel]:
        """All of them."""
        return [panel for _, panels in self.rows for panel in panels]


def rendered(board: Board) -> dict[str, Any]:
    """The board as Grafana reads it."""
    made = (
        dashboard.Dashboard(board.title)
        .uid(board.uid)
        .description(board.about)
        .tags(["costate"])
        .time(f"now-{board.hours}h", "now")
        .refresh("1m")
        .timezone("utc")
        .readonly()
        .with_variable(dashboard.DatasourceVariable("datasource").type("prometheus").label("Prometheus"))
    )
    for title, panels in board.rows:
        made = made.with_row(dashboard.Row(title))
        for panel in panels:
            made = made.with_panel(_drawn(panel, WIDTH // min(len(panels), 4)))
    found: dict[str, Any] = json.loads(JSONEncoder(sort_keys=True).encode(made.build()))
    return found


Drawn = TypeVar("Drawn", timeseries.Panel, stat.Panel, table.Panel)


def _drawn(panel: Panel, width: int) -> timeseries.Panel | stat.Panel | table.Panel:
    if isinstance(panel, Number):
        return _asked(_number(panel), panel, width, HEIGHT // 2)
    if isinstance(panel, Table):
        return _asked(table.Panel(), panel, width, HEIGHT)
    return _asked(_lines(panel), panel, width, HEIGHT)


def _asked(made: Drawn, panel: Panel, width: int, height: int) -> Drawn:
    """What panels of all kinds have: title, size, and queries."""
    made = made.title(panel.title).description(panel.about).datasource(SOURCE).unit(panel.unit)
    made = made.span(width).height(height)
    for name, query in zip(NAMES, panel.queries, strict=False):
        asked = prometheus.Dataquery().ref_id(name).expr(query.expr)
        if isinstance(panel, Table):
            asked = asked.instant().format(PromQueryFormat.TABLE)
        else:
            asked = asked.legend_format(query.legend)
        made = made.with_target(asked)
    return made


def _lines(panel: Panel) -> timeseries.Panel:
    legend = common.VizLegendOptions().show_legend(True).display_mode(LegendDisplayMode.LIST)
    made = (
        timeseries.Panel()
        .min(0)
        .line_width(1)
        .fill_opacity(30 if panel.stacked else 5)
        .legend(legend.placement(LegendPlacement.BOTTOM))
    )
    if panel.stacked:
        made = made.stacking(common.StackingConfig().mode(StackingMode.NORMAL))
    if panel.limit is not None:
        made = made.thresholds(_steps(panel.limit, low=False)).thresholds_style(
            common.GraphThresholdsStyleConfig().mode(GraphThresholdsStyleMode.DASHED)
        )
    return made


def _number(panel: Number) -> stat.Panel:
    made = stat.Panel().reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
    if panel.limit is not None:
        made = made.thresholds(_steps(panel.limit, low=panel.low))
    return made


def _steps(limit: float, *, low: bool) -> dashboard.ThresholdsConfig:
    below, above = ("red", "green") if low else ("green", "red")
    steps = [Threshold(value=None, color=below), Threshold(value=limit, color=above)]
    return dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps)
