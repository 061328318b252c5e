"""Objectives and what is left of their budgets; alerts now, lately, and whether they get out."""

from __future__ import annotations

from infra.monitoring.dashboards.board import Board, Number, Panel, Query, Table
from infra.monitoring.slo import OBJECTIVES, PERIOD, TARGET, error_ratio

_FIRING = 'ALERTS{alertstate="firing"}'
_MINUTES = f"sum by (alertname) (count_over_time({_FIRING}[7d:1m]))"
# Minutes in which one fires that did not fire the minute before.
_TIMES = f"sum by (alertname) (count_over_time(({_FIRING} unless {_FIRING} offset 1m)[7d:1m]))"

BOARD = Board(
    uid="costate-alerts",
    title="Costate: alerts and objectives",
    about="Objectives and what is left of their budgets; alerts now, lately, and whether they get out.",
    hours=24,
    rows=(
        (
            "Error budget left, of 30 days",
            tuple(
                Number(
                    objective.title,
                    "1 is untouched, 0 is used up.",
                    (
                        Query(
                            f'1 - {error_ratio(PERIOD)}{{slo="{objective.name}"}}'
                            f' / (1 - {TARGET}{{slo="{objective.name}"}})'
                        ),
                    ),
                    "percentunit",
                    0.25,
                    low=True,
                )
                for objective in OBJECTIVES
            ),
        ),
        (
            "How fast it is spent",
            (
                Panel(
                    "In an hour", "Times as fast as would use it up in 30 days; at 14.4 somebody is called.",
                    (Query(f"{error_ratio('1h')} / (1 - {TARGET})", "{{slo}}"),), limit=14.4,
                ),
                Panel(
                    "In six hours", "At 6 somebody is called.",
                    (Query(f"{error_ratio('6h')} / (1 - {TARGET})", "{{slo}}"),), limit=6,
                ),
                Panel(
                    "In three days", "At 1 somebody looks.",
                    (Query(f"{error_ratio('3d')} / (1 - {TARGET})", "{{slo}}"),), limit=1,
                ),
            ),
        ),
        (
            "Alerts",
            (
                Table("Now", "Alerts that fire.", (Query(f"{_FIRING} == 1"),)),
                Panel(
                    "Lately", "Alerts that fire, by name.",
                    (Query(f"sum by (alertname) ({_FIRING})", "{{alertname}}"),), stacked=True,
                ),
                Table("How often", "In seven days.", (Query(f"sort_desc({_TIMES})"),)),
                Table(
                    "How long", "Mean time until it is mended, in seven days.",
                    (Query(f"sort_desc(60 * {_MINUTES} / {_TIMES})"),), "s",
                ),
            ),
        ),
        (
            "Whether alerts get out",
            (
                Panel(
                    "Sent", "Messages in an hour.",
                    (
                        Query(
                            "sum by (integration) (increase(alertmanager_notifications_total[1h]))",
                            "{{integration}}",
                        ),
                    ),
                ),
                Panel(
                    "Not sent", "Messages in an hour that failed.",
                    (
                        Query(
                            "sum by (integration) (increase(alertmanager_notifications_failed_total[1h]))",
                            "{{integration}}",
                        ),
                    ),
                    limit=1,
                ),
                Panel(
                    "Rules that fail", "Evaluations in an hour.",
                    (
                        Query(
                            "sum by (rule_group) (increase(prometheus_rule_evaluation_failures_total[1h]))",
                            "{{rule_group}}",
                        ),
                    ),
                    limit=1,
                ),
                Panel("Series", "Kept by Prometheus.", (Query("prometheus_tsdb_head_series", "series"),)),
            ),
        ),
    ),
)  # fmt: skip
