"""Needs PostgreSQL and Redis (from wheels) and starts API and workers as processes."""

from __future__ import annotations

from typing import Any

import pytest
from live import DOUBLE_INTEGRATOR


def stated(distance: float) -> dict[str, Any]:
    """A quick request; each distance is another question, so that no answer is taken from the cache."""
    problem = {**DOUBLE_INTEGRATOR, "final": {"x": distance, "v": 0}}
    return {"solver_type": "collocation", "problem_config": {"problem": problem}}


@pytest.fixture
def quick() -> Any:
    """Makes quick requests, by distance; the cost is 12 distance^2."""
    return stated


@pytest.fixture
def slow() -> dict[str, Any]:
    """A request that keeps a solver busy for many seconds: far more accuracy than anybody needs."""
    config = {"mesh_intervals": 2000, "tolerance": 1e-12, "max_refinements": 50, "multi_start": 64}
    return {
        "solver_type": "collocation",
        "problem_config": {"template": "goddard_rocket"},
        "solver_config": config,
    }
