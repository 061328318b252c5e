"""The options of the solver `multi_objective` (`solver_config`). Never imports JAX."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from app.solvers.options import Options


class MultiObjectiveOptions(Options):
    """Fronts: `points` of control problems; `population` and `generations` where a front evolves."""

    method: Literal["auto", "nbi", "epsilon", "nsga2", "nsga3"] = Field(
        "auto",
        description=(
            "Control problems: nbi (normal-boundary intersection, default) or epsilon (constraints). "
            "Variables alone: nsga2 (default of two objectives) or nsga3 (default of more)."
        ),
    )
    max_iterations: int = Field(
        20_000, ge=1, le=1_000_000, description="Iterations on all meshes of one point, at most."
    )
    points: int = Field(50, ge=3, le=512, description="Points of the front of a control problem, about.")
    mesh_intervals: int = Field(32, ge=8, le=512, description="Intervals of the first mesh of every point.")
    max_refinements: int = Field(3, ge=0, le=10, description="Refinements of the mesh, at most.")
    transcription: Literal["radau", "hermite_simpson", "trapezoidal"] = Field(
        "radau", description="How dynamics become equations on the mesh."
    )
    multi_start: int = Field(
        4, ge=1, le=256, description="Guesses that the ends of the front are searched from; the best count."
    )
    population: int = Field(100, ge=8, le=2_000, description="Individuals of a generation.")
    generations: int = Field(250, ge=1, le=20_000, description="Generations, at most.")
    seed: int = Field(0, ge=0, le=2**31 - 1, description="Of random numbers: equal seeds, equal answers.")
