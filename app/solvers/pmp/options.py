"""The options of the solver `pmp` (`solver_config`). Never imports JAX."""

from __future__ import annotations

from pydantic import Field

from app.solvers.options import Options


class PmpOptions(Options):
    """Multiple shooting: `tolerance` is the relative residual that the necessary conditions may have."""

    tolerance: float = Field(
        1e-9,
        ge=1e-11,
        le=1e-4,
        allow_inf_nan=False,
        description="Relative residual of the necessary conditions, and local error of the integration.",
    )
    segments: int = Field(24, ge=4, le=512, description="Shooting segments of the first division.")
    max_restructures: int = Field(
        12, ge=0, le=50, description="Changes to the sequence of arcs (bounds, switches), at most."
    )
    estimate_intervals: int = Field(
        32, ge=8, le=512, description="Mesh intervals of the collocation that gives the first estimate."
    )
    continuation: bool = Field(
        True,
        description="Where the direct way fails, smooth controls that enter linearly and let the smoothing go.",
    )
