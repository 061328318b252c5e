"""`run`: a checked request goes to its solver. Imports JAX, so only solver processes use it."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from app.solvers.compilation import limit_memory, solving, use_cache
from app.solvers.progress import Progress
from app.solvers.protocol import Solver
from app.solvers.request import CheckedRequest

SOLVERS: dict[str, str] = {
    "collocation": "app.solvers.collocation.sweep:solve",
    "pmp": "app.solvers.pmp.solver:solve",
    "magnus": "app.solvers.magnus.solver:solve",
    "multi_objective": "app.solvers.multi_objective.solver:solve",
}
"""Where each solver is: imported when first asked for, so a process holds only what it needs."""


def run(request: CheckedRequest, report: Callable[[Progress], None]) -> dict[str, Any]:
    """The `result` object of the API; compiled programs are kept in COSTATE_CACHE_DIR where that is set."""
    if folder := os.environ.get("COSTATE_CACHE_DIR"):
        use_cache(folder)
    try:
        with solving():
            return _solver(SOLVERS[request.solver_type])(request, report)
    finally:
        limit_memory()


@lru_cache(maxsize=len(SOLVERS) + 8)
def _solver(place: str) -> Solver:
    module, name = place.split(":")
    solver: Solver = getattr(importlib.import_module(module), name)
    return solver
