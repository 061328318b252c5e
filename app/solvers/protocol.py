"""What a solver is to the rest: a request in, progress out, a result back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from app.solvers.progress import Progress
from app.solvers.request import CheckedRequest


class Solver(Protocol):
    """Solves checked requests of one type.

    A solve that goes wrong is a result with a `status`, never an exception: an exception is a fault of the solver.
    The result holds finite JSON numbers only, and has the keys that the API documents.
    """

    def __call__(self, request: CheckedRequest, report: Callable[[Progress], None]) -> dict[str, Any]:
        """The result; `report` is called at least at every stage."""
        ...
