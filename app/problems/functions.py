"""A problem's structure compiled to JAX functions of one point; the solver vmaps them over its mesh.

Expressions become operations of `jax.numpy` while a function is traced: each definition is evaluated once per
trace and shared, a whole power is a product, every number comes from the traced vector `k`. The same functions
are to be had in NumPy, of many points at once, where compiling would cost more than evaluating.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, reduce
from types import ModuleType
from typing import Any, NamedTuple, cast

import jax.numpy as jnp
import numpy as np
from jax import Array, lax

import app.jax_config  # noqa: F401 - float64, before any array is made
from app.leaves import Leaf
from app.problems.model import Problem
from app.problems.structure import Code, PhaseStructure, Structure


@dataclass(frozen=True, eq=False)
class Backend:
    """Array operations that expressions are evaluated with."""

    operations: Mapping[str, Callable[..., Any]]
    integer_pow: Callable[[Any, int], Any]
    interp: Callable[..., Array]
    stack: Callable[[list[Array]], Array]
    zeros: Callable[[tuple[int, ...]], Array]


def _operations(xp: ModuleType) -> dict[str, Callable[..., Any]]:
    """The operations of expressions, of `jax.numpy` or `numpy`."""
    names = {"add": "add", "sub": "subtract", "mul": "multiply", "div": "divide", "pow": "power"}
    names |= {"neg": "negative", "asin": "arcsin", "acos": "arccos", "atan": "arctan", "atan2": "arctan2"}
    same = ("sin", "cos", "tan", "sinh", "cosh", "tanh", "exp", "log", "sqrt", "abs")
    found = {
        ours: getattr(xp, theirs) for ours, theirs in {**names, **dict(zip(same, same, strict=True))}.items()
    }
    found["max"] = lambda *values: reduce(xp.maximum, values)
    found["min"] = lambda *values: reduce(xp.minimum, values)
    return found


_JAX = Backend(_operations(jnp), lax.integer_pow, jnp.interp, jnp.stack, jnp.zeros)
_NUMPY = Backend(
    _operations(np),
    np.power,
    cast("Callable[..., Array]", np.interp),
    lambda values: cast("Array", np.stack(np.broadcast_arrays(*values))),
    cast("Callable[..., Array]", np.zeros),
)


class End(NamedTuple):
    """Both ends of one phase: times `()` and states `(n_x,)`."""

    t0: Leaf
    x0: Leaf
    tf: Leaf
    xf: Leaf


PointFunction = Callable[[Leaf, Leaf, Leaf, Leaf, Leaf], Array]
EndFunction = Callable[[tuple[End, ...], Leaf, Leaf], Array]


@dataclass(frozen=True)
class PhaseFunctions:
    """One phase at one point: `t ()`, `x (n_x,)`, `u (n_u,)`, `p (n_p,)`, `k (n_k,)`.

    `dynamics` gives `(n_x,)`, `running_cost` `()` (to be minimised), `path` `(n_g,)`.
    """

    dynamics: PointFunction
    running_cost: PointFunction
    path: PointFunction


@dataclass(frozen=True)
class ProblemFunctions:
    """A whole problem: its phases, and what is evaluated at the ends.

    `terminal_cost(ends, p, k)` gives `()` (to be minimised), `boundary(ends, p, k)` `(n_b,)`: boundary
    constraints, then links; `ends` has one `End` for each phase.
    """

    phases: tuple[PhaseFunctions, ...]
    terminal_cost: EndFunction
    boundary: EndFunction


def functions(problem: Problem) -> ProblemFunctions:
    """The functions of a problem; problems of one structure get the very same functions."""
    return _functions(problem.structure, _JAX)


def numeric_functions(problem: Problem) -> ProblemFunctions:
    """The same functions in NumPy; each argument may have points along a last axis: `t (m,)`, `x (n_x, m)`."""
    return _functions(problem.structure, _NUMPY)


@lru_cache(maxsize=256)
def _functions(structure: Structure, backend: Backend) -> ProblemFunctions:
    sign = -1.0 if structure.maximise else 1.0

    def terminal_cost(ends: tuple[End, ...], p: Array, k: Array) -> Array:
        costs = _at_ends(structure, backend, ends, p, k).all(structure.terminal_costs)
        return sign * costs.sum(axis=0)

    def boundary(ends: tuple[End, ...], p: Array, k: Array) -> Array:
        return _at_ends(structure, backend, ends, p, k).all(structure.boundary)

    return ProblemFunctions(
        phases=tuple(_phase_functions(structure, backend, phase, sign) for phase in structure.phases),
        terminal_cost=terminal_cost,
        boundary=boundary,
    )


def _phase_functions(
    structure: Structure, backend: Backend, phase: PhaseStructure, sign: float
) -> PhaseFunctions:
    def at(t: Array, x: Array, u: Array, p: Array, k: Array) -> _Evaluation:
        return _Evaluation(structure, backend, phase.definitions, {"t": t, "x": x, "u": u, "p": p, "k": k})

    def dynamics(t: Array, x: Array, u: Array, p: Array, k: Array) -> Array:
        return at(t, x, u, p, k).all(phase.dynamics)

    def running_cost(t: Array, x: Array, u: Array, p: Array, k: Array) -> Array:
        if phase.running_cost is None:
            return backend.zeros(())
        return sign * at(t, x, u, p, k).one(phase.running_cost)

    def path(t: Array, x: Array, u: Array, p: Array, k: Array) -> Array:
        return at(t, x, u, p, k).all(phase.path)

    return PhaseFunctions(dynamics, running_cost, path)


def _at_ends(
    structure: Structure, backend: Backend, ends: tuple[End, ...], p: Array, k: Array
) -> _Evaluation:
    return _Evaluation(structure, backend, structure.end_definitions, {"ends": ends, "p": p, "k": k})


class _Evaluation:
    """Evaluates codes at one point; a definition is evaluated when it is first needed, then shared."""

    def __init__(
        self,
        structure: Structure,
        backend: Backend,
        definitions: tuple[Code, ...],
        values: dict[str, Any],
    ) -> None:
        self._backend = backend
        self._tables = structure.tables
        self._definitions = definitions
        self._defined: dict[int, Array] = {}
        self._values = values

    def all(self, codes: tuple[Code, ...]) -> Array:
        """The values of several codes, `(n,)`."""
        stack, zeros = self._backend.stack, self._backend.zeros
        return stack([self.one(code) for code in codes]) if codes else zeros((0,))

    def one(self, code: Code) -> Array:
        """The value of one code, `()`."""
        needed: set[int] = set()
        waiting = [code]
        while waiting:
            for operation, argument, *_ in waiting.pop():
                if operation == "d" and argument not in needed and argument not in self._defined:
                    needed.add(int(argument))
                    waiting.append(self._definitions[int(argument)])
        for index in sorted(needed):  # a definition comes after those it uses
            self._defined[index] = self._run(self._definitions[index])
        return self._run(code)

    def _run(self, code: Code) -> Array:
        stack: list[Array] = []
        for operation, argument, *rest in code:
            index = int(argument)
            if operation in ("k", "p", "x", "u"):
                stack.append(self._values[str(operation)][index])
            elif operation == "t":
                stack.append(self._values["t"])
            elif operation == "d":
                stack.append(self._defined[index])
            elif operation in ("t0", "tf"):
                stack.append(getattr(self._values["ends"][index], str(operation)))
            elif operation in ("x0", "xf"):
                stack.append(getattr(self._values["ends"][index], str(operation))[int(rest[0])])
            elif operation == "table":
                stack.append(self._look_up(index, stack.pop()))
            elif operation == "powi":
                stack.append(self._backend.integer_pow(stack.pop(), index))
            else:
                operands = stack[-index:]
                del stack[-index:]
                stack.append(self._backend.operations[str(operation)](*operands))
        return stack[0]

    def _look_up(self, index: int, place: Array) -> Array:
        """Linear interpolation, constant outside the table."""
        layout = self._tables[index]
        k = self._values["k"]
        middle, end = layout.offset + layout.length, layout.offset + 2 * layout.length
        return self._backend.interp(place, k[layout.offset : middle], k[middle:end])
