"""One solve of the discretised problem: start, advance in pieces, report, keep limits."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from app.problems.model import Problem
from app.solvers.collocation.barrier import Multipliers
from app.solvers.collocation.discretization import Discretization, Trajectory
from app.solvers.collocation.evaluation import Data, Values
from app.solvers.collocation.interior_point import (
    ACCEPTABLE,
    ESTIMATING,
    OPTIMISING,
    RESTORING,
    RUNNING,
    State,
)
from app.solvers.collocation.layout import Layout
from app.solvers.collocation.mesh import REFINED, size_for, uniform
from app.solvers.collocation.outcome import Outcome, no_multipliers
from app.solvers.collocation.programs import Programs, compile_flights, compile_method, programs
from app.solvers.collocation.scaling import Scales
from app.solvers.collocation.transcription import Transcription
from app.solvers.compilation import Program
from app.solvers.progress import Progress

Array = NDArray[np.float64]
log = logging.getLogger(__name__)
PIECE, PIECE_S = 25, 0.5  # iterations between two reports, at most, and about how many seconds
NEARLY, FEASIBLE = 1e-4, 1e-7  # errors of a point that will do when iterations run out
OUT_OF_TIME, OUT_OF_ITERATIONS = 100, 101  # further ends of a solve, beside those of the interior point


@dataclass
class Budget:
    """Iterations that may be made in all, how many are `spent`, and the time when all must end.

    `compiling`: seconds that the programs of one layout took to compile, at most, so far.
    """

    iterations: int
    deadline: float
    spent: int = 0
    compiling: float = 0.0

    @classmethod
    def of(cls, iterations: int, seconds: float) -> Budget:
        """A budget that begins now."""
        return cls(iterations, time.monotonic() + seconds)

    @property
    def late(self) -> bool:
        """Whether time is up."""
        return time.monotonic() >= self.deadline

    @property
    def over(self) -> bool:
        """Whether time is up or no iteration is left."""
        return self.late or self.spent >= self.iterations

    @property
    def rushed(self) -> bool:
        """Whether too little time is left to compile more programs."""
        return time.monotonic() + self.compiling >= self.deadline


@dataclass(frozen=True)
class Start:
    """How a solve begins and is limited; see `Discretization.data`.

    `restoring`: feasibility comes first; `estimating`: multipliers are estimated before the first step;
    `held`: times are those of the guess and the cost is laid aside.
    """

    mu: float = 0.1
    elastic: float = 1e-9
    soft_ends: float = 0.0
    tolerance: float = 1e-8
    iterations: int = 300
    floor: float = 1e-10
    smooth: float = 0.0
    restoring: bool = False
    estimating: bool = False
    held: bool = False
    reach: float = 3.0

    @property
    def mode(self) -> int:
        """What the method does first."""
        if self.restoring:
            return RESTORING
        return ESTIMATING if self.estimating else OPTIMISING


@dataclass
class Solving:
    """Solves one problem on any mesh; holds its budget, its programs and what it reports to."""

    problem: Problem
    transcription: Transcription
    budget: Budget
    report: Callable[[Progress], None]
    fraction: float = 0.0
    used: dict[int, Programs] = field(default_factory=dict)

    def layout(self, intervals: int) -> Layout:
        """The layout of meshes of that size."""
        return Layout.of(self.problem, self.transcription, intervals)

    def programs(self, layout: Layout) -> Programs:
        """The programs of a layout."""
        if layout.intervals not in self.used:
            self.used[layout.intervals] = programs(self.problem, layout)
        return self.used[layout.intervals]

    def ready(self, intervals: int) -> bool:
        """Whether meshes of that size can be solved without compiling."""
        return self.programs(self.layout(intervals)).advance.compiled is not None

    def flies(self, layout: Layout) -> bool:
        """Whether controls can be flown without compiling."""
        return self.programs(layout).flight.compiled is not None

    def discretize(
        self, fractions: Array, trajectory: Trajectory, scales: Scales | None = None
    ) -> Discretization:
        """The problem on a mesh; without scales they are measured along the trajectory."""
        layout = self.layout(fractions.shape[1])
        if scales is not None:
            return Discretization(self.problem, layout, fractions, scales)
        plain = Discretization(self.problem, layout, fractions, Scales.of(self.problem, layout))
        found = self.programs(layout)
        if found.advance.compiled is None:
            self.say("compile", f"compiling for {layout.intervals} intervals")
            compile_flights(self.problem, found)
            self._expect_finer(layout, trajectory)
        sizes = found.measure(plain.data(), plain.variables(trajectory))
        balanced = plain.scales.balanced(self.problem, np.asarray(sizes.coupling))
        if balanced is not plain.scales:
            plain = replace(plain, scales=balanced)
            sizes = found.measure(plain.data(), plain.variables(trajectory))
        return replace(plain, scales=plain.scales.measured(*map(np.asarray, sizes[:4])))

    def _expect_finer(self, first: Layout, trajectory: Trajectory) -> None:
        """Have programs for the mesh that mostly follows the first compiled while those for the first are.

        Not where programs are optimised at once: nobody waits there, and each mesh costs more.
        """
        intervals = size_for(first.intervals + 1, REFINED)
        found = self.programs(self.layout(intervals))
        if Program.patient or intervals <= first.intervals or found.advance.compiled is not None:
            return

        def expected() -> None:
            layout = found.layout
            mesh = uniform(layout.phases, intervals)
            finer = Discretization(self.problem, layout, mesh, Scales.of(self.problem, layout))
            compile_method(found, finer.data(), finer.variables(trajectory), no_multipliers(layout))

        self.programs(first).advance.when_traced.append(expected)

    def solve(
        self,
        discretization: Discretization,
        trajectory: Trajectory,
        start: Start,
        multipliers: Multipliers | None = None,
        stage: str = "solve",
        control: Array | None = None,
    ) -> Outcome:
        """The interior-point method from a trajectory to one of its ends, or to that of the budget.

        `control (P, N, s, m)` is what `start.smooth` pulls the scaled controls to.
        """
        layout = discretization.layout
        found = self.programs(layout)
        data = discretization.data(
            start.elastic,
            start.soft_ends,
            start.floor,
            start.smooth,
            control,
            start.reach,
            trajectory if start.held else None,
        )
        v = discretization.variables(trajectory)
        y = no_multipliers(layout) if multipliers is None else multipliers
        if found.advance.compiled is None:
            self.say("compile", f"compiling for {layout.intervals} intervals")
        before = Program.total
        state = found.start(data, v, y, start.mu, start.mode)
        return self.proceed(discretization, data, state, start, stage, before)

    def proceed(
        self,
        discretization: Discretization,
        data: Data,
        state: State,
        start: Start,
        stage: str = "solve",
        before: float | None = None,
    ) -> Outcome:
        """The method from any of its states to one of its ends, or to that of the budget.

        `before`: what all compiling had taken when this solve began, if that was earlier.
        """
        before = Program.total if before is None else before
        layout = discretization.layout
        found = self.programs(layout)
        piece = 1 if found.advance.compiled is None else PIECE
        limit = min(start.iterations, self.budget.iterations - self.budget.spent)
        done, status = int(state.iteration), int(state.status)
        while status == RUNNING and not self.budget.late and done < limit:
            began = time.monotonic()
            state = found.advance(data, state, start.tolerance, min(done + piece, limit))
            made, done, status = int(state.iteration) - done, int(state.iteration), int(state.status)
            piece = _piece(made, time.monotonic() - began)
            self.say(stage, f"{layout.intervals} intervals", self.budget.spent + done, discretization, state)
        if (
            status == RUNNING
            and done >= limit
            and float(state.error) <= NEARLY
            and float(state.primal) <= FEASIBLE
        ):
            status = ACCEPTABLE
        elif status == RUNNING:
            status = OUT_OF_TIME if self.budget.late else OUT_OF_ITERATIONS
        self.budget.compiling = max(self.budget.compiling, Program.total - before)
        return self.ended(discretization, state, status, stage)

    def ended(
        self, discretization: Discretization, state: State, status: int, stage: str = "solve"
    ) -> Outcome:
        """The outcome of a state where the method has ended; its iterations are spent."""
        layout, done = discretization.layout, int(state.iteration)
        self.budget.spent += done
        log.debug(
            "%s: %d intervals, status %d, %d iterations, error %.1e, violation %.1e, cost %.10g, mu %.0e",
            stage,
            layout.intervals,
            status,
            done,
            state.error,
            state.primal,
            state.cost / discretization.scales.cost,
            state.mu,
        )
        flat = np.asarray(state.w)
        return Outcome(
            discretization=discretization,
            variables=layout.views(flat),
            multipliers=Multipliers(*(np.asarray(a) for a in state.y)),
            status=status,
            error=float(state.error),
            primal=float(state.primal),
            cost=float(state.cost) / discretization.scales.cost,
            iterations=done,
            values=Values(*(np.asarray(a) for a in state.values)),  # type: ignore[arg-type]  # numpy
        )

    def say(
        self,
        stage: str,
        message: str,
        iteration: int | None = None,
        discretization: Discretization | None = None,
        state: object = None,
    ) -> None:
        """Report progress."""
        cost = violation = None
        if discretization is not None:
            sign = -1.0 if self.problem.sense == "max" else 1.0
            cost = sign * float(getattr(state, "cost", np.nan)) / discretization.scales.cost
            violation = float(getattr(state, "primal", np.nan))
            cost = cost if np.isfinite(cost) else None
            violation = violation if np.isfinite(violation) else None
        self.report(Progress(self.fraction, stage, message, iteration, cost, violation))


def _piece(made: int, seconds: float) -> int:
    """Iterations until the next report, from how long the last ones took; the first may have had to compile."""
    if made <= 1:
        return PIECE // 5
    return max(1, min(PIECE, int(PIECE_S * made / max(seconds, 1e-9))))
