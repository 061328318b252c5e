"""The options of each solver (`solver_config`): names, defaults, limits and what they mean."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Options(BaseModel):
    """What every iterative solver takes."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)

    max_iterations: int = Field(500, ge=1, le=100_000, description="Iterations of one solve, at most.")
    tolerance: float = Field(
        1e-6, ge=1e-12, le=1e-1, allow_inf_nan=False, description="Relative error the answer may have."
    )
    time_limit_s: float = Field(
        300.0, gt=0, le=3600, allow_inf_nan=False, description="Seconds of one solve, at most."
    )


class Uncertain(BaseModel):
    """How a constant is distributed; the mean is the problem's own value unless said."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    distribution: Literal["normal", "lognormal", "uniform"] = "normal"
    mean: float | None = Field(None, allow_inf_nan=False)
    std: float = Field(gt=0, allow_inf_nan=False, description="Standard deviation.")


class MonteCarlo(BaseModel):
    """The optimal control flown again under constants drawn from their distributions."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    constants: dict[str, Uncertain] = Field(min_length=1, max_length=64)
    samples: int = Field(256, ge=2, le=10_000)
    seed: int = Field(0, ge=0, lt=2**63)


class CollocationOptions(Options):
    """Direct collocation: `tolerance` is the relative error of the mesh."""

    max_iterations: int = Field(
        20_000, ge=1, le=1_000_000, description="Iterations on all meshes and from all guesses, at most."
    )
    transcription: Literal["radau", "hermite_simpson", "trapezoidal"] = Field(
        "radau", description="How dynamics become equations on the mesh."
    )
    mesh_intervals: int = Field(32, ge=2, le=2_000, description="Intervals of the first mesh.")
    max_refinements: int = Field(10, ge=0, le=50, description="Refinements of the mesh, at most.")
    multi_start: int = Field(
        5, ge=1, le=256, description="Guesses to start from; another's optimum counts if it is 5 % better."
    )
    monte_carlo: MonteCarlo | None = Field(None, description="Spread of the cost under uncertain constants.")
