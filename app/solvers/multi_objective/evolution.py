"""Evolution of a population: NSGA-II or NSGA-III, generation after generation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.solvers.multi_objective.black_box import BlackBox
from app.solvers.multi_objective.scoring import Scoring
from app.solvers.multi_objective.survival import Crowding, Directions
from app.solvers.multi_objective.variation import crossover, mutate, tournament

Array = NDArray[np.float64]
Places = NDArray[np.intp]


@dataclass(frozen=True)
class Population:
    """`p (n, d)`, objectives to be minimised `f (n, m)`, `violation (n,)`, and what tournaments look at."""

    generation: int
    p: Array
    f: Array
    violation: Array
    rank: Places
    preference: Array


def generations(box: BlackBox, size: int, seed: int, directions: bool) -> Iterator[Population]:
    """The first population and all that follow, `size` (even) points each; by directions it is NSGA-III."""
    random = np.random.default_rng(seed)
    score = Scoring(box)
    survive = Directions(len(box.objectives), size) if directions else Crowding()
    lower, upper = box.problem.p_lower, box.problem.p_upper
    # spread evenly over each variable (Latin hypercube)
    strata = random.permuted(np.tile(np.arange(size)[:, None], (1, len(lower))), axis=0)
    p = lower + (upper - lower) * (strata + random.random(strata.shape)) / size
    f, violation = score(p)
    rank, preference = np.zeros(size, np.intp), np.zeros(size)
    generation = 0
    while True:
        yield Population(generation, p, f, violation, rank, preference)
        parents = p[tournament(random, rank, preference)]
        children = mutate(random, crossover(random, parents, lower, upper), lower, upper)
        scores = score(children)
        p = np.concatenate([p, children])
        f, violation = np.concatenate([f, scores.f]), np.concatenate([violation, scores.violation])
        chosen, rank, preference = survive(random, f, violation, size)
        p, f, violation = p[chosen], f[chosen], violation[chosen]
        generation += 1
