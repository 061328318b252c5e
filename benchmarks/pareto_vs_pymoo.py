"""The solver `multi_objective` beside pymoo, in one run: `python benchmarks/pareto_vs_pymoo.py`.

Evolution: ZDT1-3 and DTLZ2 with 25,000 evaluations (population 100), NSGA-II against pymoo's NSGA-II, medians
over the same seeds; the hypervolume of what each ends with is measured by moocore below (1.1, ...). Our time is
that of the whole answer, its points evaluated anew included. NSGA-III, our default for three objectives, is
printed beside it without a target.
Control: a front of 50 points, solved as one batch, against the same 50 problems solved one after the other with
warm programs and the same guesses.
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
from app.solvers.request import check
from app.solvers.run import run

SEEDS = range(11)
POPULATION, GENERATIONS = 100, 250
POINTS = 50
SPEEDUP = 5.0
EVOLVED = (("zdt1", "nsga2"), ("zdt2", "nsga2"), ("zdt3", "nsga2"), ("dtlz2", "nsga2"), ("dtlz2", "nsga3"))
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
    "objectives": [{"name": "error", "running": "x^2 + y^2"}, {"name": "effort", "running": "u^2"}],
}
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
    for name, method in EVOLVED:
        runs = [of(name, method) for of in (ours, pymoo)]
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
        if method == "nsga2":
            met &= volumes[0] >= volumes[1] and seconds[0] < seconds[1]
    return met


def traced() -> bool:
    """A control front beside separate solves; whether the target is met."""
    front = read_control_front(VAN_DER_POL)
    request = check("multi_objective", VAN_DER_POL, {"points": POINTS})
    single = CollocationOptions(
        mesh_intervals=request.options["mesh_intervals"], max_refinements=request.options["max_refinements"]
    ).model_dump()
    tracing = Tracing(front, request.options, lambda _: None)
    ends = tracing.anchors()
    points = tracing.between(ends)  # compiles
    stated = [
        tracing.family.problem(p.scalarised, ([e.result for e in ends], p.scalarised.blend)) for p in points
    ]
    solve_problem(stated[0], single, lambda _: None)
    batches, singles = [], []
    for _ in range(5):
        began = time.perf_counter()
        points = tracing.between(ends)
        batches.append(time.perf_counter() - began)
        began = time.perf_counter()
        results = [solve_problem(problem, single, lambda _: None) for problem in stated]
        singles.append(time.perf_counter() - began)
    good = sum(point.good for point in points), sum(result["status"] == "converged" for result in results)
    ratio = statistics.median(singles) / statistics.median(batches)
    print(
        f"control front: {len(points)} points ({good[0]} verified) in {statistics.median(batches):.3f} s, one by one "
        f"({good[1]} verified) in {statistics.median(singles):.3f} s: {ratio:.1f} times faster"
    )
    return ratio >= SPEEDUP and good[0] == len(points)


if __name__ == "__main__":
    sys.exit(0 if all([evolved(), traced()]) else 1)
