"""Publication: the solution at points between which the control may be taken as linear."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.problems.model import Problem
from app.solvers.pmp.arcs import name_of
from app.solvers.pmp.integration import STEPS
from app.solvers.pmp.kinds import FREE
from app.solvers.pmp.newton import Found
from app.solvers.pmp.sampling import Samples, calmed, resolved, samples

Array = NDArray[np.float64]
MOST = 2048  # segments that are sampled; STEPS points each
GAP = 1e-9  # of the duration: between the two points of a jump


@dataclass(frozen=True)
class Published:
    """`t (S,)` increasing, `x (S, n)`, `u (S, m)`, `costate (S, n)`, `hamiltonian (S,)`; costs minimised."""

    t: Array
    x: Array
    u: Array
    costate: Array
    hamiltonian: Array


def publish(problem: Problem, found: Found, accuracy: float, growth: float = np.inf) -> Published:
    """The points: dense where controls bend, both sides of every jump.

    `accuracy`: of linear interpolation of the controls, relative to their size; their mean is far more accurate.
    `growth`: of errors over one segment, at most, as far as MOST allows.
    """
    e, shots = resolved(found.shooting, found.extremal, found.system.shots, accuracy, MOST)
    if np.isfinite(growth):
        e, shots = calmed(found.shooting, e, growth, MOST)
    at = samples(e, shots)
    phase, n = problem.phases[0], e.y.shape[1] // 2
    z = np.concatenate([at.t[:, None], at.y, np.tile(e.p, (len(at.t), 1))], axis=1)
    kinds, values = e.arcs.kinds[at.arc], e.arcs.values[at.arc]
    h = np.asarray(found.shooting.points(z, at.u, kinds, values).values)[:, 0]
    u = np.clip(_with_mean(at), phase.u_lower, phase.u_upper)
    span = float(at.t[-1] - at.t[0])
    gap = max(GAP * span, 16 * np.spacing(np.max(np.abs(at.t))))
    keep, t = _distinct(at.t, u, gap)
    x = at.y[keep, :n]
    allowance = 1e-9 * (1.0 + np.max(np.abs(x), axis=0))
    if np.all(x >= phase.x_lower - allowance) and np.all(x <= phase.x_upper + allowance):
        x = np.clip(x, phase.x_lower, phase.x_upper)
    return Published(t, x, u[keep], at.y[keep, n:], h[keep])


def _with_mean(at: Samples) -> Array:
    """Controls (S, m) moved by h^2 u'' / 12, so that the integral of the linear interpolant is the true one.

    At the ends of segments, where the step h may change, both sides move alike.
    """
    if at.u.shape[1] == 0:
        return at.u
    u = at.u.reshape(-1, STEPS + 1, at.u.shape[1])
    second = np.diff(u, 2, axis=1)
    bend = np.concatenate(
        [2 * second[:, :1] - second[:, 1:2], second, 2 * second[:, -1:] - second[:, -2:-1]], axis=1
    )
    joined = np.diff(at.segment.reshape(-1, STEPS + 1)[:, 0]) == 1
    smooth = joined & np.all(np.abs(u[1:, 0] - u[:-1, -1]) <= 1e-9 * (1.0 + np.abs(u[1:, 0])), axis=1)
    middle = 0.5 * (bend[1:, 0] + bend[:-1, -1])
    bend[1:, 0] = np.where(smooth[:, None], middle, bend[1:, 0])
    bend[:-1, -1] = np.where(smooth[:, None], middle, bend[:-1, -1])
    found: Array = (u - bend / 12.0).reshape(at.u.shape)
    return found


def _distinct(t: Array, u: Array, gap: float) -> tuple[NDArray[np.int64], Array]:
    """Of points closer than `gap` the last, and the first as well where the control jumps, moved apart."""
    groups = np.concatenate([[0], np.cumsum(np.diff(t) > gap)])
    firsts = np.searchsorted(groups, np.arange(groups[-1] + 1))
    lasts = np.searchsorted(groups, np.arange(groups[-1] + 1), side="right") - 1
    keep: list[int] = []
    times: list[float] = []
    for first, last in zip(firsts, lasts, strict=True):
        jump = np.max(np.abs(u[first] - u[last]) / (1.0 + np.abs(u[last])), initial=0.0) > 1e-9
        if jump and first > 0:
            keep.append(int(first))
            times.append(float(t[last] - gap))
        keep.append(int(last))
        times.append(float(t[last]))
    return np.array(keep), np.array(times)


def arcs_of(problem: Problem, found: Found) -> list[dict[str, Any]]:
    """Every arc of every control: where a control keeps its kind, in order of control and time."""
    phase = problem.phases[0]
    at = samples(found.extremal, found.system.shots)
    kinds = found.extremal.arcs.kinds[at.arc]
    held = found.extremal.arcs.values[at.arc]
    listed: list[dict[str, Any]] = []
    for j, control in enumerate(phase.controls):
        lower, upper = float(phase.u_lower[j]), float(phase.u_upper[j])
        names = [
            _kind(int(kind), value, u, lower, upper)
            for kind, value, u in zip(kinds[:, j], held[:, j], at.u[:, j], strict=True)
        ]
        start = 0
        for i in range(1, len(names) + 1):
            if i < len(names) and names[i] == names[start]:
                continue
            end = min(i, len(names) - 1)
            if at.t[end] > at.t[start] or len(names) == 1:
                listed.append(
                    {
                        "t_start": float(at.t[start]),
                        "t_end": float(at.t[end]),
                        "control": control,
                        "kind": names[start],
                    }
                )
            start = i
    return listed


def _kind(kind: int, value: float, u: float, lower: float, upper: float) -> str:
    # Only where no arc was laid does the value tell: an interior arc touches the bound at its own end.
    if kind == FREE and u <= lower:
        return "lower"
    if kind == FREE and u >= upper:
        return "upper"
    return name_of(kind, value, lower, upper)
