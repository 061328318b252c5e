"""A cell of two stacks with the real engine: the lower one's outputs are all that the upper one is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from simulated import AT_THE_END, Simulated

pytestmark = pytest.mark.timeout(900)

CELL = {"environment": "development", "cells": [{"platform": "aws", "region": "us-east-1"}]}


def test_a_workload_of_its_own_stack_stands_on_what_the_other_exports(state: Path, tmp_path: Path) -> None:
    lower = Simulated(state, {**CELL, "layer": "platform"}, tmp_path, variables=AT_THE_END)
    above = {"layer": "workload", "platform_stack": f"organization/costate/{lower.name}"}
    upper = Simulated(state, {**CELL, **above}, tmp_path, variables=AT_THE_END, beside=lower)
    try:
        lower.up()
        lower.assert_nothing_is_orphaned()
        upper.up()
        assert {resource["type"].split(":")[0] for resource in upper.resources()} == {"kubernetes"}
        assert len(upper.world.things()) == len(lower.resources()) + len(upper.resources())
        assert set(upper.up()) == {"read", "same"}
        for stack in (lower, upper):
            stack.assert_nothing_secret_is_told()

        upper.pulumi("destroy", "--yes", "--skip-preview")
        lower.assert_nothing_is_orphaned()
        lower.pulumi("destroy", "--yes", "--skip-preview")
        assert not lower.world.things()
    finally:
        upper.remove()
        lower.remove()
