"""Kinks: places in time where a table bends. A mesh with nodes there needs no further intervals around them.

Kinks in states or controls are no matter of the mesh: where a solution stays at one, optimality conditions fail.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from app.problems.model import Problem
from app.problems.structure import Code
from app.solvers.collocation.mesh import SIZES, size_for, uniform

Array = NDArray[np.float64]
FINEST = 128  # intervals of a first mesh that is made finer for the sake of kinks
NEAREST = 0.05  # of an interval: nodes come no closer than that
SAME = 1e-9  # of the horizon: a node at a kink
SHARP = "abs", "max", "min"
LEAVES = "k", "p", "d", "t", "x", "u", "t0", "tf", "x0", "xf"


def first_mesh(problem: Problem, intervals: float) -> Array:
    """Equal intervals (P, N), but that the nodes nearest to kinks stand at them."""
    found = [kinks(problem, index) for index in range(len(problem.phases))]
    needed = min(2 * max((len(places) for places in found), default=0), FINEST)
    size = max(size_for(intervals), size_for(needed, SIZES))
    return np.stack(
        [_moved(row, places) for row, places in zip(uniform(len(found), size), found, strict=True)]
    )


def at_kinks(problem: Problem, index: int, fractions: Array) -> NDArray[np.bool_]:
    """At which inner nodes of a mesh `fractions (N,)` of a phase a table bends, (N - 1,)."""
    nodes, places = np.cumsum(fractions)[:-1], kinks(problem, index)
    if not len(places):
        return np.zeros(len(nodes), bool)
    found: NDArray[np.bool_] = np.min(np.abs(nodes[:, None] - places), axis=1) < SAME
    return found


def kinks(problem: Problem, index: int) -> Array:
    """Normalised times within a phase with fixed ends at which a table of the time bends, ascending."""
    phase = problem.phases[index]
    (begin, latest, _), (end, last, _) = phase.t0, phase.tf
    if begin < latest or end < last:
        return np.zeros(0)
    found = set()
    for number in _tables_of_time(problem, index):
        layout = problem.structure.tables[number]
        t = problem.k[layout.offset : layout.offset + layout.length]
        slopes = np.diff(problem.k[layout.offset + layout.length :][: layout.length]) / np.diff(t)
        slopes = np.concatenate([[0.0], slopes, [0.0]])  # constant outside
        bends = np.abs(np.diff(slopes)) > 1e-9 * (1.0 + np.max(np.abs(slopes)))
        found |= set(((t[bends] - begin) / (end - begin)).tolist())
    return np.array(sorted(place for place in found if SAME < place < 1.0 - SAME))


def bends(problem: Problem) -> list[str]:
    """What bends in states or controls, anywhere inside a phase: names of functions and tables."""
    tables = list(problem.statement.tables)
    found: set[str] = set()

    def moves(code: Code, definitions: list[bool]) -> bool:
        """Whether an expression changes with states or controls; what bends in it is noted."""
        stack: list[bool] = []
        for operation, *rest in code:
            if operation in LEAVES:
                stack.append(operation in ("x", "u") or (operation == "d" and definitions[int(rest[0])]))
                continue
            count = 1 if operation in ("table", "powi") else int(rest[0])
            moving = any(stack[-count:])
            stack[-count:] = [moving]
            if moving and operation in (*SHARP, "table"):
                found.add(tables[int(rest[0])] if operation == "table" else str(operation))
        return stack[-1]

    for phase in problem.structure.phases:
        definitions: list[bool] = []
        for code in phase.definitions:
            definitions.append(moves(code, definitions))
        for code in phase.inside[len(definitions) :]:
            moves(code, definitions)
    return sorted(found)


def _tables_of_time(problem: Problem, index: int) -> Iterator[int]:
    """Tables that are evaluated at the time itself somewhere in a phase."""
    for code in problem.structure.phases[index].inside:
        for before, (operation, argument, *_) in pairwise(code):
            if operation == "table" and before[0] == "t":
                yield int(argument)


def _moved(fractions: Array, places: Array) -> Array:
    """A row of intervals with the nearest inner nodes at the places, as far as the order of nodes allows."""
    nodes = np.concatenate([[0.0], np.cumsum(fractions)])
    nodes[-1] = 1.0
    gap, fixed = NEAREST / len(fractions), {0, len(fractions)}
    for place in places:
        nearest = sorted(range(1, len(fractions)), key=lambda j: abs(nodes[j] - place))[:2]
        for j in nearest:
            if j not in fixed and nodes[j - 1] + gap < place < nodes[j + 1] - gap:
                nodes[j] = place
                fixed.add(j)
                break
    return np.diff(nodes)
