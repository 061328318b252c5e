"""Rules and boards ask for nothing that nobody exports."""

from __future__ import annotations

import pytest
from promql import Use, grouped, uses

from app.observability.metrics import CATALOGUE
from infra.monitoring.dashboards import BOARDS
from infra.monitoring.exporters import LABELS, TARGET
from infra.monitoring.rule import Recording
from infra.monitoring.rules import GROUPS

RULES = [rule for group in GROUPS for rule in group.rules]
RECORDED = {rule.name for rule in RULES if isinstance(rule, Recording)}
QUERIES = [
    *(pytest.param(rule.expr, id=f"{rule.name}-{number}") for number, rule in enumerate(RULES)),
    *(
        pytest.param(query.expr, id=f"{board.uid}-{panel.title}-{number}")
        for board in BOARDS
        for panel in board.panels
        for number, query in enumerate(panel.queries)
    ),
]


def known() -> dict[str, set[str] | None]:
    """Every series that there is, with its labels; None where a recording decides them."""
    found: dict[str, set[str] | None] = dict.fromkeys(RECORDED, None)
    for metric in CATALOGUE:
        labels = {*metric.labels, *TARGET}
        if metric.kind == "histogram":
            found |= {f"{metric.name}_bucket": {*labels, "le"}}
            found |= {f"{metric.name}_{part}": labels for part in ("sum", "count")}
        else:
            found[metric.name] = labels
    return found | {name: {*labels, *TARGET} for name, labels in LABELS.items()}


KNOWN = known()


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_uses_only_catalogued_metrics_and_their_labels(query: str) -> None:
    asked = list(uses(query))
    assert asked or query.startswith("vector(")
    for use in asked:
        assert use.metric in KNOWN, use.metric
        labels = KNOWN[use.metric]
        assert labels is None or use.labels <= labels, (use, use.labels - labels)
    every = [KNOWN[use.metric] for use in asked]
    if None not in every:
        allowed = set().union(*(labels for labels in every if labels is not None))
        assert grouped(query) <= allowed, grouped(query) - allowed


def test_every_metric_of_the_catalogue_is_looked_at_somewhere() -> None:
    asked = {use.metric for parameters in QUERIES for use in uses(str(parameters.values[0]))}
    for metric in CATALOGUE:
        assert any(name.startswith(metric.name) for name in asked), metric.name


def test_the_reader_of_queries_tells_metrics_from_everything_else() -> None:
    query = (
        'sum by (route) (rate(a_total{status=~"5..{2}",b!="x"}[5m])) / on (slo) group_left () '
        "max_over_time(c:d[1h] offset 5m) and on () vector(0) or e unless 1.5e3 > bool f_bucket"
    )
    assert list(uses(query)) == [
        Use("a_total", frozenset({"status", "b"})),
        Use("c:d", frozenset()),
        Use("e", frozenset()),
        Use("f_bucket", frozenset()),
    ]
    assert grouped(query) == {"route", "slo"}
