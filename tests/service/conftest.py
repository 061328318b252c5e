"""Needs PostgreSQL and Redis (from wheels) and starts API and workers as processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any

import psutil
import pytest
from live import DOUBLE_INTEGRATOR, Running


def stated(distance: float) -> dict[str, Any]:
    """A quick request; each distance is another question, so that no answer is taken from the cache."""
    problem = {**DOUBLE_INTEGRATOR, "final": {"x": distance, "v": 0}}
    return {"solver_type": "collocation", "problem_config": {"problem": problem}}


@pytest.fixture
def quick() -> Any:
    """Makes quick requests, by distance; the cost is 12 distance^2."""
    return stated


@contextmanager
def _frozen(worker: Running) -> Iterator[None]:
    solver = worker.solver()
    solver.suspend()
    try:
        yield
    finally:
        with suppress(psutil.NoSuchProcess):
            solver.resume()


@pytest.fixture
def frozen() -> Callable[[Running], AbstractContextManager[None]]:
    """Suspends the solver process of a worker: whatever job it gets runs as long as the test likes."""
    return _frozen


@pytest.fixture
def slow() -> dict[str, Any]:
    """A request that keeps a solver busy for many seconds: far more accuracy than anybody needs."""
    config = {"mesh_intervals": 2000, "tolerance": 1e-12, "max_refinements": 50, "multi_start": 64}
    return {
        "solver_type": "collocation",
        "problem_config": {"template": "goddard_rocket"},
        "solver_config": config,
    }
