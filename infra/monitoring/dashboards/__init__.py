"""Four boards, described as plain values and written for Grafana by its own SDK.

Queries are of catalogued metrics only; `tests/contract/test_dashboards.py` asks promtool for their syntax.
"""

from infra.monitoring.dashboards import alerts, application, business, system
from infra.monitoring.dashboards.board import Board, Number, Panel, Query, Table, rendered

BOARDS: tuple[Board, ...] = (system.BOARD, application.BOARD, business.BOARD, alerts.BOARD)

__all__ = ["BOARDS", "Board", "Number", "Panel", "Query", "Table", "rendered"]
