"""Interpolation of many columns is NumPy's of each."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.solvers.interpolation import Interpolation

PLACES = st.floats(-2.0, 2.0)


@given(
    st.lists(PLACES, min_size=2, max_size=8).filter(lambda here: min(here) < max(here)),
    st.lists(st.floats(-3.0, 3.0), max_size=8),
    st.integers(0, 3),
    st.data(),
)
def test_every_column_is_interpolated_as_numpy_does_it(
    here: list[float], there: list[float], columns: int, data: Any
) -> None:
    known = np.sort(np.array(here + data.draw(st.lists(st.sampled_from(here), max_size=3))))
    wanted = np.array([*there, *here])  # also at the places themselves
    values = np.array(data.draw(st.lists(st.floats(-1e3, 1e3), min_size=len(known), max_size=len(known))))
    table = values[:, None] * np.arange(1.0, columns + 1.0)
    found = Interpolation(known, wanted)(table)
    assert found.shape == (len(wanted), columns)
    for column, expected in zip(found.T, table.T, strict=True):
        np.testing.assert_array_equal(column, np.interp(wanted, known, expected))


def test_places_wanted_may_have_any_shape() -> None:
    wanted = np.array([[0.25, 0.5], [0.75, 1.0]])
    found = Interpolation(np.array([0.0, 1.0]), wanted)(np.array([[0.0, 1.0], [4.0, 3.0]]))
    np.testing.assert_array_equal(found[..., 0], 4.0 * wanted)
    np.testing.assert_array_equal(found[..., 1], 1.0 + 2.0 * wanted)
