"""What the templates should cost, by CasADi and IPOPT: `python benchmarks/reference_costs.py [NAME ...] [--write]`.

Each template is solved on meshes of twice as many intervals, by Radau collocation, until two meshes agree to
AGREEMENT or LIMIT is reached; each mesh starts from the solution of the one before. Hermite-Simpson on the last
mesh is a second opinion. With --write the cost and its tolerance are put into the template's `expected`.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from casadi_peer import Peer

from app.problems.doors import problem_of
from app.problems.library import templates
from app.problems.model import Problem
from app.solvers.collocation.transcription import TRANSCRIPTIONS

TEMPLATES = Path(__file__).parents[1] / "app" / "problems" / "templates"
FIRST, LIMIT = 24, 768
"""Intervals of the first and of the finest mesh; multiples of 24, so that hourly tables bend at nodes."""
AGREEMENT = 1e-7
IPOPT_TOLERANCE = 1e-10
TOLERANCES = (1e-6, 1e-5, 1e-4, 1e-3)
"""Of these, the smallest that is at least SAFETY times the observed error is a template's tolerance."""
SAFETY = 10.0


@dataclass(frozen=True)
class Reference:
    """A cost with `error`, how far the last two meshes and the two transcriptions are apart (relative)."""

    cost: float
    error: float
    intervals: int
    seconds: float

    @property
    def tolerance(self) -> float | None:
        """The relative tolerance to be held, None where the meshes do not agree."""
        return next((value for value in TOLERANCES if value >= SAFETY * self.error), None)


def solve_with_ipopt(problem: Problem, intervals: int, transcription: str = "radau") -> tuple[float, Problem]:
    """Cost in the problem's own sense on a uniform mesh, and the problem with the solution as its guess.

    RuntimeError when IPOPT does not succeed.
    """
    peer = Peer.of(problem, TRANSCRIPTIONS[transcription], intervals, IPOPT_TOLERANCE)
    cost, _, good, variables = peer.solve()
    if not good:
        raise RuntimeError(f"{intervals} intervals, {transcription}: {peer.solver.stats()['return_status']}")
    return cost, peer.guess(variables)


def reference(problem: Problem) -> Reference:
    """The cost on meshes doubled until it stays."""
    start = time.perf_counter()
    intervals = FIRST
    cost, solved = solve_with_ipopt(problem, intervals)
    error = float("inf")
    while error > AGREEMENT and intervals < LIMIT:
        intervals *= 2
        before = cost
        cost, solved = solve_with_ipopt(solved, intervals)
        error = _apart(cost, before)
    other, _ = solve_with_ipopt(solved, intervals, "hermite_simpson")
    # The second opinion is of lower order: its own error shrinks with the mesh, so a mesh twice as coarse tells.
    coarse, _ = solve_with_ipopt(solved, intervals // 2, "hermite_simpson")
    opinion = max(0.0, _apart(cost, other) - _apart(other, coarse))
    return Reference(cost, max(error, opinion), intervals, time.perf_counter() - start)


def _apart(a: float, b: float) -> float:
    return abs(a - b) / max(abs(a), abs(b), 1e-12)


def write(name: str, found: Reference) -> None:
    """Put the reference into the template, before its `problem`."""
    path = TEMPLATES / f"{name}.json"
    text = path.read_text(encoding="utf-8")
    data: dict[str, Any] = json.loads(text)
    line = f'  "expected": {json.dumps({"cost": float(f"{found.cost:.10g}"), "rel_tol": found.tolerance})},\n'
    if "expected" in data:
        start = text.index('  "expected":')
        text = text[:start] + line + text[text.index("\n", start) + 1 :]
    else:
        start = text.index('  "problem":')
        text = text[:start] + line + text[start:]
    if json.loads(text)["problem"] != data["problem"]:
        raise RuntimeError(f"{path}: `expected` and `problem` must each begin a line")
    path.write_text(text, encoding="utf-8")


def main() -> None:
    """Solve the templates named on the command line, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--write", action="store_true", help="put the costs into the templates")
    chosen = parser.parse_args()
    print(f"{'template':28} {'cost':>18} {'error':>9} {'rel_tol':>8} {'intervals':>9} {'seconds':>8}")
    for name in chosen.names or [found.name for found in templates()]:
        try:
            found = reference(problem_of({"template": name}))
        except RuntimeError as error:
            print(f"{name:28} {error}", flush=True)
            continue
        print(
            f"{name:28} {found.cost:18.10g} {found.error:9.1e} {found.tolerance or float('nan'):8.0e} "
            f"{found.intervals:9} {found.seconds:8.1f}",
            flush=True,
        )
        if chosen.write and found.tolerance is not None:
            write(name, found)


if __name__ == "__main__":
    main()
