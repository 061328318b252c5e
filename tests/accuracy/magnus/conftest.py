"""The solver `magnus` against analytic answers and measured orders: needs JAX, nothing else."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from app.solvers.magnus.options import MagnusOptions
from app.solvers.magnus.request import check
from app.solvers.magnus.solver import solve

Solve = Callable[..., dict[str, Any]]


@pytest.fixture
def solved() -> Solve:
    """Check and solve `matrices` with options, as the service does."""

    def run(matrices: dict[str, Any], **options: Any) -> dict[str, Any]:
        data, _ = check({"matrices": matrices})
        request = SimpleNamespace(problem=data, options=MagnusOptions(**options).model_dump())
        return solve(request, lambda _: None)

    return run
