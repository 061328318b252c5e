"""Times of a phase: bounds and guesses of its beginning and end, in order and within their bounds."""

from __future__ import annotations

import numpy as np

from app.problems.constants import Constants
from app.problems.evaluation import Number, clip, maximum, middle, plain, show
from app.problems.statement import Moment, PhaseStatement

SHORTEST = 1e-6  # of the guessed duration: the least duration of a phase whose end time is free

Times = dict[str, tuple[Number, Number, Number]]
"""`t0` and `tf`: lower bound, upper bound, guess."""


def phase_times(phase: PhaseStatement, previous: Number, constants: Constants) -> Times:
    """Times of one phase; `previous` is the guessed end of the phase before, where a free one begins."""
    prefix = f"{phase.path}." if phase.path else ""
    earliest, latest, begin = _time(phase.t0, f"{prefix}time.t0", constants)
    if not phase.t0.fixed:
        begin = clip(previous if phase.t0.guess is None else begin, earliest, latest)
    path = f"{prefix}time.tf"
    low, high, guess = _time(phase.tf, path, constants)
    if np.any(np.asarray(high) <= np.asarray(earliest)):
        given = f"t0 = {show(earliest)}, tf = {show(high)}"
        constants.faults.add(path, "the phase ends before it begins", given, "tf above t0")
    if not phase.tf.fixed:
        guess = clip(guess, low, high)
        late = clip(_duration_guess(low, high, begin), maximum(low, earliest), high)
        given_well = phase.tf.guess is not None and np.asarray(guess) > np.asarray(begin)
        guess = plain(np.where(given_well, guess, late))
    if not phase.t0.fixed:  # a start guessed after the end moves before it
        before = np.where(
            np.isfinite(earliest), 0.5 * (np.asarray(earliest) + guess), np.asarray(guess) - 1.0
        )
        begin = plain(np.where(np.asarray(begin) < np.asarray(guess), begin, before))
    if not phase.tf.fixed:
        shortest = np.asarray(earliest) + SHORTEST * (np.asarray(guess) - np.asarray(begin))
        low = maximum(low, plain(shortest))
    return {"t0": (earliest, latest, begin), "tf": (low, high, guess)}


def _time(moment: Moment, path: str, constants: Constants) -> tuple[Number, Number, Number]:
    low, high = constants.bounds((moment.lower, moment.upper), path)
    guess = middle(low, high) if moment.guess is None else constants.number(moment.guess, f"{path}.guess")
    return low, high, guess


def _duration_guess(low: Number, high: Number, start: Number) -> Number:
    """A guess of a free final time: the geometric mean of shortest and longest duration, where bounded."""
    shortest = np.maximum(np.asarray(low) - np.asarray(start), 0.0)
    longest = np.maximum(np.asarray(high) - np.asarray(start), 0.0)
    with np.errstate(invalid="ignore"):
        bounded = np.sqrt(np.maximum(shortest, 1e-2 * longest) * longest)
    return plain(np.asarray(start) + np.where(np.isfinite(longest), bounded, np.maximum(1.0, 2.0 * shortest)))
