"""Chattering: on singular arcs the cost hardly tells one control from another, and a transcription's errors
can be exploited by controls that jump from place to place.

The remedy is the proximal-point method: solve again with the controls pulled, weakly, towards the smoothed
controls of the last solution. What is smooth stays where it is, so the fixed point is an optimum of the
problem itself. Source: Rockafellar, SIAM J. Control Optim. 14 (1976); Caponigro et al., IEEE TAC 63 (2018)
on total variation as regularisation of chattering.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from app.solvers.collocation.discretization import Discretization
from app.solvers.collocation.outcome import Outcome
from app.solvers.interpolation import Interpolation

Array = NDArray[np.float64]
NOTICEABLE = 0.005  # mean oscillation, relative to the control's range


def oscillation(outcome: Outcome) -> float:
    """How much controls swing about their own moving average, beyond single jumps; relative to their range."""
    d = outcome.discretization
    b = d.layout.transcription.b
    worst = 0.0
    for index in range(d.layout.phases):
        u = np.asarray(outcome.variables.u)[index]
        weight = d.fractions[index][:, None] * b
        for j in range(d.layout.controls[index]):
            values = u[..., j].ravel()
            width = np.ptp(values)
            if width < 1e-6 * (1.0 + np.max(np.abs(values))):
                continue
            steps = np.diff(values)
            turns = np.minimum(np.abs(steps[:-1]), np.abs(steps[1:])) * (steps[:-1] * steps[1:] < 0)
            worst = max(worst, float(np.sum(turns * weight.ravel()[1:-1]) / width))
    return worst


def smoothed(outcome: Outcome, new: Discretization) -> Array:
    """The controls, averaged over intervals and then over neighbours, at the places of a mesh (P, N, s, m)."""
    old = outcome.discretization
    b = old.layout.transcription.b
    controls = np.asarray(outcome.variables.u)
    found = np.zeros(new.layout.shapes.u)
    for index in range(old.layout.phases):
        length = old.fractions[index]
        centres = old.lefts()[index] + 0.5 * length
        at = new.places()[index]
        n_u = old.layout.controls[index]
        mean = np.einsum("s,isu->iu", b, controls[index, ..., :n_u])
        padded = np.concatenate([mean[:1], mean, mean[-1:]])
        part = np.concatenate([length[:1], length, length[-1:]])[:, None]
        weighted = padded * part
        top = 0.25 * weighted[:-2] + 0.5 * weighted[1:-1] + 0.25 * weighted[2:]
        mean = top / (0.25 * part[:-2] + 0.5 * part[1:-1] + 0.25 * part[2:])
        factor = old.scales.u[index, :n_u] / new.scales.u[index, :n_u]
        found[index, ..., :n_u] = Interpolation(centres, at)(mean) * factor
    return found
