"""The solver `magnus` beside QuTiP and dynamiqs, in one run: `python benchmarks/magnus_vs_qutip.py`.

Propagation is compared at equal true accuracy: every code is run at several of its own settings (methods,
tolerances), and the fastest setting whose final state is within 1e-8 of the reference counts. The reference
is an integration by scipy at the smallest tolerance, which shares no code with any of the three. The targets
(10 times faster, a norm error below 1e-12, a faster CNOT) hold against QuTiP's default method and the best of
dynamiqs. The best of QuTiP's six methods, for whoever searches for it, is printed beside them without a target.
All times are warm medians.
Exits with 1 when a target is missed.
"""

from __future__ import annotations

import math
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import dynamiqs as dq
import jax.numpy as jnp
import numpy as np
import qutip
from qutip_qtrl.pulseoptim import optimize_pulse_unitary

import app.jax_config  # noqa: F401 - float64, before any array is made
from app.solvers.magnus.density_matrices import matrices
from app.solvers.magnus.grape import Limits, search
from app.solvers.magnus.model import control_problem, initial_columns, linear_system
from app.solvers.magnus.propagation import propagate
from app.solvers.magnus.request import parse
from app.solvers.magnus.verification import integrate

ACCURACY = 1e-8
TOLERANCES = (1e-7, 1e-8, 1e-9, 1e-10, 1e-11, 1e-12)
"""The same for every code: what each makes of a tolerance differs by orders of magnitude."""
SPEEDUP = 10.0
NORM_ERROR = 1e-12
INFIDELITY = 1e-6
SEEDS = range(10)


@dataclass(frozen=True)
class Case:
    """One problem: matrices for us, `H = H0 + sum_k f_k(t) H_k` and decays for the peers."""

    name: str
    matrices: dict[str, object]
    static: np.ndarray
    driven: tuple[tuple[Callable[[float], float], Callable[[object], object], np.ndarray], ...]  # numpy, jax
    decays: tuple[np.ndarray, ...]
    span: tuple[float, float]
    linear_drive: bool = False  # then a linear spline is exact, and QuTiP evaluates it without Python


def cases() -> list[Case]:
    """Landau-Zener, a driven three-level ladder, and the same with decay."""
    sx, sz = np.array([[0, 1], [1, 0]]), np.diag([1, -1])
    a = np.diag(np.sqrt([1.0, 2.0]), 1)
    x, n = a + a.T, a.T @ a
    ladder = 2 * math.pi * n - 0.15 * 2 * math.pi * (n @ n - n)

    def drive(t: float) -> float:
        return 0.4 * math.cos(2 * math.pi * t) * math.exp(-((t - 20) ** 2) / 100)

    def traced_drive(t: object) -> object:
        return 0.4 * jnp.cos(2 * math.pi * t) * jnp.exp(-((t - 20) ** 2) / 100)  # type: ignore[operator]

    three: dict[str, object] = {
        "dimensions": 3,
        "H0": "2*pi*n - 0.3*pi*(n*n - n)",
        "terms": [{"operator": "a + ad", "amplitude": "0.4*cos(2*pi*t)*exp(-(t - 20)^2/100)"}],
        "initial": "0",
        "tf": 40,
        "times": 2,
    }
    return [
        Case(
            "Landau-Zener, t in [-30, 30]",
            {
                "kind": "schroedinger",
                "dimensions": 2,
                "H0": "0.5*sx",
                "terms": [{"operator": "sz", "amplitude": "t/2"}],
                "initial": "0",
                "t0": -30,
                "tf": 30,
                "times": 2,
            },
            0.5 * sx,
            ((lambda t: t / 2, lambda t: t / 2, sz),),  # type: ignore[operator]
            (),
            (-30.0, 30.0),
            linear_drive=True,
        ),
        Case(
            "three levels, driven",
            {"kind": "schroedinger", **three},
            ladder,
            ((drive, traced_drive, x),),
            (),
            (0.0, 40.0),
        ),
        Case(
            "three levels, driven, decaying",
            {"kind": "lindblad", **three, "collapse": [{"operator": "a", "rate": 0.01}]},
            ladder,
            ((drive, traced_drive, x),),
            (0.1 * a,),
            (0.0, 40.0),
        ),
    ]


@dataclass(frozen=True)
class Measurement:
    """The fastest setting within the accuracy."""

    setting: str
    seconds: float
    error: float
    norm_error: float


def warm(run: Callable[[], np.ndarray]) -> float:
    """Median time of a call, after two that are not counted."""
    run(), run()
    spans = []
    begun = time.perf_counter()
    while len(spans) < 5 or (time.perf_counter() - begun < 1.0 and len(spans) < 50):
        start = time.perf_counter()
        run()
        spans.append(time.perf_counter() - start)
    return statistics.median(spans)


def fastest(settings: dict[str, Callable[[], np.ndarray]], reference: np.ndarray) -> Measurement | None:
    """The fastest of the settings whose answer is accurate enough, None when there is none."""
    found: list[Measurement] = []
    for name, run in settings.items():
        try:
            final = run()
        except (RuntimeError, ValueError, qutip.solver.integrator.IntegratorException):
            continue
        error = float(np.linalg.norm(final - reference))
        if error <= ACCURACY:
            size = abs(np.trace(final)) if final.shape[-1] > 1 else np.linalg.norm(final)
            found.append(Measurement(name, warm(run), error, float(abs(size - 1))))
    return min(found, key=lambda one: one.seconds, default=None)


def ours(case: Case) -> tuple[dict[str, Callable[[], np.ndarray]], np.ndarray]:
    """Our settings, and the reference."""
    statement = parse({"matrices": case.matrices})
    system, start, times = linear_system(statement), initial_columns(statement), statement.times

    def final(x: np.ndarray) -> np.ndarray:
        return matrices(x[:, 0]) if statement.kind == "lindblad" else x

    def run(order: int, tolerance: float) -> Callable[[], np.ndarray]:
        return lambda: final(propagate(system, start, times, order=order, tolerance=tolerance).states[-1])

    settings = {
        f"order {order}, tolerance {tolerance:g}": run(order, tolerance)
        for order in (4, 6)
        for tolerance in TOLERANCES
    }
    edges = np.linspace(times[0], times[-1], 257)
    exact = integrate(system.basis, lambda t, _: system.coefficients(t), edges, start, 3e-14, 600.0)[-1]
    return settings, final(exact)


def with_qutip(case: Case) -> dict[str, Callable[[], np.ndarray]]:
    """QuTiP at its methods and tolerances."""
    span = list(case.span)
    static = qutip.Qobj(case.static)
    terms: list[object] = [static]
    for function, _, matrix in case.driven:
        coefficient = (
            qutip.coefficient(np.array([function(t) for t in span]), tlist=np.array(span), order=1)
            if case.linear_drive
            else function
        )
        terms.append([qutip.Qobj(matrix), coefficient])
    H = qutip.QobjEvo(terms)
    start = qutip.basis(case.static.shape[0], 0)
    settings: dict[str, Callable[[], np.ndarray]] = {}

    def run(method: str, rtol: float) -> Callable[[], np.ndarray]:
        options = {"method": method, "rtol": rtol, "atol": rtol, "nsteps": 10**7, "progress_bar": ""}
        if case.decays:
            solver = qutip.MESolver(H, [qutip.Qobj(decay) for decay in case.decays], options=options)
        else:
            solver = qutip.SESolver(H, options=options)
        return lambda: solver.run(start, span).states[-1].full()

    for method in ("adams", "bdf", "dop853", "vern7", "vern9", "lsoda"):
        for rtol in TOLERANCES:
            settings[f"{method}, rtol {rtol:g}"] = run(method, rtol)
    return settings


def with_dynamiqs(case: Case) -> dict[str, Callable[[], np.ndarray]]:
    """dynamiqs at its methods and tolerances."""
    span = jnp.array(case.span)
    H = dq.asqarray(case.static.astype(complex))
    for _, function, matrix in case.driven:
        H = H + dq.modulated(function, dq.asqarray(matrix.astype(complex)))
    start = dq.basis(case.static.shape[0], 0)
    settings: dict[str, Callable[[], np.ndarray]] = {}

    def run(method: object) -> Callable[[], np.ndarray]:
        options = {"method": method, "progress_meter": False}
        if case.decays:
            jumps = [dq.asqarray(decay.astype(complex)) for decay in case.decays]
            return lambda: np.asarray(dq.mesolve(H, jumps, start, span, **options).states[-1].to_jax())
        return lambda: np.asarray(dq.sesolve(H, start, span, **options).states[-1].to_jax())

    for name, method in (("Tsit5", dq.method.Tsit5), ("Dopri8", dq.method.Dopri8)):
        for rtol in TOLERANCES:
            settings[f"{name}, rtol {rtol:g}"] = run(method(rtol=rtol, atol=rtol, max_steps=10**6))
    return settings


def propagation() -> bool:
    """Print the table of all cases; whether every target is met."""
    print(f"Propagation to a true error of {ACCURACY:g}, warm medians")
    met = True
    for case in cases():
        settings, reference = ours(case)
        own = fastest(settings, reference)
        if own is None:
            print(f"  {case.name}: ours misses the accuracy")
            return False
        print(f"  {case.name}")
        print(f"    {'costate':22} {_row(own)}")
        met &= own.norm_error < NORM_ERROR
        peers, dynamic = with_qutip(case), with_dynamiqs(case)
        default = {setting: run for setting, run in peers.items() if setting.startswith("adams")}
        rows = (
            ("QuTiP, default method", default),
            ("QuTiP, best of all", peers),
            ("dynamiqs, best of all", dynamic),
        )
        for name, candidates in rows:
            best = fastest(candidates, reference)
            if best is None:
                print(f"    {name:22} misses the accuracy at every setting")
                continue
            ratio = best.seconds / own.seconds
            met &= ratio >= SPEEDUP or name == "QuTiP, best of all"
            print(f"    {name:22} {_row(best)}: costate is {ratio:.1f} times faster")
    return met


def _row(one: Measurement) -> str:
    return f"{one.seconds * 1e3:8.2f} ms, error {one.error:.1e}, norm {one.norm_error:.0e} ({one.setting})"


def cnot() -> bool:
    """CNOT by GRAPE from random guesses: 40 slices, 4 controls within +-5; whether ours is faster."""
    slices, bound, span = 40, 5.0, 4.0
    names = ("sx1", "sy1", "sx2", "sy2")
    statement = parse(
        {
            "matrices": {
                "kind": "schroedinger",
                "dimensions": [2, 2],
                "H0": "pi/4*sz1*sz2",
                "controls": [
                    {"name": f"u_{n}", "operator": n, "lower": -bound, "upper": bound} for n in names
                ],
                "target": {"gate": "cnot"},
                "tf": span,
                "slices": slices,
            }
        }
    )
    problem = control_problem(statement)
    H0 = qutip.Qobj(statement.terms[0].matrix)
    controls = [qutip.Qobj(control.term.matrix) for control in statement.controls]
    gate = qutip.Qobj(problem.target)

    def own(seed: int) -> float:
        return float(search(problem, Limits(INFIDELITY, 1e-10, 1000, 60.0, 0, seed), 1e-8).evaluation.cost)

    def peer(seed: int) -> float:
        np.random.seed(seed)  # the only seed that QuTiP's random pulses take
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            answer = optimize_pulse_unitary(
                H0, controls, qutip.qeye(4), gate, num_tslots=slices, evo_time=span, amp_lbound=-bound,
                amp_ubound=bound, fid_err_targ=INFIDELITY, min_grad=1e-12, max_iter=1000, max_wall_time=60,
                phase_option="PSU", init_pulse_type="RND", log_level=50,
            )  # fmt: skip
        return float(answer.fid_err)

    print(f"CNOT by GRAPE to {INFIDELITY:g}: {slices} slices, {len(names)} controls, {len(SEEDS)} seeds")
    medians = []
    for name, run in (("costate", own), ("QuTiP", peer)):
        run(0)
        spans, errors = [], []
        for seed in SEEDS:
            start = time.perf_counter()
            errors.append(run(seed))
            spans.append(time.perf_counter() - start)
        reached = sum(error <= INFIDELITY * 1.001 for error in errors)
        medians.append(statistics.median(spans))
        spread = f"{min(spans) * 1e3:.1f} to {max(spans) * 1e3:.1f}"
        print(f"    {name:22} {medians[-1] * 1e3:8.2f} ms (median; {spread}), reached from {reached} seeds")
    print(f"    costate is {medians[1] / medians[0]:.1f} times faster")
    return medians[0] < medians[1]


def main() -> int:
    """Run both comparisons; the exit status says whether the targets are met."""
    met = [propagation(), cnot()]
    print("targets met" if all(met) else "a target is MISSED")
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
