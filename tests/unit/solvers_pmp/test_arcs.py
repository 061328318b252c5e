"""Arcs from labels, their merging over controls, and the structure that a trajectory suggests."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from app.solvers.pmp.arcs import Piece, Schedule, from_labels, name_of, schedule_of
from app.solvers.pmp.kinds import FIXED, FREE, INTERIOR, SINGULAR
from app.solvers.pmp.structure import Seen, corrected, detect, with_bounds

T = np.linspace(0.0, 1.0, 101)
LOW, HIGH = (FIXED, -1.0), (FIXED, 1.0)


def seen(u: NDArray[np.float64], slope: NDArray[np.float64], affine: bool = True) -> Seen:
    """One control between -1 and 1."""
    one = np.ones(1)
    return Seen(T, u[:, None], slope[:, None], -one, one, np.array([affine]), one)


def kinds(schedule: Schedule) -> list[tuple[int, float]]:
    [row] = schedule.pieces
    return [(piece.kind, piece.value) for piece in row]


def test_a_switch_is_laid_where_the_switching_function_vanishes() -> None:
    slope = T - 0.4321
    schedule = detect(seen(-np.sign(slope), slope))
    assert kinds(schedule) == [HIGH, LOW]
    assert schedule.pieces[0][1].start == pytest.approx(0.4321, abs=1e-12)


def test_a_control_between_its_bounds_is_singular_only_where_its_switching_function_is_flat() -> None:
    inside = np.where(T < 0.3, -1.0, 0.2)
    flat = np.where(T < 0.3, 0.3 - T, 0.0)
    assert kinds(detect(seen(inside, flat))) == [LOW, (SINGULAR, 0.0)]
    steep = 0.3 - T
    assert kinds(detect(seen(inside, steep))) == [LOW, HIGH]


def test_a_switching_function_of_rounding_size_is_no_sign() -> None:
    noise = 1e-7 * np.sin(40 * T)
    assert kinds(detect(seen(-0.5 * T, noise))) == [(SINGULAR, 0.0)]


def test_a_control_that_is_not_affine_minimises_all_along_at_first() -> None:
    schedule = detect(seen(np.clip(2 * T - 1.5, -1, 1), np.zeros(101), affine=False))
    assert kinds(schedule) == [(FREE, 0.0)]


def test_a_saturated_control_gets_an_arc_at_its_bound() -> None:
    u = np.clip(3 * T - 1.5, -1.0, 1.0)
    looked = seen(u, np.zeros(101), affine=False)
    assert kinds(with_bounds(detect(looked), looked)) == [LOW, (INTERIOR, 0.0), HIGH]


@pytest.mark.parametrize(
    ("kind", "u", "slope", "expected"),
    [
        (LOW, -1.0, -1.0, [HIGH]),
        (HIGH, 1.0, 1.0, [LOW]),
        (LOW, -1.0, 1.0, [LOW]),
        ((SINGULAR, 0.0), -1.5, 0.0, [LOW]),
        ((SINGULAR, 0.0), 1.5, 0.0, [HIGH]),
        ((SINGULAR, 0.0), 0.5, 0.0, [(SINGULAR, 0.0)]),
    ],
)
def test_arcs_of_the_wrong_kind_are_changed(
    kind: tuple[int, float], u: float, slope: float, expected: list[tuple[int, float]]
) -> None:
    schedule = Schedule(0.0, 1.0, ((Piece(0.0, *kind),),))
    looked = seen(np.full(101, u), np.full(101, slope))
    assert kinds(corrected(schedule, looked)) == expected


def test_a_bound_is_left_where_the_hamiltonian_falls_inside() -> None:
    schedule = Schedule(0.0, 1.0, ((Piece(0.0, FIXED, -1.0),),))
    slope = np.where(T < 0.5, 1.0, -1.0)
    found = corrected(schedule, seen(np.full(101, -1.0), slope, affine=False))
    assert kinds(found) == [LOW, (INTERIOR, 0.0)]
    assert found.pieces[0][1].start == pytest.approx(0.5, abs=0.011)


pieces = st.lists(
    st.tuples(st.floats(0.01, 0.99), st.sampled_from([LOW, HIGH, (SINGULAR, 0.0), (INTERIOR, 0.0)])),
    max_size=5,
)


# A busy machine is no fault.
@given(st.lists(pieces, min_size=1, max_size=3))
def test_merged_arcs_change_one_control_at_a_time_and_give_the_pieces_back(
    controls: list[list[tuple[float, tuple[int, float]]]],
) -> None:
    rows = []
    for j, changes in enumerate(controls):
        row = [Piece(0.0, FREE)]
        for start, kind in sorted(changes):
            piece = Piece(start + 1e-3 * j, *kind)
            if not piece.alike(row[-1]) and piece.start > row[-1].start + 1e-5:
                row.append(piece)
        rows.append(tuple(row))
    schedule = Schedule(0.0, 1.1, tuple(rows))
    arcs = schedule.arcs()
    assert arcs.count == 1 + sum(len(row) - 1 for row in rows)
    assert np.all(np.diff(arcs.times) >= 0)
    for a, j in enumerate(arcs.changing):
        others = np.delete(np.arange(len(rows)), j)
        assert np.array_equal(arcs.kinds[a, others], arcs.kinds[a + 1, others])
        assert np.array_equal(arcs.values[a, others], arcs.values[a + 1, others])
    assert schedule_of(arcs, arcs.times).same_kinds(schedule)


def test_arcs_that_run_backwards_are_dropped() -> None:
    row = (Piece(0.0, *LOW), Piece(0.4, *HIGH), Piece(0.6, *LOW))
    arcs = Schedule(0.0, 1.0, (row,)).arcs()
    assert kinds(schedule_of(arcs, np.array([0.0, 0.6, 0.4, 1.0]))) == [LOW]


def test_between_two_times_a_piece_starts_halfway_where_nothing_crosses_zero() -> None:
    row = from_labels(np.array([0.0, 1.0]), [LOW, HIGH], np.array([2.0, 1.0]))
    assert row == (Piece(0.0, *LOW), Piece(0.5, *HIGH))


def test_names_of_arcs() -> None:
    assert [name_of(FIXED, value, -1.0, 1.0) for value in (-1.0, 1.0)] == ["lower", "upper"]
    assert [name_of(kind, 0.0, -1.0, 1.0) for kind in (SINGULAR, INTERIOR, FREE)] == [
        "singular",
        "interior",
        "interior",
    ]
