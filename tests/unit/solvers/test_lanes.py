"""Problems side by side are prepared as each would be alone."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest

from app.problems.model import Problem, parse
from app.solvers.collocation.discretization import Discretization
from app.solvers.collocation.lanes import side_by_side
from app.solvers.collocation.layout import Layout
from app.solvers.collocation.mesh import uniform
from app.solvers.collocation.scaling import Scales
from app.solvers.collocation.transcription import TRANSCRIPTIONS

INTERVALS = 8
FREE = {
    "states": ["x", "v"],
    "controls": ["u"],
    "constants": {"top": [0.5, 2.0, 30.0], "start": [0.0, 1e-4, 3.0]},
    "parameters": {"p": {"lower": 0, "upper": "top", "guess": 0.1}},
    "time": {
        "t0": {"lower": 0, "upper": 1, "guess": 0.5},
        "tf": {"lower": 0.5, "upper": 40, "guess": "2 + top"},
    },
    "dynamics": {"x": "v", "v": "u*p"},
    "running_cost": "u^2",
    "initial": {"x": "start", "v": 0},
    "final": {"x": 1},
    "path_constraints": [{"expr": "x*v", "upper": "top"}],
    "control_bounds": {"u": ["-top", "top"]},
}
PHASED = {
    "constants": {"top": [0.5, 2.0, 30.0]},
    "phases": [
        {
            "name": name,
            "states": ["x"],
            "controls": ["u"],
            "time": {"t0": begin, "tf": begin + 1},
            "dynamics": {"x": "u"},
            "running_cost": "u^2",
            "control_bounds": {"u": ["-top", "top"]},
        }
        for begin, name in enumerate(("first", "second"))
    ],
    "links": [{"expr": "first_x_f - second_x_0"}],
}


def prepared(
    problem: Problem, layout: Layout, measured: list[Any], coupling: np.ndarray
) -> tuple[Scales, Any]:
    """Scales and data, as the solver makes them of what its programs measure."""
    scales = Scales.of(problem, layout).balanced(problem, coupling).measured(*measured)
    plain = Discretization(problem, layout, uniform(layout.phases, INTERVALS), scales)
    return scales, plain.data(1e-6, 10.0, 1e-3)


@pytest.mark.parametrize("stated", [FREE, PHASED])
def test_problems_side_by_side_get_the_scales_and_the_data_of_each_alone(stated: dict[str, Any]) -> None:
    rows = parse(stated).rows()
    layout = Layout.of(rows[0], TRANSCRIPTIONS["radau"], INTERVALS)
    random, grid = np.random.default_rng(1), (layout.phases, INTERVALS, layout.transcription.stages)
    shapes = ((layout.phases, layout.path), (layout.rows,), grid, ())
    measured = [random.uniform(-0.2, 1.0, (len(rows), *shape)) for shape in shapes]
    measured[3][1] = np.nan
    coupling = random.uniform(0.0, 1.0, (len(rows), layout.phases, layout.n, layout.n + layout.m)) ** 8
    together = prepared(side_by_side(rows), layout, measured, coupling)
    for lane, row in enumerate(rows):
        alone = prepared(row, layout, [values[lane] for values in measured], coupling[lane])
        for both, one in zip(together, alone, strict=True):
            names = [field.name for field in fields(one)] if isinstance(one, Scales) else one._fields
            for name in names:
                np.testing.assert_array_equal(getattr(both, name)[lane], getattr(one, name), err_msg=name)


def test_guesses_may_differ_in_their_points() -> None:
    first, second, _ = parse(FREE).rows()
    [phase] = second.phases
    bent = replace(phase, guess_s=np.array([0.0, 0.3, 1.0]), guess_x=np.array([[0, 0], [-7, 1], [1, 0.0]]),
                   guess_u=np.zeros((3, 1)))  # fmt: skip
    second = replace(second, phases=(bent,))
    layout = Layout.of(first, TRANSCRIPTIONS["radau"], INTERVALS)
    together = Scales.of(side_by_side([first, second]), layout)
    for lane, problem in enumerate((first, second)):
        np.testing.assert_array_equal(together.lane(lane).x, Scales.of(problem, layout).x)
    assert together.x[1, 0, 0] == 7.0
