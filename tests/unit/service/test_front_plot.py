"""The picture of a front."""

from __future__ import annotations

from app.front_plot import front_svg


def front(**columns: list[float]) -> dict[str, object]:
    points = [{}] * len(next(iter(columns.values())))
    return {"status": "converged", "front": points, "trade_off": {"axes": list(columns), "columns": columns}}


def test_every_point_is_drawn_and_the_knee_once_more() -> None:
    picture = front_svg({**front(a=[0.0, 1.0, 2.0], b=[2.0, 0.5, 0.0]), "knee": {"index": 1}})
    assert picture.count("<circle") == 4


def test_three_objectives_are_drawn_pair_by_pair() -> None:
    picture = front_svg(front(a=[0.0, 1.0], b=[1.0, 0.0], c=[5.0, 5.0]))
    assert picture.count("<circle") == 6
    assert "nan" not in picture


def test_names_of_objectives_cannot_become_markup() -> None:
    assert "<b>" not in front_svg(front(**{"<b>": [0.0, 1.0], "c": [1.0, 0.0]}), title="<b>")
