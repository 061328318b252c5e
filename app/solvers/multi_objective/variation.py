"""Variation: tournaments, simulated binary crossover, polynomial mutation; all within bounds.

Crossover: Deb & Agrawal, Complex Systems 9 (1995) 115-148, in the bounded form of Deb & Beyer (2001).
Mutation: Deb & Goyal, Computer Science and Informatics 26 (1996) 30-45.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Places = NDArray[np.intp]
CROSSOVER, CROSSOVER_INDEX = 0.9, 15.0  # probability of a pair, distribution index
MUTATION_INDEX = 20.0
EXCHANGED = 0.5  # probability of a variable to take part in a crossover
CLOSE = 1e-14  # parents closer than this (of the range) have nothing to exchange


def tournament(random: np.random.Generator, rank: Places, crowding: Array) -> Places:
    """Winners of n contests of two, (n,): the better front, then the less crowded."""
    n = len(rank)
    first, second = np.concatenate([random.permutation(n), random.permutation(n)]).reshape(n, 2).T
    worse = (rank[second] < rank[first]) | (
        (rank[second] == rank[first]) & (crowding[second] > crowding[first])
    )
    found: Places = np.where(worse, second, first)
    return found


def crossover(random: np.random.Generator, parents: Array, lower: Array, upper: Array) -> Array:
    """Children of the pairs (i, i + n/2) of `parents (n, d)`, n even, (n, d)."""
    half = len(parents) // 2
    a, b = parents[:half], parents[half:]
    children = parents.copy()
    pairs = random.random((half, 1)) < CROSSOVER
    apart = np.abs(a - b) > CLOSE * (upper - lower)
    i, j = np.nonzero(pairs & apart & (random.random(a.shape) < EXCHANGED))
    low, high = np.minimum(a[i, j], b[i, j]), np.maximum(a[i, j], b[i, j])
    u, distance = random.random(len(i)), high - low
    power = CROSSOVER_INDEX + 1.0

    def spread(room: Array) -> Array:
        alpha = 2.0 - (1.0 + 2.0 * room / distance) ** -power
        inner = np.where(u * alpha <= 1.0, u * alpha, 1.0 / (2.0 - u * alpha))
        found: Array = inner ** (1.0 / power)
        return found

    middle = 0.5 * (low + high)
    first = middle - 0.5 * spread(low - lower[j]) * distance
    second = middle + 0.5 * spread(upper[j] - high) * distance
    swapped = random.random(len(i)) < 0.5
    children[i, j] = np.where(swapped, second, first)
    children[i + half, j] = np.where(swapped, first, second)
    return np.clip(children, lower, upper)


def mutate(random: np.random.Generator, children: Array, lower: Array, upper: Array) -> Array:
    """Each variable changed with probability 1/d, (n, d)."""
    n, d = children.shape
    mutants = children.copy()
    i, j = np.nonzero(random.random((n, d)) < 1.0 / d)
    width = upper[j] - lower[j]
    u = random.random(len(i))
    power = MUTATION_INDEX + 1.0
    below, above = (children[i, j] - lower[j]) / width, (upper[j] - children[i, j]) / width
    down = (2.0 * u + (1.0 - 2.0 * u) * (1.0 - below) ** power) ** (1.0 / power) - 1.0
    up = 1.0 - (2.0 * (1.0 - u) + (2.0 * u - 1.0) * (1.0 - above) ** power) ** (1.0 / power)
    mutants[i, j] += np.where(u < 0.5, down, up) * width
    return np.clip(mutants, lower, upper)
