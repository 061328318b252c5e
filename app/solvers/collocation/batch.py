"""Batches: problems of one structure, solved side by side on one uniform mesh by one vmapped program.

A batch runs to its slowest lane, so it is stopped when few lanes are left; those go on alone, from where they
are. Lanes share nothing but the program: what is wrong in one does not reach another.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from app.solvers.collocation.discretization import Discretization, guess_of
from app.solvers.collocation.interior_point import RUNNING, State
from app.solvers.collocation.layout import Layout
from app.solvers.collocation.mesh import uniform
from app.solvers.collocation.outcome import Outcome, no_multipliers
from app.solvers.collocation.programs import BATCH, batch_programs
from app.solvers.collocation.scaling import Scales
from app.solvers.collocation.solving import Solving, Start

Array = NDArray[np.float64]
PIECE = 8  # iterations between two looks at how many lanes still run
LEFT = 4  # lanes that go on alone


def solve_batch(solvings: Sequence[Solving], intervals: int, start: Start) -> list[Outcome]:
    """The outcome of every problem from its own guess on a uniform mesh, as each would end when solved alone.

    The problems are of one structure; those whose end times are free and those whose are fixed are batched apart.
    """
    layouts = [solving.layout(intervals) for solving in solvings]
    found: dict[int, Outcome] = {}
    for layout in dict.fromkeys(layouts):
        for chunk in _chunks(layouts, layout):
            outcomes = _solve_chunk([solvings[i] for i in chunk], layout, start)
            found.update(zip(chunk, outcomes, strict=True))
    return [found[i] for i in range(len(solvings))]


def _chunks(layouts: Sequence[Layout], layout: Layout) -> Iterator[list[int]]:
    """The places of a layout, `BATCH` at a time."""
    places = [i for i, other in enumerate(layouts) if other == layout]
    for at in range(0, len(places), BATCH):
        yield places[at : at + BATCH]


def _solve_chunk(solvings: Sequence[Solving], layout: Layout, start: Start) -> list[Outcome]:
    """Up to `BATCH` problems; the lanes that are missing repeat the first one, and rest."""
    programs = batch_programs(solvings[0].problem, layout)
    fractions = uniform(layout.phases, layout.intervals)
    plain = [Discretization(s.problem, layout, fractions, Scales.of(s.problem, layout)) for s in solvings]
    variables = [one.variables(guess_of(one.problem)) for one in plain]
    sizes = programs.measure(_stacked([one.data() for one in plain]), _stacked(variables))
    coupling = np.asarray(sizes.coupling)
    raised = [one.scales.balanced(one.problem, coupling[i]) for i, one in enumerate(plain)]
    if any(scales is not one.scales for scales, one in zip(raised, plain, strict=True)):
        plain = [replace(one, scales=scales) for one, scales in zip(plain, raised, strict=True)]
        variables = [one.variables(guess_of(one.problem)) for one in plain]
        sizes = programs.measure(_stacked([one.data() for one in plain]), _stacked(variables))
    measured = [np.asarray(size) for size in sizes[:4]]
    lanes = [
        replace(one, scales=one.scales.measured(*(size[i] for size in measured)))
        for i, one in enumerate(plain)
    ]
    each = [
        one.data(start.elastic, start.soft_ends, start.floor, start.smooth, None, start.reach)
        for one in lanes
    ]
    data = _stacked(each)
    none = no_multipliers(layout)
    state: State = programs.start(data, _stacked(variables), _stacked([none]), start.mu, start.mode)
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
        at = jax.tree.map(lambda leaf, i=i: leaf[i], host)
        found.append(solving.proceed(lane, each[i], at, start))
    return found


def _stacked(trees: Sequence[Any]) -> Any:
    """Trees of arrays as one, each array with a leading axis of `BATCH`."""
    rest = [trees[0]] * (BATCH - len(trees))
    return jax.tree.map(lambda *leaves: np.stack(leaves), *trees, *rest)
