"""The address plan: every cell's ranges lie apart, whatever is asked for."""

from __future__ import annotations

from ipaddress import IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra import cidr

WANTED = st.one_of(st.just(""), st.integers(0, 255).map(lambda number: f"10.{number}.0.0/16"))


@given(st.lists(WANTED, max_size=12, unique_by=lambda text: text or object()))
def test_no_two_ranges_of_any_cells_overlap(wanted: list[str]) -> None:
    plans = cidr.plan(wanted)
    networks = [IPv4Network(plan.cidr) for plan in plans]
    assert not any(a.overlaps(b) for i, a in enumerate(networks) for b in networks[:i])
    for plan, network in zip(plans, networks, strict=True):
        texts = (*plan.private, *plan.public, *plan.data, plan.endpoints, plan.control_plane)
        inside = [IPv4Network(text) for text in texts]
        assert all(subnet.subnet_of(network) for subnet in inside)
        assert not any(a.overlaps(b) for i, a in enumerate(inside) for b in inside[:i])


def test_a_range_that_is_given_is_kept() -> None:
    assert [plan.cidr for plan in cidr.plan(["", "10.0.0.0/16", ""])] == [
        "10.1.0.0/16",
        "10.0.0.0/16",
        "10.2.0.0/16",
    ]


@pytest.mark.parametrize("text", ["10.0.0.0/8", "192.168.0.0/16", "10.0.0.1/16", "10.0.0.0", "ten"])
def test_a_range_that_cannot_be_used_is_told(text: str) -> None:
    assert [index for index, _ in cidr.faults(["", text])] == [1]


def test_two_cells_with_one_range_are_told() -> None:
    ((index, why),) = cidr.faults(["10.4.0.0/16", "10.4.0.0/16"])
    assert (index, why) == (1, "10.4.0.0/16 is also the range of cells.0")
