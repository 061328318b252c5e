"""The solver `collocation` beside CasADi + IPOPT, in one run: `python benchmarks/collocation_vs_casadi.py`.

1. One warm solve of each public problem: the same transcription, uniform mesh, guess and tolerance (1e-8) on both
   sides, no refinement. Both programs are built and compiled before; the times are minima of turns taken in
   alternation, since other work on the machine only ever adds to them.
2. 64 initial states, within 1 % of the variables' magnitudes about the one given, from the same guess: ours as one
   batch of 32 in each of two processes, as the two slots of a worker on 2 cores solve two sweeps; IPOPT's one
   after the other.
3. End to end to the accuracy that the problem's reference asks for: ours with default options, with its flights and
   its verification, beside IPOPT on the coarsest uniform mesh that gives the cost as accurately (found for it).
4. A new structure with an empty cache, the same in a second process, and templates from the filled cache: each in
   a process of its own that has imported the solver, as a worker's has. Seconds of the whole first request.

Exits with 1 when a target is missed. `--quick`: fewer turns, problems and templates.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
from casadi_peer import Peer

from app.problems.model import Problem, parse
from app.solvers.collocation.batch import solve_batch
from app.solvers.collocation.discretization import guess_of
from app.solvers.collocation.mesh import uniform
from app.solvers.collocation.outcome import Outcome
from app.solvers.collocation.scaling import Scales
from app.solvers.collocation.solver import solve_problem
from app.solvers.collocation.solving import Budget, Solving, Start
from app.solvers.collocation.transcription import TRANSCRIPTIONS
from app.solvers.options import CollocationOptions
from app.solvers.request import check
from app.solvers.run import run

PUBLIC = Path(__file__).parent.parent / "tests/accuracy/problems/public.json"
TRANSCRIPTION = TRANSCRIPTIONS["radau"]
INTERVALS = 32
TOLERANCE = 1e-8
QUICK = ("brachistochrone", "van_der_pol", "cartpole_swingup")
NEW = ("van_der_pol", "brachistochrone", "robot_arm")  # structures for the cold start
LANES, PROCESSES, THROUGHPUT = 64, 2, 10.0
MEDIAN, WORST = 0.5, 2.0  # of IPOPT's time
COLD_S, RESTART_S, TEMPLATE_S = 5.0, 1.0, 1.0


@dataclass(frozen=True)
class Case:
    """A public problem and what is known of its answer."""

    name: str
    problem: Problem
    statement: dict[str, Any]
    cost: float
    accuracy: float


def cases(quick: bool) -> list[Case]:
    """The public problems."""
    found = []
    for data in json.loads(PUBLIC.read_text())["problems"]:
        statement = {key: value for key, value in data.items() if key not in ("reference", "published")}
        known = data["reference"]
        problem = parse(statement)
        found.append(Case(data["id"], problem, statement, known["cost"], known["cost_rel_tol"]))
    return [case for case in found if not quick or case.name in QUICK]


@dataclass
class Ours:
    """Our solve of one problem on one uniform mesh from its guess, without refinement."""

    problem: Problem
    intervals: int = INTERVALS

    def __post_init__(self) -> None:
        budget = Budget.of(10**6, 1e6)
        self.solving = Solving(self.problem, TRANSCRIPTION, budget, lambda _: None)

    def solve(self) -> tuple[Outcome, float]:
        """The outcome and its seconds, data and scaling included."""
        start = time.perf_counter()
        guess = guess_of(self.problem)
        discretization = self.solving.discretize(uniform(len(self.problem.phases), self.intervals), guess)
        outcome = self.solving.solve(discretization, guess, Start(tolerance=TOLERANCE, iterations=3000))
        return outcome, time.perf_counter() - start


def singles(chosen: list[Case], turns: int) -> bool:
    """Table 1; whether its targets are met."""
    print(f"One warm solve, {TRANSCRIPTION.name}, {INTERVALS} equal intervals, tolerance {TOLERANCE:g}")
    print(f"  {'problem':26} {'ours':>9} {'IPOPT':>9} {'ratio':>6}  iterations  cost of ours, of IPOPT")
    ratios = []
    for case in chosen:
        peer = Peer.of(case.problem, TRANSCRIPTION, INTERVALS, TOLERANCE)
        mine = Ours(case.problem)
        mine.solve(), peer.solve()
        spans, theirs = [], []
        for _ in range(turns):
            outcome, seconds = mine.solve()
            spans.append(seconds)
            cost, seconds, good, _ = peer.solve()
            theirs.append(seconds)
        sign = -1.0 if case.problem.sense == "max" else 1.0
        ratio = min(spans) / min(theirs)
        ratios.append(ratio)
        known = "" if outcome.solved and good else "  (ours failed)" if good else "  (IPOPT failed)"
        print(
            f"  {case.name:26} {min(spans) * 1e3:6.2f} ms {min(theirs) * 1e3:6.2f} ms {ratio:6.2f}"
            f" {outcome.iterations:5d} {peer.iterations:5d}  {sign * outcome.cost:.9g} {cost:.9g}{known}"
        )
    middle, worst = statistics.median(ratios), max(ratios)
    print(f"  median ratio {middle:.2f} (target {MEDIAN}), largest {worst:.2f} (target {WORST})")
    return middle <= MEDIAN and worst <= WORST


def perturbed(problem: Problem, count: int) -> list[Problem]:
    """The problem with other initial states, where they are given."""
    phase, random = problem.phases[0], np.random.default_rng(0)
    sizes = Scales.of(problem, Ours(problem).solving.layout(INTERVALS)).x[0, : len(phase.states)]
    found = []
    for _ in range(count):
        move = 0.01 * sizes * random.uniform(-1, 1, len(sizes)) * (phase.x0_lower == phase.x0_upper)
        moved = replace(phase, x0_lower=phase.x0_lower + move, x0_upper=phase.x0_upper + move)
        found.append(replace(problem, phases=(moved, *problem.phases[1:])))
    return found


def batches(chosen: list[Case], turns: int) -> bool:
    """Table 2; whether its target is met."""
    print(f"{LANES} initial states: ours as a batch in each of {PROCESSES} processes, IPOPT's in a row")
    ratios = []
    for case in chosen:
        problems = perturbed(case.problem, LANES)
        peer = Peer.of(case.problem, TRANSCRIPTION, INTERVALS, TOLERANCE)
        own: list[float] = []
        theirs: list[float] = []
        with batch_processes(case.name) as processes:
            for turn in range(turns + 1):  # the first compiles
                for process in processes:
                    process.recv()  # it is ready
                start = time.perf_counter()
                for process in processes:
                    process.send(turn < turns)
                solved = sum(process.recv() for process in processes)
                own.append(time.perf_counter() - start)
                good, spent = 0, 0.0
                for problem in problems if turn else ():
                    peer.begin_at(problem.phases[0].x0_lower, problem.phases[0].x0_upper)
                    _, seconds, success, _ = peer.solve()
                    good, spent = good + success, spent + seconds
                theirs.append(spent)
        ours, ipopt = min(own[1:]), min(theirs[1:])
        ratios.append(ipopt / ours)
        print(
            f"  {case.name:26} {ours * 1e3:7.1f} ms {ipopt * 1e3:8.1f} ms  {ipopt / ours:5.1f} times faster;"
            f" solved {solved} and {good}"
        )
    middle = statistics.median(ratios)
    print(f"  median {middle:.1f} times (target {THROUGHPUT:g})")
    return middle >= THROUGHPUT


@contextmanager
def batch_processes(name: str) -> Iterator[list[Connection]]:
    """Processes that solve their parts of a batch when told to."""
    context = multiprocessing.get_context("spawn")
    ends, processes = [], []
    for part in range(PROCESSES):
        here, there = context.Pipe()
        processes.append(context.Process(target=_batch_process, args=(there, name, part), daemon=True))
        processes[-1].start()
        ends.append(here)
    try:
        yield ends
    finally:
        for process in processes:
            process.join(10.0)
            process.terminate()


def _batch_process(connection: Connection, name: str, part: int) -> None:
    """Tell that it is ready, wait to be told, solve, tell how many were solved; until told that it was the last."""
    [case] = [one for one in cases(False) if one.name == name]
    problems = perturbed(case.problem, LANES)[part::PROCESSES]
    further = True
    while further:
        solvings = [Ours(problem).solving for problem in problems]
        connection.send(None)
        further = connection.recv()
        outcomes = solve_batch(solvings, INTERVALS, Start(tolerance=TOLERANCE, iterations=3000))
        connection.send(sum(outcome.solved for outcome in outcomes))


def end_to_end(chosen: list[Case], turns: int) -> None:
    """Table 3, for which there is no target."""
    print("End to end, to the accuracy of the reference; ours with refinement, flights and verification")
    options = CollocationOptions().model_dump()
    for case in chosen:
        solve_problem(case.problem, options, lambda _: None)
        spans = []
        for _ in range(turns):
            start = time.perf_counter()
            result = solve_problem(case.problem, options, lambda _: None)
            spans.append(time.perf_counter() - start)
        own = abs(result["cost"] / case.cost - 1.0)
        text = f"  {case.name:26} ours {min(spans) * 1e3:7.1f} ms, {result['status']}, cost off by {own:.1e}"
        print(f"{text}; IPOPT {_coarsest(case, turns)}")


def _coarsest(case: Case, turns: int) -> str:
    for intervals in (8, 16, 32, 64, 128, 256):
        peer = Peer.of(case.problem, TRANSCRIPTION, intervals, TOLERANCE)
        answers = [peer.solve() for _ in range(turns)]
        off = abs(answers[0][0] / case.cost - 1.0)
        if answers[0][2] and off <= case.accuracy:
            return (
                f"{min(a[1] for a in answers) * 1e3:7.1f} ms on {intervals} intervals, cost off by {off:.1e}"
            )
    return "is not as accurate on 256 intervals"


def first_request(config: dict[str, Any], cache: str) -> dict[str, float]:
    """Seconds of the first request of a new process, and what it took to compile or to read from the cache."""
    command = [sys.executable, __file__, "--first", json.dumps(config)]
    environment = {**os.environ, "COSTATE_CACHE_DIR": cache}
    answer = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(answer.stdout)
    return found


def cold(quick: bool) -> bool:
    """Table 4; whether its targets are met."""
    met = True
    print("First request of a process, seconds in all (of it tracing and compiling)")
    statements = {case.name: case.statement for case in cases(False)}
    with tempfile.TemporaryDirectory() as cache:
        for name in NEW[:1] if quick else NEW:
            config = {"problem": statements[name]}
            for label, target in (("empty cache", COLD_S), ("after a restart", RESTART_S)):
                seconds = first_request(config, cache)
                met &= seconds["all"] <= target
                print(
                    f"  {name:26} {label:16} {seconds['all']:6.2f} ({seconds['compile']:.2f}), target {target:g}"
                )
        for template in ("goddard_rocket",) if quick else ("goddard_rocket", "quadrotor", "battery_dispatch"):
            config = {"template": template}
            first_request(config, cache)
            seconds = first_request(config, cache)
            met &= seconds["all"] <= TEMPLATE_S
            print(
                f"  {template:26} {'filled cache':16} {seconds['all']:6.2f} ({seconds['compile']:.2f}), "
                f"target {TEMPLATE_S:g}"
            )
    return met


def _first(config: dict[str, Any]) -> None:
    start = time.perf_counter()
    result = run(check("collocation", config), lambda _: None)
    spent = {"all": time.perf_counter() - start, "compile": result["timings"]["compile_s"]}
    print(json.dumps(spent))


def main() -> int:
    """Run all; the exit status says whether the targets are met."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--first")
    given = parser.parse_args()
    if given.first:
        _first(json.loads(given.first))
        return 0
    turns = 3 if given.quick else 10
    chosen = cases(given.quick)
    met = [singles(chosen, turns), batches(chosen, 2), cold(given.quick)]
    end_to_end(chosen, min(turns, 3))
    print("targets met" if all(met) else "a target is MISSED")
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
