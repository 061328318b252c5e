from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from app.problems.evaluation import evaluate
from app.problems.functions import End, functions
from app.problems.model import Problem, parse
from app.problems.probe import _with_definitions
from app.problems.statement import PhaseStatement

Ocp = dict[str, Any]


def named(problem: Problem, stated: PhaseStatement, t: float, x: Any, u: Any, p: Any) -> dict[str, Any]:
    values = {
        "pi": np.pi,
        "e": np.e,
        "t": t,
        **dict(zip(problem.statement.constants, problem.k, strict=False)),
    }
    values |= {**dict(zip(problem.parameters, p, strict=True)), **dict(zip(stated.controls, u, strict=True))}
    return _with_definitions(problem, stated, values | dict(zip(stated.states, x, strict=True)))


def test_functions_agree_with_numpy_on_every_worked_example(public_problems: dict[str, Ocp]) -> None:
    random = np.random.default_rng(7)
    for ocp in public_problems.values():
        problem = parse(ocp)
        compiled = functions(problem)
        for stated, phase in zip(problem.statement.phases, compiled.phases, strict=True):
            for _ in range(3):
                x, u = (
                    random.uniform(0.2, 1.2, len(stated.states)),
                    random.uniform(0.1, 1.0, len(stated.controls)),
                )
                p, t = random.uniform(1, 2, len(problem.parameters)), 0.3
                known = named(problem, stated, t, x, u, p)
                expected = [evaluate(stated.dynamics[name], known) for name in stated.states]
                sign = -1.0 if problem.sense == "max" else 1.0
                cost = 0.0 if stated.running_cost is None else sign * evaluate(stated.running_cost, known)
                np.testing.assert_allclose(phase.dynamics(t, x, u, p, problem.k), expected, rtol=1e-13)
                np.testing.assert_allclose(phase.running_cost(t, x, u, p, problem.k), cost, rtol=1e-13)


def test_everything_is_float64(double_integrator: Ocp) -> None:
    problem = parse(double_integrator)
    phase = functions(problem).phases[0]
    assert (
        phase.dynamics(jnp.asarray(0.0), jnp.zeros(2), jnp.zeros(1), jnp.zeros(0), problem.k).dtype
        == jnp.float64
    )


def test_shapes_without_parameters_constraints_or_costs(double_integrator: Ocp) -> None:
    double_integrator |= {"running_cost": None, "terminal_cost": "1"}
    problem = parse(double_integrator)
    compiled = functions(problem)
    point = (jnp.asarray(0.0), jnp.zeros(2), jnp.zeros(1), jnp.zeros(0), problem.k)
    end = End(jnp.asarray(0.0), jnp.zeros(2), jnp.asarray(1.0), jnp.zeros(2))
    assert compiled.phases[0].dynamics(*point).shape == (2,)
    assert compiled.phases[0].running_cost(*point).shape == ()
    assert compiled.phases[0].path(*point).shape == (0,)
    assert compiled.terminal_cost((end,), jnp.zeros(0), problem.k).shape == ()
    assert compiled.boundary((end,), jnp.zeros(0), problem.k).shape == (0,)


def test_end_values_parameters_and_definitions_at_the_ends(double_integrator: Ocp) -> None:
    double_integrator |= {
        "parameters": {"a": {"lower": 0, "upper": 9}},
        "constants": {"g": 10},
        "definitions": {"energy": "kinetic+g*x", "kinetic": "v^2/2", "twice": "2*a"},
        "terminal_cost": "energy_f-energy_0+twice*(tf-t0)",
        "boundary_constraints": [
            {"expr": "x_0+v_f", "lower": 0},
            {"expr": "kinetic_0", "upper": 3},
            {"expr": "t_f/a", "upper": 1},
        ],
        "sense": "max",
    }
    problem = parse(double_integrator)
    compiled = functions(problem)
    end = End(jnp.asarray(1.0), jnp.array([2.0, 3.0]), jnp.asarray(5.0), jnp.array([4.0, 7.0]))
    p = jnp.array([0.5])
    cost = (24.5 + 40) - (4.5 + 20) + 1.0 * 4
    np.testing.assert_allclose(compiled.terminal_cost((end,), p, problem.k), -cost)
    np.testing.assert_allclose(compiled.boundary((end,), p, problem.k), [9.0, 4.5, 10.0])


def test_phases_links_and_costs_over_several_phases(public_problems: dict[str, Ocp]) -> None:
    ocp = {
        **public_problems["waypoint_two_phase"],
        "definitions": {"momentum": "3*v", "last": "one*b_tf", "one": "2-two", "two": "1"},
        "terminal_cost": "b_x_f-a_t0+last",
        "boundary_constraints": [{"expr": "a_momentum_f", "upper": 9}],
    }
    ocp["phases"] = [{**phase, "terminal_cost": "x_f^2"} for phase in ocp["phases"]]
    ocp["phases"][1]["boundary_constraints"] = [{"expr": "momentum_0", "lower": 0}]
    problem = parse(ocp)
    compiled = functions(problem)
    ends = (
        End(jnp.asarray(0.25), jnp.array([0.0, 1.0]), jnp.asarray(0.5), jnp.array([2.0, 3.0])),
        End(jnp.asarray(0.5), jnp.array([4.0, 5.0]), jnp.asarray(1.0), jnp.array([6.0, 7.0])),
    )
    np.testing.assert_allclose(compiled.terminal_cost(ends, jnp.zeros(0), problem.k), 4 + 36 + 6 - 0.25 + 1)
    np.testing.assert_allclose(compiled.boundary(ends, jnp.zeros(0), problem.k), [15.0, 9.0, 2.0])
    assert [label.split(":")[0] for label in problem.boundary_labels] == [
        "phases.1.boundary_constraints.0",
        "boundary_constraints.0",
        "links.0",
    ]


def test_tables_are_interpolated_and_differentiable(double_integrator: Ocp) -> None:
    double_integrator |= {
        "tables": {"price": {"t": [0, 1, 3], "value": [10, 20, 0]}, "other": {"t": [0], "value": [5]}},
        "running_cost": "u*table(price, t)+table(other, x)",
    }
    problem = parse(double_integrator)
    cost = functions(problem).phases[0].running_cost

    def at(t: Any) -> Any:
        return cost(t, jnp.zeros(2), jnp.ones(1), jnp.zeros(0), jnp.asarray(problem.k))

    for t, value in [(-1.0, 15.0), (0.5, 20.0), (2.0, 15.0), (9.0, 5.0)]:
        np.testing.assert_allclose(at(t), value)
    np.testing.assert_allclose(jax.grad(at)(2.0), -10.0)


@pytest.mark.parametrize("power", ["x^2", "x^3", "x^-1", "x^0", "x^1", "x^2.5", "x^(1/3)", "2^x"])
def test_second_derivatives_of_powers_are_right(double_integrator: Ocp, power: str) -> None:
    problem = parse({**double_integrator, "running_cost": power})
    cost = functions(problem).phases[0].running_cost

    def of(x: Any) -> Any:
        return cost(jnp.asarray(0.0), jnp.array([x, 0.0]), jnp.zeros(1), jnp.zeros(0), jnp.asarray(problem.k))

    def python(x: Any) -> Any:
        return eval(power.replace("^", "**"), {}, {"x": x})  # noqa: S307 - fixed texts above

    h = 1e-4
    np.testing.assert_allclose(of(1.3), python(1.3), rtol=1e-14)
    second = (python(1.3 + h) - 2 * python(1.3) + python(1.3 - h)) / h**2
    np.testing.assert_allclose(jax.grad(jax.grad(of))(1.3), second, atol=1e-6)


def test_a_square_at_zero_has_finite_derivatives(double_integrator: Ocp) -> None:
    problem = parse({**double_integrator, "running_cost": "x^2+v^3"})
    cost = functions(problem).phases[0].running_cost

    def of(x: Any) -> Any:
        return cost(jnp.asarray(0.0), x, jnp.zeros(1), jnp.zeros(0), jnp.asarray(problem.k))

    np.testing.assert_allclose(jax.hessian(of)(jnp.zeros(2)), [[2, 0], [0, 0]])


def test_problems_of_one_structure_share_functions_and_never_recompile(
    public_problems: dict[str, Ocp],
) -> None:
    ocp = public_problems["goddard_cops"]
    first, second = (
        parse(ocp),
        parse({**ocp, "constants": {"Dc": 300, "hc": 400, "c": 0.6}, "initial": {"h": 1}}),
    )
    assert functions(first) is functions(second)
    dynamics = jax.jit(functions(first).phases[0].dynamics)
    x, u, none = jnp.array([1.0, 0.1, 1.0]), jnp.ones(1), jnp.zeros(0)
    one = dynamics(0.0, x, u, none, jnp.asarray(first.k))
    other = dynamics(0.0, x, u, none, jnp.asarray(second.k))
    assert dynamics._cache_size() == 1
    assert not np.allclose(one, other)


def test_functions_are_vmapped_over_a_mesh_and_over_rows_of_a_sweep(double_integrator: Ocp) -> None:
    double_integrator |= {"constants": {"m": [1, 2, 4]}, "dynamics": {"x": "v", "v": "u/m"}}
    problem = parse(double_integrator)
    dynamics = functions(problem).phases[0].dynamics
    k = jnp.stack([jnp.asarray(row.k) for row in problem.rows()])
    over_mesh = jax.vmap(dynamics, (0, 0, 0, None, None))
    over_rows = jax.vmap(over_mesh, (None, None, None, None, 0))
    values = over_rows(jnp.linspace(0, 1, 5), jnp.zeros((5, 2)), jnp.ones((5, 1)), jnp.zeros(0), k)
    np.testing.assert_allclose(values[:, :, 1], np.array([[1.0], [0.5], [0.25]]) * np.ones((1, 5)))


def test_a_definition_is_evaluated_once_however_often_it_is_used(double_integrator: Ocp) -> None:
    double_integrator |= {"definitions": {"a": "sin(x)"}, "dynamics": {"x": "a*a+a", "v": "u+a*exp(a)"}}
    problem = parse(double_integrator)
    dynamics = functions(problem).phases[0].dynamics
    program = jax.make_jaxpr(dynamics)(0.0, jnp.zeros(2), jnp.zeros(1), jnp.zeros(0), jnp.asarray(problem.k))
    assert str(program).count("= sin ") == 1
