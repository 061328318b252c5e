"""How time and memory grow with the mesh: `python benchmarks/growth.py`.

One iteration of the interior-point method on 20 to 2,000 intervals: its time, and the memory of the compiled
program (arguments, results and what it holds meanwhile). Both should be linear; the last column is the slope of
their logarithms from the line above. Then the memory of a process in which every template was solved once.

Exits with 1 when time or memory grow clearly faster than linear, or the process holds more than 1 GB.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from pathlib import Path

import psutil

from app.problems.library import templates
from app.problems.model import parse
from app.solvers.collocation.discretization import guess_of
from app.solvers.collocation.mesh import uniform
from app.solvers.collocation.outcome import no_multipliers
from app.solvers.collocation.solving import Budget, Solving
from app.solvers.collocation.transcription import TRANSCRIPTIONS
from app.solvers.request import check
from app.solvers.run import run

PUBLIC = Path(__file__).parent.parent / "tests/accuracy/problems/public.json"
INTERVALS = (20, 50, 100, 200, 500, 1000, 2000)
ITERATIONS = 10
STEEPEST = 1.25  # slope of the logarithms over the whole range
LARGEST_MB = 1000.0


def iteration(name: str, intervals: int, turns: int) -> tuple[float, float]:
    """Seconds of one iteration, and MB of the program."""
    data = next(p for p in json.loads(PUBLIC.read_text())["problems"] if p["id"] == name)
    problem = parse({key: value for key, value in data.items() if key not in ("reference", "published")})
    solving = Solving(problem, TRANSCRIPTIONS["radau"], Budget.of(10**6, 1e6), lambda _: None)
    guess = guess_of(problem)
    d = solving.discretize(uniform(len(problem.phases), intervals), guess)
    programs = solving.programs(d.layout)
    numbers = d.data()
    state = programs.start(numbers, d.variables(guess), no_multipliers(d.layout), 0.1, 0)
    spans = []
    for _ in range(turns + 1):  # the first compiles
        begun = time.perf_counter()
        done = int(programs.advance(numbers, state, 0.0, ITERATIONS).iteration)
        spans.append((time.perf_counter() - begun) / done)
    memory = programs.advance.compiled.memory_analysis()
    held = memory.argument_size_in_bytes + memory.output_size_in_bytes + memory.temp_size_in_bytes
    return min(spans[1:]), held / 2**20


def mesh(name: str, sizes: tuple[int, ...], turns: int) -> bool:
    """Print the table; whether growth is linear."""
    print(f"One iteration on {name}")
    rows: list[tuple[int, float, float]] = []
    for intervals in sizes:
        seconds, held = iteration(name, intervals, turns)
        slopes = ""
        if rows:
            before = rows[-1]
            wider = math.log(intervals / before[0])
            steep = (math.log(seconds / before[1]) / wider, math.log(held / before[2]) / wider)
            slopes = f"  slopes {steep[0]:.2f}, {steep[1]:.2f}"
        print(
            f"  {intervals:5d} intervals {seconds * 1e3:8.3f} ms {seconds / intervals * 1e6:6.2f} us each"
            f" {held:8.2f} MB{slopes}"
        )
        rows.append((intervals, seconds, held))
    wider = math.log(rows[-1][0] / rows[0][0])
    steepness = [math.log(rows[-1][column] / rows[0][column]) / wider for column in (1, 2)]
    print(f"  over all: slopes {steepness[0]:.2f} in time, {steepness[1]:.2f} in memory")
    return max(steepness) <= STEEPEST


def all_templates() -> bool:
    """Solve every template; whether the process stays small enough."""
    process = psutil.Process()
    print(f"Templates in one process, MB resident: {process.memory_info().rss / 2**20:.0f} before any")
    for template in templates():
        result = run(check("collocation", {"template": template.name}), lambda _: None)
        print(f"  {template.name:24} {result['status']:12} {process.memory_info().rss / 2**20:6.0f}")
    return process.memory_info().rss / 2**20 <= LARGEST_MB


def main() -> int:
    """Run both; the exit status says whether growth and size are as they should be."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="three meshes, no templates")
    quick = parser.parse_args().quick
    met = [mesh("van_der_pol", INTERVALS[::3] if quick else INTERVALS, 3 if quick else 10)]
    if not quick:
        met.append(all_templates())
    print("as it should be" if all(met) else "a target is MISSED")
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
