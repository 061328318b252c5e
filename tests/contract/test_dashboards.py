"""The boards are what Grafana reads: promtool parses each query, panels lie beside each other."""

from __future__ import annotations

import json
import subprocess
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from tools.monitoring import promtool

from infra.monitoring.dashboards import BOARDS, Board, Number, Table, rendered

EVERY = pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.uid)


def drawn(board: Board) -> list[dict[str, Any]]:
    """Panels as Grafana gets them, without the titles of rows."""
    return [panel for panel in rendered(board)["panels"] if panel["type"] != "row"]


def test_there_are_the_four_boards() -> None:
    assert [board.uid for board in BOARDS] == [
        "costate-system",
        "costate-application",
        "costate-business",
        "costate-alerts",
    ]


@EVERY
def test_every_query_parses(board: Board, tmp_path: Path) -> None:
    """As a recording rule, which every version of promtool checks."""
    rules = [
        {"record": f"panel_{at}:query_{number}", "expr": query.expr}
        for at, panel in enumerate(board.panels)
        for number, query in enumerate(panel.queries)
    ]
    file = tmp_path / "rules.json"
    file.write_text(json.dumps({"groups": [{"name": "board", "rules": rules}]}))
    done = subprocess.run([promtool(), "check", "rules", file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(rules)} rules found" in done.stdout


@EVERY
def test_every_panel_says_what_it_shows_and_asks_the_chosen_source(board: Board) -> None:
    for panel in drawn(board):
        assert panel["title"]
        assert panel["description"].endswith((".", "?"))
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        names = [target["refId"] for target in panel["targets"]]
        assert names
        assert len(set(names)) == len(names)


@EVERY
def test_panels_are_as_described(board: Board) -> None:
    kinds = {Number: "stat", Table: "table"}
    for panel, made in zip(board.panels, drawn(board), strict=True):
        assert made["type"] == kinds.get(type(panel), "timeseries")
        assert [target["expr"] for target in made["targets"]] == [query.expr for query in panel.queries]
        if panel.limit is not None:
            assert made["fieldConfig"]["defaults"]["thresholds"]["steps"][1]["value"] == panel.limit


@EVERY
def test_no_two_panels_lie_on_each_other(board: Board) -> None:
    places = [panel["gridPos"] for panel in rendered(board)["panels"]]
    assert all(place["x"] + place["w"] <= 24 for place in places)
    for one, other in combinations(places, 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        above = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or above, (one, other)
