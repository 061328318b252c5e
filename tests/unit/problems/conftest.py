"""Problems as data: needs nothing but Python and JAX on a CPU; no service, no network, no other process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

PUBLIC = Path(__file__).parents[2] / "accuracy" / "problems" / "public.json"


@pytest.fixture(scope="session")
def public_problems() -> dict[str, dict[str, Any]]:
    """The worked examples by id."""
    return {problem["id"]: problem for problem in json.loads(PUBLIC.read_text())["problems"]}


@pytest.fixture
def double_integrator() -> dict[str, Any]:
    """A small valid problem to be changed by tests."""
    return {
        "states": ["x", "v"],
        "controls": ["u"],
        "time": {"t0": 0, "tf": 1},
        "dynamics": {"x": "v", "v": "u"},
        "running_cost": "u^2",
        "initial": {"x": 0, "v": 0},
        "final": {"x": 1, "v": 0},
    }
