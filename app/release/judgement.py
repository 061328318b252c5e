"""Whether a new build answers as well as the one that runs: the numerical canary."""

from __future__ import annotations

import math
from dataclasses import dataclass

from app.release.answers import Answer
from app.release.problems import Problem

SAME_COST = 1e-5
"""Relative difference of costs between two builds that nobody has to explain: meshes may differ."""

WORSE = 10.0
"""A residual may grow so many times: it depends on where an iteration happens to stop."""

UNSEEN = 1e-6
"""A residual below is as good as none."""


@dataclass(frozen=True)
class Verdict:
    """One problem's comparison; no fault means that the new build may answer it."""

    problem: str
    old: Answer
    new: Answer
    faults: tuple[str, ...]


def compare(problem: Problem, old: Answer, new: Answer) -> Verdict:
    """Hold the new answer against the old one and against what is known."""
    faults = alone(problem, new)
    if old.status == "converged" and new.status == "converged":
        apart = difference(new.cost, old.cost)
        nearer = difference(new.cost, problem.known) < difference(old.cost, problem.known)
        if not apart <= SAME_COST and not nearer:
            faults.append(
                f"cost {new.cost:.9g} was {old.cost:.9g}: {apart:.1e} apart, {SAME_COST:.0e} allowed"
            )
        for name, residual in new.residuals.items():
            allowed = max(UNSEEN, WORSE * old.residuals.get(name, math.inf))
            if not residual <= allowed:
                faults.append(f"{name} {residual:.1e} was {old.residuals[name]:.1e}")
    return Verdict(problem.name, old, new, tuple(faults))


def alone(problem: Problem, answer: Answer) -> list[str]:
    """Faults of one answer against what is known."""
    if answer.status != "converged":
        return [f"{answer.status} instead of converged{f': {answer.detail}' if answer.detail else ''}"]
    apart = difference(answer.cost, problem.known)
    if not apart <= problem.tolerance:
        known = f"known is {problem.known:.9g}"
        return [f"cost {answer.cost:.9g}, {known}: {apart:.1e} apart, {problem.tolerance:.0e} allowed"]
    return []


def difference(cost: float, reference: float) -> float:
    """Relative to the reference, or absolute where that is less than one."""
    return abs(cost - reference) / max(1.0, abs(reference))
