"""Batches: problems of one structure, solved side by side by one vmapped program.

A batch runs to its slowest lane, so it is stopped when few lanes are left; those go on alone, from where they
are. Lanes share nothing but the program: what is wrong in one does not reach another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from app.solvers.collocation.barrier import Multipliers
from app.solvers.collocation.discretization import Discretization, guess_of
from app.solvers.collocation.evaluation import Data
from app.solvers.collocation.interior_point import RUNNING, State
from app.solvers.collocation.lanes import side_by_side
from app.solvers.collocation.layout import Layout, Variables
from app.solvers.collocation.mesh import uniform
from app.solvers.collocation.outcome import Outcome, no_multipliers
from app.solvers.collocation.programs import BATCH, BatchPrograms, batch_programs
from app.solvers.collocation.scaling import Scales
from app.solvers.collocation.solving import Solving, Start

Array = NDArray[np.float64]
T = TypeVar("T")
PIECE = 8  # iterations between two looks at how many lanes still run
LEFT = 4  # lanes that go on alone


def solve_batch(solvings: Sequence[Solving], intervals: int, start: Start) -> list[Outcome]:
    """The outcome of every problem from its own guess on a uniform mesh, as each would end when solved alone.

    The problems are of one structure; those whose end times are free and those whose are fixed are batched apart.
    """
    layouts = [solving.layout(intervals) for solving in solvings]
    found: dict[int, Outcome] = {}
    for layout in dict.fromkeys(layouts):
        places = [i for i, other in enumerate(layouts) if other == layout]
        for at in range(0, len(places), BATCH):
            chunk = places[at : at + BATCH]
            outcomes = _from_guesses([solvings[i] for i in chunk], layout, start)
            found.update(zip(chunk, outcomes, strict=True))
    return [found[i] for i in range(len(solvings))]


def _from_guesses(solvings: Sequence[Solving], layout: Layout, start: Start) -> list[Outcome]:
    """Up to `BATCH` problems from their guesses, each scaled by its own."""
    programs = batch_programs(solvings[0].problem, layout)
    fractions = uniform(layout.phases, layout.intervals)
    problems = [solving.problem for solving in solvings]
    together = side_by_side(_filled(problems))
    plain = Discretization(together, layout, fractions, Scales.of(together, layout))

    def lane(index: int, scales: Scales) -> Discretization:
        return Discretization(problems[index], layout, fractions, scales.lane(index))

    def guessed(scales: Scales) -> Variables:
        return _stacked([lane(i, scales).variables(guess_of(problem)) for i, problem in enumerate(problems)])

    variables = guessed(plain.scales)
    sizes = programs.measure(plain.data(), variables)
    balanced = plain.scales.balanced(together, np.asarray(sizes.coupling))
    if balanced is not plain.scales:
        plain, variables = replace(plain, scales=balanced), guessed(balanced)
        sizes = programs.measure(plain.data(), variables)
    scales = plain.scales.measured(*map(np.asarray, sizes[:4]))
    data = replace(plain, scales=scales).data(
        start.elastic, start.soft_ends, start.floor, start.smooth, None, start.reach
    )
    lanes = [lane(index, scales) for index in range(len(problems))]
    none = _stacked([no_multipliers(layout)])
    return _solved(programs, solvings, lanes, data, variables, none, start)


def _solved(
    programs: BatchPrograms,
    solvings: Sequence[Solving],
    lanes: Sequence[Discretization],
    data: Data,
    variables: Variables,
    multipliers: Multipliers,
    start: Start,
) -> list[Outcome]:
    """The method run on all lanes; what is stacked has `BATCH` of them, of which those without a problem rest."""
    state: State = programs.start(data, variables, multipliers, start.mu, start.mode)
    resting = np.arange(BATCH) >= len(lanes)
    state = state._replace(status=jnp.where(resting, RUNNING + 1, state.status))
    done = 0
    limit = start.iterations
    while np.sum(np.asarray(state.status) == RUNNING) > LEFT and done < limit and not solvings[0].budget.late:
        done = min(done + PIECE, limit)
        state = programs.advance(data, state, start.tolerance, done)
    host = jax.tree.map(np.asarray, state)
    found = []
    for i, (solving, lane) in enumerate(zip(solvings, lanes, strict=True)):
        if host.status[i] == RUNNING:
            found.append(solving.proceed(lane, _lane(data, i), _lane(host, i), start))
        else:
            found.append(solving.ended(lane, _lane(host, i), int(host.status[i])))
    return found


def _lane(tree: T, index: int) -> T:
    """One lane of what is stacked."""
    lane: T = jax.tree.map(lambda leaf: leaf[index], tree)
    return lane


def _filled(rows: Sequence[T]) -> list[T]:
    """`BATCH` of them: those that are missing repeat the first one."""
    return [*rows, *[rows[0]] * (BATCH - len(rows))]


def _stacked(trees: Sequence[Any]) -> Any:
    """Trees of arrays as one, each array with a leading axis of `BATCH`."""
    return jax.tree.map(lambda *leaves: np.stack(leaves), *_filled(trees))
