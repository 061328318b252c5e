"""Uncertain constants: the values one control must serve, as quadrature nodes of their distribution."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping

import numpy as np

from app.problems.expression import suggestion
from app.problems.reader import Reader
from app.solvers.magnus.arrays import read_array
from app.solvers.magnus.statement import Spread

DEFAULT_SAMPLES = 5
MAX_SAMPLES = 33
MAX_MEMBERS = 256


def read_spreads(top: Reader, constants: Mapping[str, float]) -> tuple[Spread, ...]:
    """The key `spread`: a constant -> `{values, weights}`, `{standard_deviation, samples}` or `{half_width,
    samples}`."""
    reader = top.inner("spread")
    found: list[Spread] = []
    for name in reader.data:
        if name not in constants:
            top.faults.add(
                reader.at(name), f"unknown constant {name!r}", name, suggestion(name, constants, "constants")
            )
            continue
        spread = _spread(reader.inner(name), name, constants[name])
        if spread is not None:
            found.append(spread)
    members = math.prod(spread.values.size for spread in found)
    if members > MAX_MEMBERS:
        top.faults.add(reader.path, f"makes {members:,} combinations", None, f"at most {MAX_MEMBERS}")
    return tuple(found)


def _spread(reader: Reader, name: str, middle: float) -> Spread | None:
    forms = [
        key for key in ("values", "standard_deviation", "half_width") if reader.data.get(key) is not None
    ]
    if len(forms) != 1:
        reader.faults.add(
            reader.path, "must say how the constant spreads", None, "values, standard_deviation or half_width"
        )
        return None
    if forms[0] == "values":
        return _listed(reader, name)
    reader.only((forms[0], "samples"))
    size, samples = reader.data[forms[0]], reader.data.get("samples", DEFAULT_SAMPLES)
    if isinstance(size, bool) or not isinstance(size, (int, float)) or not 0 < size <= 1e100:
        reader.faults.add(reader.at(forms[0]), "must be a number", size, "above 0")
        return None
    if isinstance(samples, bool) or not isinstance(samples, int) or not 2 <= samples <= MAX_SAMPLES:
        reader.faults.add(reader.at("samples"), "must be a whole number", samples, f"2 to {MAX_SAMPLES}")
        return None
    rule = (
        np.polynomial.hermite_e.hermegauss
        if forms[0] == "standard_deviation"
        else np.polynomial.legendre.leggauss
    )
    nodes, weights = rule(samples)
    return Spread(name, middle + size * nodes, weights / weights.sum())


def _listed(reader: Reader, name: str) -> Spread | None:
    reader.only(("values", "weights"))
    values = read_array(reader.data["values"], reader.at("values"), reader.faults, (None,))
    if values is None:
        return None
    if values.size > MAX_MEMBERS:
        reader.faults.add(reader.at("values"), f"has {values.size:,} entries", None, f"at most {MAX_MEMBERS}")
        return None
    weights = np.ones(values.size)
    if reader.data.get("weights") is not None:
        given = read_array(reader.data["weights"], reader.at("weights"), reader.faults, (values.size,))
        if given is None:
            return None
        weights = given.real
    if weights.min() < 0 or weights.sum() <= 0:
        reader.faults.add(reader.at("weights"), "must not be negative", None, "0 or more, one above 0")
        return None
    return Spread(name, values.real, weights / weights.sum())


def combinations(spreads: tuple[Spread, ...]) -> list[tuple[dict[str, float], float]]:
    """Every combination of values with its weight; one empty combination where nothing spreads."""
    choices = [list(zip(spread.values, spread.weights, strict=True)) for spread in spreads]
    names = [spread.name for spread in spreads]
    return [
        (
            {name: float(value) for name, (value, _) in zip(names, picked, strict=True)},
            math.prod(float(weight) for _, weight in picked),
        )
        for picked in itertools.product(*choices)
    ]
