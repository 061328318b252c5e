"""How far a solve has come; what a solver process tells its supervisor."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

STAGES = ("compile", "solve", "refine", "verify")


@dataclass(frozen=True)
class Progress:
    """One report: `fraction` done (0..1), `stage` (one of STAGES) and, where known, figures of the solve."""

    fraction: float
    stage: str
    message: str
    iteration: int | None = None
    cost: float | None = None
    violation: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)
