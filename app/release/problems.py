"""The fixed set that every build must solve, with the answers that are known without any build of ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.errors import CostateError


@dataclass(frozen=True)
class Problem:
    """One question; `known` is its cost by analysis or in the literature, to `tolerance` (relative)."""

    name: str
    solver_type: str
    problem_config: Mapping[str, Any]
    known: float
    tolerance: float = 1e-5


PROBLEMS: tuple[Problem, ...] = (
    # The cycloid's time from (0, 10) m to (10, 5) m, in seconds.
    Problem("brachistochrone", "collocation", {"template": "brachistochrone"}, 1.801603122453087),
    # 4 / (9 L) for L <= 1/6 (Bryson and Ho, section 3.11); L is 1/9.
    Problem("bryson_denham", "collocation", {"template": "bryson_denham"}, 4.0),
    # 12 d^2 / T^3 from rest to rest over d = 1 in T = 1.
    Problem("double_integrator", "collocation", {"template": "double_integrator"}, 12.0),
    Problem("double_integrator, indirect", "pmp", {"template": "double_integrator"}, 12.0),
    # x0' P(0) x0 of the matrix Riccati equation; a test integrates it.
    Problem("linear-quadratic regulator", "collocation", {"template": "lq"}, 0.769973071711927),
)
"""Seconds each, compiling included; two methods, a bound on a state, a free end time."""


def chosen(names: list[str]) -> list[Problem]:
    """The problems of these names, all of them where none is given; CostateError."""
    known = {problem.name: problem for problem in PROBLEMS}
    if unknown := sorted(set(names) - known.keys()):
        raise CostateError(f"unknown problem {unknown[0]!r}: there are {', '.join(known)}")
    return [known[name] for name in names] or list(PROBLEMS)
