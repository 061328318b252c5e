"""The solver `multi_objective` beside pymoo, in one run: `python benchmarks/pareto_vs_pymoo.py`.

Evolution: ZDT1-3 and DTLZ2 with 25,000 evaluations (population 100), our default method (NSGA-II for two
objectives, NSGA-III for three) against pymoo's NSGA-II, medians over eleven seeds; the hypervolume of what each
ends with is measured by moocore below (1.1, ...). Our time is that of the whole answer, its points evaluated anew
included. Like against like on DTLZ2 is printed without a target.
Control: fronts of 50 points, anchors known, against the same problems solved one after the other with warm programs
and the same guesses: with the default options, as somebody without `multi_objective` would, which search each point
from four guesses; and, without a target, from one guess each.
Exits with 1 when a target is missed.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import moocore
import numpy as np
from pymoo.algorithms.moo.nsga2 import NSGA2
from pymoo.algorithms.moo.nsga3 import NSGA3
from pymoo.optimize import minimize
from pymoo.problems import get_problem
from pymoo.util.ref_dirs import get_reference_directions

from app.solvers.collocation.solver import solve_problem
from app.solvers.multi_objective.control_front import read_control_front
from app.solvers.multi_objective.tracing import Tracing
from app.solvers.options import CollocationOptions
from app.solvers.progress import Progress
from app.solvers.request import check
from app.solvers.run import run

SEEDS = range(11)
POPULATION, GENERATIONS = 100, 250
POINTS = 50
SPEEDUP = 5.0
ROUNDS = 3
PEER = "nsga2"
EVOLVED = (
    ("zdt1", "auto", PEER),
    ("zdt2", "auto", PEER),
    ("zdt3", "auto", PEER),
    ("dtlz2", "auto", PEER),
    ("dtlz2", "nsga2", "nsga2"),
    ("dtlz2", "nsga3", "nsga3"),
)
"""Problem, our method, pymoo's; `auto`, what a request without a method gets, has targets."""
ENERGY = {"name": "energy", "running": "u^2"}
REST_TO_REST: dict[str, Any] = {
    "problem": {
        "states": ["x", "v"],
        "controls": ["u"],
        "time": {"t0": 0, "tf": {"free": True, "lower": 0.5, "upper": 20, "guess": 3}},
        "dynamics": {"x": "v", "v": "u"},
        "initial": {"x": 0, "v": 0},
        "final": {"x": 1, "v": 0},
        "control_bounds": {"u": [-2, 2]},
    },
    "objectives": [{"name": "time", "terminal": "tf"}, ENERGY],
}
VAN_DER_POL: dict[str, Any] = {
    "problem": {
        "states": ["x", "y"],
        "controls": ["u"],
        "time": {"t0": 0, "tf": 5},
        "dynamics": {"x": "(1 - y^2)*x - y + u", "y": "x"},
        "initial": {"x": 0, "y": 1},
        "control_bounds": {"u": [-0.75, 1]},
        "state_bounds": {"x": [-0.25, None]},
    },
    "objectives": [{"name": "error", "running": "x^2 + y^2"}, ENERGY],
}
CONTROLLED = {"rest to rest": REST_TO_REST, "van der Pol": VAN_DER_POL}
Run = Callable[[int], tuple[np.ndarray, float]]


def ours(name: str, method: str) -> Run:
    """Objectives (n, m) and seconds of one run, by seed."""

    def one(seed: int) -> tuple[np.ndarray, float]:
        options = {"method": method, "population": POPULATION, "generations": GENERATIONS - 1, "seed": seed}
        began = time.perf_counter()
        result = run(check("multi_objective", {"template": name}, options), lambda _: None)
        seconds = time.perf_counter() - began
        if result["evaluations"] != POPULATION * GENERATIONS or not result["verification"]["passed"]:
            raise AssertionError(result["message"])
        return np.array(list(result["trade_off"]["columns"].values())).T, seconds

    return one


def pymoo(name: str, method: str) -> Run:
    """The same of pymoo, with its own defaults."""
    problem = get_problem(name)

    def one(seed: int) -> tuple[np.ndarray, float]:
        if method == "nsga3":
            algorithm = NSGA3(
                get_reference_directions("das-dennis", problem.n_obj, n_partitions=12), POPULATION
            )
        else:
            algorithm = NSGA2(POPULATION)
        began = time.perf_counter()
        found = minimize(problem, algorithm, ("n_eval", POPULATION * GENERATIONS), seed=seed)
        return found.F, time.perf_counter() - began

    return one


def evolved() -> bool:
    """Every test problem; whether all targets are met."""
    met = True
    print(
        f"{'':14}{'hypervolume':>14}{'pymoo':>10}{'ratio':>9}{'s':>9}{'pymoo s':>9}{'faster':>8}{'cold s':>8}"
    )
    for name, method, other in EVOLVED:
        runs = [ours(name, method), pymoo(name, other)]
        cold = runs[0](0)[1]
        runs[1](0)
        volumes, seconds = [], []
        for one in runs:
            found = [one(seed) for seed in SEEDS]
            reference = [1.1] * found[0][0].shape[1]
            volumes.append(statistics.median(moocore.hypervolume(f, ref=reference) for f, _ in found))
            seconds.append(statistics.median(s for _, s in found))
        print(
            f"{name + ' ' + method:14}{volumes[0]:14.5f}{volumes[1]:10.5f}{volumes[0] / volumes[1]:9.4f}"
            f"{seconds[0]:9.3f}{seconds[1]:9.3f}{seconds[1] / seconds[0]:8.1f}{cold:8.2f}"
        )
        if method == "auto":
            met &= volumes[0] >= volumes[1] and seconds[0] < seconds[1]
    return met


def traced(name: str, config: dict[str, Any]) -> float:
    """How many times faster a control front is than separate solves; 0 where a point is not verified."""
    front = read_control_front(config)
    options = check("multi_objective", config, {"points": POINTS}).options
    tracing = Tracing(front, options, _quiet)
    ends = tracing.anchors()
    points = tracing.between(ends)  # compiles
    guesses = [point.outcome.trajectory() for point in ends]
    stated = [tracing.family.problem(p.scalarised, (guesses, p.scalarised.blend)) for p in points]
    plain = CollocationOptions().model_dump()
    lean = plain | {"multi_start": 1, "max_refinements": options["max_refinements"]}
    for problem in stated:
        solve_problem(problem, plain, _quiet)  # compiles
    seconds: dict[str, list[float]] = {"front": [], "plain": [], "lean": []}
    for _ in range(ROUNDS):
        began = time.perf_counter()
        points = tracing.between(ends)
        seconds["front"].append(time.perf_counter() - began)
        for kind, given in (("plain", plain), ("lean", lean)):
            began = time.perf_counter()
            for problem in stated:
                solve_problem(problem, given, _quiet)
            seconds[kind].append(time.perf_counter() - began)
    took = {kind: statistics.median(times) for kind, times in seconds.items()}
    good = sum(point.good for point in points)
    faster = took["plain"] / took["front"]
    print(
        f"{name:14}{good:6} of {len(points)} verified{took['front']:9.3f} s{took['plain']:9.3f} s{faster:8.1f}"
        f"{took['lean']:9.3f} s{took['lean'] / took['front']:8.1f}"
    )
    return faster if good == len(points) else 0.0


def fronts() -> bool:
    """Every control front; whether the target is met by all."""
    print(f"\n{'':14}{'points':>20}{'front':>11}{'separate':>11}{'faster':>8}{'one start':>11}{'faster':>8}")
    return min([traced(name, config) for name, config in CONTROLLED.items()]) >= SPEEDUP


def _quiet(_: Progress) -> None:
    """Nobody watches."""


if __name__ == "__main__":
    sys.exit(0 if all([evolved(), fronts()]) else 1)
