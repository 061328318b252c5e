"""The picture of a result."""

from __future__ import annotations

from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from app.plot import svg

finite = st.floats(allow_nan=False, allow_infinity=False, width=32)


def result(times: list[float], values: list[float]) -> dict[str, object]:
    return {
        "status": "converged",
        "cost": 1.0,
        "time": times,
        "states": {"x": values},
        "controls": {},
        "costates": {},
    }


@given(st.lists(finite, min_size=1, max_size=8))
def test_any_finite_trajectory_is_drawn_as_well_formed_svg(values: list[float]) -> None:
    picture = ElementTree.fromstring(svg(result([float(i) for i in range(len(values))], values)))  # noqa: S314 - our own picture
    lines = picture.findall("{http://www.w3.org/2000/svg}polyline")
    assert len(lines) == 1
    assert "nan" not in lines[0].attrib["points"]


def test_what_users_name_cannot_become_markup() -> None:
    assert "<script>" not in svg(result([0, 1], [0, 1]), title="<script>alert(1)</script>")


def test_each_phase_is_a_piece_of_one_curve() -> None:
    phases = [{"time": [0, 1], "states": {"x": [0, 1]}}, {"time": [1, 2], "states": {"x": [1, 0]}}]
    assert svg({"status": "converged", "phases": phases}).count("<polyline") == 2


def test_a_result_without_trajectory_says_so() -> None:
    assert "no trajectory" in svg({"status": "infeasible"})
