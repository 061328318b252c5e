"""The options of the solver `magnus` (`solver_config`)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from app.solvers.options import Options


class MagnusOptions(Options):
    """Propagation and GRAPE: `tolerance` is the error of the state over the whole time."""

    tolerance: float = Field(
        1e-8,
        ge=1e-12,
        le=1e-2,
        description="Error of the state, relative to the largest; over the whole time.",
    )
    max_iterations: int = Field(
        2_000, ge=1, le=100_000, description="Control: iterations of the search from one guess, at most."
    )
    order: Literal[2, 4, 6] = Field(6, description="Order of the Magnus expansion.")
    method: Literal["auto", "magnus", "commutator_free"] = Field(
        "auto",
        description="Products of whole propagators, or commutator-free exponentials acting on the state; "
        "`auto` chooses by the length of the state.",
    )
    infidelity: float = Field(
        1e-8,
        ge=0,
        le=1,
        description="Control: the search ends at this infidelity (0: at a stationary point).",
    )
    gradient_tolerance: float = Field(
        1e-8, gt=0, le=1e-2, description="Control: the projected gradient that counts as stationary."
    )
    restarts: int = Field(
        4, ge=0, le=64, description="Control: further random guesses, while the infidelity is not reached."
    )
    seed: int = Field(0, ge=0, le=2**32 - 1, description="Control: seed of the random guesses.")
