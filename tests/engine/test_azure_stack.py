"""A stack on Azure with the real engine, on a simulated cloud: it needs nothing more, and all of it goes."""

from __future__ import annotations

from pathlib import Path

import pytest
from simulated import AT_THE_END, Simulated

pytestmark = pytest.mark.timeout(1500)

DEVELOPMENT = {
    "environment": "development",
    "domain": "dev.example.org",
    "cells": [{"platform": "azure", "region": "eastus"}],
    "shutdown": {"stop": "20:00", "start": "06:30"},
}


def test_a_stack_on_azure_is_made_stays_and_is_destroyed_to_nothing(state: Path, tmp_path: Path) -> None:
    stack = Simulated(state, DEVELOPMENT, tmp_path, variables=AT_THE_END)
    try:
        stack.up()
        stack.assert_nothing_is_orphaned()
        assert set(stack.up()) == {"same"}
        stack.assert_nothing_secret_is_told()
        stack.pulumi("destroy", "--yes", "--skip-preview")
        assert not stack.world.things()
    finally:
        stack.remove()
