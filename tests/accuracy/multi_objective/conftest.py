"""The solver `multi_objective` against known fronts: needs JAX, nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from app.solvers.request import check
from app.solvers.run import run

Solve = Callable[..., dict[str, Any]]


@pytest.fixture
def solved() -> Solve:
    """Check and solve a problem with options, as the service does."""

    def one(config: dict[str, Any], **options: Any) -> dict[str, Any]:
        return run(check("multi_objective", config, options), lambda _: None)

    return one


@pytest.fixture
def columns() -> Callable[[dict[str, Any]], np.ndarray]:
    """The objectives of a front, one column each, (n, m)."""
    return lambda result: np.array(list(result["trade_off"]["columns"].values())).T
