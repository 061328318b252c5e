"""When a release may begin, and when it is held to be done."""

from __future__ import annotations

import math
from typing import Any

import pytest

from app.release import preconditions
from app.release.answers import Answer
from app.release.problems import Problem
from app.release.verification import solved, unready

READY = {"checks": {"database": "ready", "redis": "ready"}}


@pytest.mark.parametrize(("found", "fine"), [("current", True), ("behind", True), ("ahead", False)])
def test_an_older_build_does_not_begin_on_a_newer_schema(found: Any, fine: bool) -> None:
    assert (preconditions.schema(found) == []) is fine


@pytest.mark.parametrize(
    ("pending", "oldest_s", "faults"), [(50, 900.0, 0), (51, 900.0, 1), (50, 901.0, 1), (51, 901.0, 2)]
)
def test_a_queue_that_does_not_keep_up_holds_a_release_up(pending: int, oldest_s: float, faults: int) -> None:
    assert len(preconditions.queue(pending, oldest_s, 100)) == faults


def quota(used: str, hard: str) -> dict[str, Any]:
    return {"items": [{"metadata": {"name": "all"}, "status": {"hard": {"x": hard}, "used": {"x": used}}}]}


@pytest.mark.parametrize(
    ("used", "hard", "fine"),
    [
        ("9500m", "10", True),
        ("9501m", "10", False),
        ("972Mi", "1Gi", True),
        ("973Mi", "1Gi", False),
        ("0", "0", True),
    ],
)
def test_a_quota_must_have_room_for_one_more(used: str, hard: str, fine: bool) -> None:
    assert (preconditions.quotas(quota(used, hard)) == []) is fine


def test_a_quantity_that_is_not_known_is_an_error() -> None:
    assert math.isclose(preconditions.quantity("1.5k"), 1500.0)
    with pytest.raises(ValueError, match="'2Zi'"):
        preconditions.quantity("2Zi")


def test_what_is_not_ready_is_named() -> None:
    assert unready(READY, {"workers": 1}) == []
    degraded = {"checks": {"database": "ready", "redis": "out of reach"}}
    assert unready(degraded, {"workers": 0}) == ["redis is out of reach", "no worker was heard of lately"]


def test_an_answer_of_another_build_or_a_wrong_one_is_named() -> None:
    problem = Problem("double_integrator", "collocation", {}, 12.0)
    assert solved([problem], "1.1+b", lambda _: Answer("converged", 12.0, "1.1+b")) == []
    assert solved([problem], "1.1+b", lambda _: Answer("converged", 12.1, "1.0+a")) == [
        "double_integrator: cost 12.1, known is 12: 8.3e-03 apart, 1e-05 allowed",
        "double_integrator: solved by 1.0+a, not by 1.1+b",
    ]
