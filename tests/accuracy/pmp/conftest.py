"""The solver `pmp` against analytic answers and published costs: needs JAX, nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from app.solvers.request import check
from app.solvers.run import run

Solve = Callable[..., dict[str, Any]]


@pytest.fixture
def solved() -> Solve:
    """Check and solve a problem with options, as the service does."""

    def solve(problem: dict[str, Any], **options: Any) -> dict[str, Any]:
        return run(check("pmp", {"problem": problem}, options), lambda _: None)

    return solve
