"""The layout of the discretised problem: its dimensions, and where each variable stands.

Phases are padded to common dimensions and stacked, so that one program treats them all side by side: a
padded state has no dynamics and is fixed, a padded control is fixed, a padded constraint has no bounds.
Everything here is static: it decides the shape of compiled programs and is part of their key.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple, TypeVar

import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from app.leaves import Leaf
from app.problems.model import Problem
from app.solvers.collocation.transcription import Transcription

T = TypeVar("T")


class Variables(NamedTuple):
    """One array a kind of variable; the same shapes hold variables, bounds, duals, steps and weights.

    `x (P, N, unknowns, n)` states, `u (P, N, s, m)` controls, `g (P, N, s, g)` slacks of path constraints,
    `ends (P, 2n + 2)` = x0, xf, t0, tf of each phase, `p (n_p,)` parameters, `b (n_b,)` slacks of boundary
    constraints.
    """

    x: Leaf
    u: Leaf
    g: Leaf
    ends: Leaf
    p: Leaf
    b: Leaf


@dataclass(frozen=True)
class Layout:
    """Dimensions: phases, intervals of each, and the largest numbers of states, controls, path constraints.

    `states[i]`, `controls[i]`, `paths[i]` are the true numbers of phase i. `boundary` counts the problem's
    boundary constraints; one more per phase (its duration is positive) follows when `free_time`.
    """

    transcription: Transcription
    intervals: int
    states: tuple[int, ...]
    controls: tuple[int, ...]
    paths: tuple[int, ...]
    parameters: int
    boundary: int
    free_time: bool

    @classmethod
    def of(cls, problem: Problem, transcription: Transcription, intervals: int) -> Layout:
        """The layout of a problem on meshes of so many intervals a phase."""
        fixed = all(low == high for phase in problem.phases for low, high, _ in (phase.t0, phase.tf))
        return cls(
            transcription=transcription,
            intervals=intervals,
            states=tuple(len(phase.states) for phase in problem.phases),
            controls=tuple(len(phase.controls) for phase in problem.phases),
            paths=tuple(len(phase.g_lower) for phase in problem.phases),
            parameters=len(problem.p_guess),
            boundary=len(problem.b_lower),
            free_time=not fixed,
        )

    @property
    def phases(self) -> int:
        """Number of phases, P."""
        return len(self.states)

    @property
    def n(self) -> int:
        """States of a stacked phase."""
        return max(self.states)

    @property
    def m(self) -> int:
        """Controls of a stacked phase."""
        return max(self.controls)

    @property
    def path(self) -> int:
        """Path constraints of a stacked phase."""
        return max(self.paths)

    @property
    def rows(self) -> int:
        """Boundary constraints, those on durations included."""
        return self.boundary + (self.phases if self.free_time else 0)

    @property
    def q(self) -> int:
        """Quantities common to a phase's points: its end times, where any is free, and the parameters."""
        return (2 if self.free_time else 0) + self.parameters

    @cached_property
    def shapes(self) -> Variables:
        """The shape of each kind of variable."""
        t, grid = self.transcription, (self.phases, self.intervals)
        shapes = (
            (*grid, t.unknowns, self.n),
            (*grid, t.stages, self.m),
            (*grid, t.stages, self.path),
            (self.phases, 2 * self.n + 2),
            (self.parameters,),
            (self.rows,),
        )
        return Variables(*shapes)

    @cached_property
    def size(self) -> int:
        """Number of all variables."""
        return sum(math.prod(shape) for shape in self.shapes)

    @cached_property
    def _places(self) -> list[tuple[slice, tuple[int, ...]]]:
        """Where each kind of variable stands among all, and its shape."""
        ends = list(accumulate(math.prod(shape) for shape in self.shapes))
        return [
            (slice(start, end), tuple(shape))
            for start, end, shape in zip([0, *ends], ends, self.shapes, strict=False)
        ]

    def views(self, vector: NDArray[np.float64]) -> Variables:
        """`unflat` in NumPy; what is written to the parts is written to the vector. Leading axes are kept."""
        lanes = vector.shape[:-1]
        return Variables(*(vector[..., place].reshape(*lanes, *shape) for place, shape in self._places))

    def flat(self, variables: Variables) -> Array:
        """All variables as one vector."""
        return jnp.concatenate([jnp.ravel(array) for array in variables])

    def unflat(self, vector: Array) -> Variables:
        """The inverse of `flat`."""
        return Variables(*(vector[place].reshape(shape) for place, shape in self._places))
