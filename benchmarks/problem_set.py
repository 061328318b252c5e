"""Problems with known answers, solved with default options: `python benchmarks/problem_set.py [NAME ...]`.

Prints a table of those in PLACES and how many are solved: converged, the returned control flown by CasADi
(`peer_flight`) gives the cost stated, and that is not worse than the one known. With `--solver pmp` those that
it takes. Each problem has a process of its own; `--jobs` run side by side.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from peer_flight import PeerFlight, fly

from app.errors import InvalidInput
from app.problems.doors import problem_of
from app.solvers.request import check
from app.solvers.run import run

ROOT = Path(__file__).parents[1]
PLACES = (ROOT / "tests" / "accuracy" / "problems", ROOT / "benchmarks" / "problems")
APART = 1e-3
"""What a flight may be off: in its cost, its ends and its constraints (relative)."""
HEAD = """| problem | status | cost | known | off by | flown: cost, ends, constraints | seconds |
| --- | --- | --- | --- | --- | --- | --- |"""


@dataclass(frozen=True)
class Known:
    """A problem as a user sends it, with the cost it should have and the relative tolerance of that."""

    name: str
    config: dict[str, Any]
    cost: float
    tolerance: float


@dataclass(frozen=True)
class Found:
    """What came of one: `verdict` is solved, failed, worse (than known), wrong (not as flown) or refused."""

    known: Known
    verdict: str
    status: str
    cost: float | None = None
    flight: PeerFlight | None = None
    seconds: float = 0.0

    def line(self) -> str:
        """A row of the table."""
        known = self.known
        off = "" if self.cost is None else f"{(self.cost - known.cost) / max(abs(known.cost), 1e-8):.0e}"
        flown = ""
        if self.flight is not None and self.cost is not None:
            differs = abs(self.flight.cost - self.cost) / max(abs(self.cost), 1e-8)
            flown = f"{differs:.0e}, {self.flight.missed:.0e}, {self.flight.violation:.0e}"
        cost = "" if self.cost is None else f"{self.cost:.9g}"
        state = self.status if self.verdict in ("solved", "failed") else f"{self.status}, {self.verdict}"
        return (
            f"| {known.name} | {state} | {cost} | {known.cost:.9g} | {off} | {flown} | {self.seconds:.1f} |"
        )


def all_known() -> Iterator[Known]:
    """Every problem of PLACES."""
    for place in PLACES:
        for file in sorted(place.glob("*.json")):
            for data in json.loads(file.read_text(encoding="utf-8"))["problems"]:
                problem = {key: value for key, value in data.items() if key not in ("reference", "published")}
                reference = data["reference"]
                yield Known(data["id"], {"problem": problem}, reference["cost"], reference["cost_rel_tol"])


def solve(task: tuple[str, dict[str, Any], Known]) -> Found:
    """One problem, with default options but for those given."""
    solver, options, known = task
    try:
        request = check(solver, known.config, options)
    except InvalidInput:
        return Found(known, "refused", "refused")
    began = time.perf_counter()
    result = run(request, lambda _: None)
    seconds = time.perf_counter() - began
    status, cost = result["status"], result["cost"]
    if status != "converged" or cost is None:
        return Found(known, "failed", status, cost, None, seconds)
    problem = problem_of(known.config)
    flight = fly(problem, result)
    size = max(abs(cost), abs(known.cost), 1e-8)
    worse = (cost - known.cost) * (-1.0 if problem.sense == "max" else 1.0)
    if max(abs(flight.cost - cost) / size, flight.missed, flight.violation) > APART:
        verdict = "wrong"
    else:
        verdict = "worse" if worse > known.tolerance * size else "solved"
    return Found(known, verdict, status, cost, flight, seconds)


def main() -> None:
    """Solve and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", help="only these")
    parser.add_argument("--solver", choices=("collocation", "pmp"), default="collocation")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--time-limit", type=float, help="seconds for each, where a busy machine needs more")
    chosen = parser.parse_args()
    options = {} if chosen.time_limit is None else {"time_limit_s": chosen.time_limit}
    wanted = [known for known in all_known() if not chosen.names or known.name in chosen.names]
    tasks = [(chosen.solver, options, known) for known in wanted]
    counts: Counter[str] = Counter()
    print(HEAD)
    with multiprocessing.get_context("spawn").Pool(chosen.jobs, maxtasksperchild=1) as pool:
        for found in pool.imap(solve, tasks):
            counts[found.verdict] += 1
            if found.verdict != "refused":
                print(found.line(), flush=True)
    tried = len(tasks) - counts["refused"]
    print(f"\n{counts['solved']} of {tried} solved; {counts['wrong']} converged but not as flown, "
          f"{counts['worse']} with a worse cost than the one known")  # fmt: skip


if __name__ == "__main__":
    main()
