"""The peer: the same problem, transcription and mesh, written in CasADi and solved by IPOPT with MUMPS."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

import casadi
import numpy as np
from numpy.typing import NDArray

from app.problems.model import Problem
from app.problems.structure import Code, Structure
from app.solvers.collocation.transcription import Transcription

Array = NDArray[np.float64]

_OPERATIONS: dict[str, Any] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "pow": lambda a, b: a**b,
    "neg": lambda a: -a,
    "max": lambda *values: reduce(casadi.fmax, values),
    "min": lambda *values: reduce(casadi.fmin, values),
    "abs": casadi.fabs,
    **{
        name: getattr(casadi, name)
        for name in (
            "sin", "cos", "tan", "asin", "acos", "atan", "atan2", "exp", "log", "sqrt", "tanh", "sinh", "cosh",
        )
    },
}  # fmt: skip


def _run(structure: Structure, code: Code, values: dict[str, Any], definitions: tuple[Code, ...]) -> Any:
    stack: list[Any] = []
    for operation, argument, *rest in code:
        index = int(argument)
        if operation in ("k", "p", "x", "u"):
            stack.append(values[str(operation)][index])
        elif operation == "t":
            stack.append(values["t"])
        elif operation == "d":
            stack.append(_run(structure, definitions[index], values, definitions))
        elif operation in ("t0", "tf"):
            stack.append(values[str(operation)][index])
        elif operation in ("x0", "xf"):
            stack.append(values[str(operation)][index][int(rest[0])])
        elif operation == "powi":
            stack.append(stack.pop() ** index)
        elif operation == "table":
            layout = structure.tables[index]
            k = values["k"]
            places = [float(k[layout.offset + i]) for i in range(layout.length)]
            data = [float(k[layout.offset + layout.length + i]) for i in range(layout.length)]
            inside = casadi.fmin(casadi.fmax(stack.pop(), places[0]), places[-1])
            stack.append(casadi.pw_lin(inside, casadi.DM(places), casadi.DM(data)))
        else:
            operands = stack[-index:]
            del stack[-index:]
            stack.append(_OPERATIONS[str(operation)](*operands))
    return stack[0]


def point_function(problem: Problem, index: int) -> Any:
    """A phase at one point as a CasADi function: (t, x, u, p) to (dynamics, running cost to minimise, path)."""
    structure = problem.structure
    phase = structure.phases[index]
    t, x = casadi.SX.sym("t"), casadi.SX.sym("x", len(phase.states))
    u, p = casadi.SX.sym("u", len(phase.controls)), casadi.SX.sym("p", len(problem.p_guess))
    values = {"t": t, "x": x, "u": u, "p": p, "k": problem.k}

    def run(code: Any) -> Any:
        return _run(structure, code, values, phase.definitions)

    f = casadi.vertcat(*[run(code) for code in phase.dynamics])
    sign = -1.0 if structure.maximise else 1.0
    cost = sign * run(phase.running_cost) if phase.running_cost is not None else casadi.SX(0)
    g = casadi.vertcat(*[run(code) for code in phase.path])
    return casadi.Function("point", [t, x, u, p], [f, cost, g])


def end_values(problem: Problem, ends: Mapping[str, Sequence[Any]], p: Any) -> tuple[Any, list[Any]]:
    """Terminal cost (to minimise) and boundary rows of `t0`, `tf`, `x0`, `xf` by phase; numbers or symbols."""
    structure = problem.structure
    values = {**ends, "p": p, "k": problem.k}
    sign = -1.0 if structure.maximise else 1.0

    def run(code: Any) -> Any:
        return _run(structure, code, values, structure.end_definitions)

    cost = sum((sign * run(code) for code in structure.terminal_costs), 0)
    return cost, [run(code) for code in structure.boundary]


@dataclass
class Peer:
    """An NLP built once; `solve` runs IPOPT from the problem's guess and times the solve alone."""

    problem: Problem
    nlp: _Nlp
    solver: Any
    arguments: dict[str, Array]
    sign: float
    build_seconds: float

    @classmethod
    def of(
        cls, problem: Problem, transcription: Transcription, intervals: int, tolerance: float = 1e-8
    ) -> Peer:
        """The transcription of a problem on a uniform mesh."""
        start = time.perf_counter()
        nlp = _Nlp(problem, transcription, intervals)
        options = {
            "ipopt": {"print_level": 0, "tol": tolerance, "max_iter": 3000, "sb": "yes"},
            "print_time": False,
        }
        solver = casadi.nlpsol("peer", "ipopt", nlp.nlp(), options)
        sign = -1.0 if problem.sense == "max" else 1.0
        return cls(problem, nlp, solver, nlp.arguments(), sign, time.perf_counter() - start)

    def begin_at(self, lower: Array, upper: Array) -> None:
        """Other bounds of the first phase's initial state, (n_x,); it stands behind the parameters and times."""
        at = len(self.problem.p_guess) + 2
        initial = slice(at, at + len(lower))
        self.arguments["lbx"][initial] = lower
        self.arguments["ubx"][initial] = upper

    @property
    def iterations(self) -> int:
        """Of the last solve."""
        return int(self.solver.stats()["iter_count"])

    def solve(self) -> tuple[float, float, bool, Array]:
        """Cost in the problem's own sense, seconds, whether IPOPT succeeded, and the variables."""
        start = time.perf_counter()
        found = self.solver(**self.arguments)
        seconds = time.perf_counter() - start
        good = bool(self.solver.stats()["success"])
        return self.sign * float(found["f"]), seconds, good, np.asarray(found["x"]).ravel()

    def guess(self, variables: Array) -> Problem:
        """The problem with a solution as its guess, for another mesh or transcription."""
        w = casadi.vertcat(*self.nlp.w)
        phases = []
        for phase, (t0, tf, places, x, u) in zip(self.problem.phases, self.nlp.trajectories, strict=True):
            read = casadi.Function("read", [w], [t0, tf, casadi.horzcat(*x).T, casadi.horzcat(*u).T])
            first, last, states, controls = (np.asarray(value) for value in read(variables))
            phases.append(
                replace(
                    phase,
                    t0=(*phase.t0[:2], float(first[0, 0])),
                    tf=(*phase.tf[:2], float(last[0, 0])),
                    guess_s=np.asarray(places),
                    guess_x=states,
                    guess_u=controls.reshape(len(places), -1),
                )
            )
        p = np.asarray(casadi.Function("read", [w], [self.nlp.p])(variables)).ravel()
        return replace(self.problem, phases=tuple(phases), p_guess=p)


class _Nlp:
    def __init__(self, problem: Problem, transcription: Transcription, intervals: int) -> None:
        self.problem = problem
        self.w: list[Any] = []
        self.start: list[Array] = []
        self.low: list[Array] = []
        self.high: list[Array] = []
        self.g: list[Any] = []
        self.g_low: list[Array] = []
        self.g_high: list[Array] = []
        self.cost: Any = 0
        # Of each phase: t0, tf, and places in 0..1 with the states and controls there.
        self.trajectories: list[tuple[Any, Any, list[float], list[Any], list[Any]]] = []
        self.p = self._variable("p", problem.p_guess, problem.p_lower, problem.p_upper)
        ends: dict[str, list[Any]] = {"t0": [], "tf": [], "x0": [], "xf": []}
        for index in range(len(problem.phases)):
            self._phase(index, transcription, intervals, ends)
        terminal, rows = end_values(problem, ends, self.p)
        self.cost += terminal
        for row, low, high in zip(rows, problem.b_lower, problem.b_upper, strict=True):
            self._constrain(row, np.array([low]), np.array([high]))

    def _variable(self, name: str, start: Array, low: Array, high: Array) -> Any:
        symbol = casadi.MX.sym(name, len(start))
        self.w.append(symbol)
        self.start.append(np.clip(start, low, high))
        self.low.append(low)
        self.high.append(high)
        return symbol

    def _constrain(self, expression: Any, low: Array, high: Array) -> None:
        self.g.append(expression)
        self.g_low.append(low)
        self.g_high.append(high)

    def _time(self, name: str, low: float, high: float, guess: float) -> Any:
        return self._variable(name, *(np.array([value]) for value in (guess, low, high)))

    def _phase(
        self, index: int, transcription: Transcription, intervals: int, ends: dict[str, list[Any]]
    ) -> None:
        phase = self.problem.phases[index]
        point = point_function(self.problem, index)
        t0, tf = (self._time(name, *bounds) for name, bounds in (("t0", phase.t0), ("tf", phase.tf)))

        def at(s: float, table: np.ndarray) -> np.ndarray:
            return np.array([np.interp(s, phase.guess_s, column) for column in table.T])

        a, b, left = transcription.a, transcription.b, int(transcription.left)
        x = self._variable("x0", at(0.0, phase.guess_x), phase.x0_lower, phase.x0_upper)
        ends["t0"].append(t0)
        ends["tf"].append(tf)
        ends["x0"].append(x)
        places: list[float] = []
        along: tuple[list[Any], list[Any]] = ([], [])
        for i in range(intervals):
            h = (tf - t0) / intervals
            states, slopes = ([x] if left else []), []
            for j, place in enumerate(transcription.places):
                s = (i + place) / intervals
                last = i == intervals - 1 and j == transcription.stages - 1
                if j >= left:
                    low = phase.xf_lower if last else phase.x_lower
                    high = phase.xf_upper if last else phase.x_upper
                    states.append(self._variable("x", at(s, phase.guess_x), low, high))
                u = self._variable("u", at(s, phase.guess_u), phase.u_lower, phase.u_upper)
                places.append(s)
                along[0].append(states[-1])
                along[1].append(u)
                f, cost, g = point(t0 + (tf - t0) * s, states[-1], u, self.p)
                slopes.append(f)
                self.cost += h * b[j] * cost
                if len(phase.g_lower):
                    self._constrain(g, phase.g_lower, phase.g_upper)
            zero = np.zeros(len(phase.states))
            for j, after in enumerate(states[left:]):
                total = sum(a[j, k] * slope for k, slope in enumerate(slopes))
                self._constrain(after - x - h * total, zero, zero)
            x = states[-1]
        ends["xf"].append(x)
        self.trajectories.append((t0, tf, places, *along))

    def nlp(self) -> dict[str, Any]:
        """Variables, cost and constraints as CasADi takes them."""
        return {"x": casadi.vertcat(*self.w), "f": self.cost, "g": casadi.vertcat(*self.g)}

    def arguments(self) -> dict[str, Array]:
        """Start and bounds."""
        return {
            "x0": np.concatenate(self.start),
            "lbx": np.concatenate(self.low),
            "ubx": np.concatenate(self.high),
            "lbg": np.concatenate(self.g_low),
            "ubg": np.concatenate(self.g_high),
        }
