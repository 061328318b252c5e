"""Exponents of two generators as sums of words, against commutators of matrices."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

from app.solvers.magnus import expansion, words
from app.solvers.magnus.model import linear_system
from app.solvers.magnus.request import parse


@pytest.mark.parametrize("order", [2, 4, 6])
@pytest.mark.parametrize("real", [False, True])
def test_words_give_the_exponents_that_commutators_give(order: int, real: bool) -> None:
    random = np.random.default_rng(order)
    basis = random.normal(size=(2, 4, 4)) + (0 if real else 1j) * random.normal(size=(2, 4, 4))
    values, h = random.normal(size=(order // 2, 2, 5)), random.uniform(0.1, 1, 5)
    wanted = expansion.generator(jnp.asarray(values), jnp.asarray(h), jnp.asarray(basis), False)
    found = words.generator(jnp.asarray(values), jnp.asarray(h), jnp.asarray(words.words(basis)))
    assert np.asarray(found) == pytest.approx(np.asarray(wanted), rel=1e-12, abs=1e-12)


def test_what_rests_in_time_is_one_matrix_and_the_sum_is_the_same() -> None:
    statement = parse(
        {
            "matrices": {
                "kind": "lindblad",
                "dimensions": 2,
                "constants": {"rate": 0.3},
                "H0": "0.8*sz",
                "terms": [
                    {"operator": "sx", "amplitude": "cos(t)"},
                    {"operator": "sy", "amplitude": "2*rate"},
                ],
                "collapse": [{"operator": "sm", "rate": "rate"}],
                "initial": "0",
                "tf": 1,
            }
        }
    )
    system = linear_system(statement)
    assert system.basis.shape[0] == 2
    alone = [linear_system(parse({"matrices": {**_BARE, **part}})).matrix(0.7) for part in _PARTS]
    assert system.matrix(0.7) == pytest.approx(sum(alone), abs=1e-14)


_BARE = {"kind": "lindblad", "dimensions": 2, "initial": "0", "tf": 1}
_PARTS: list[dict[str, object]] = [
    {"H0": "0.8*sz"},
    {"terms": [{"operator": "sx", "amplitude": "cos(t)"}]},
    {"terms": [{"operator": "sy", "amplitude": "0.6"}]},
    {"collapse": [{"operator": "sm", "rate": 0.3}]},
]
