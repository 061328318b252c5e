"""Propagation against closed forms, and the order at which errors fall."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import scipy.linalg

from app.solvers.magnus import actions, products
from app.solvers.magnus.mesh import density
from app.solvers.magnus.propagation import propagate
from app.solvers.magnus.system import LinearSystem

SX, SY, SZ = np.array([[0, 1], [1, 0]]), np.array([[0, -1j], [1j, 0]]), np.diag([1, -1])


def rotating(amplitude: float, frequency: float) -> LinearSystem:
    """A spin in a rotating field: solvable, and its generators do not commute."""
    return LinearSystem(
        np.array([-0.5j * SX, -0.5j * SY]),
        lambda t: amplitude * np.stack([np.cos(frequency * t), np.sin(frequency * t)], axis=1),
        skew=True,
    )


def rotating_answer(amplitude: float, frequency: float, t: float) -> np.ndarray:
    """In the rotating frame the field stands still: two exponentials."""
    frame = scipy.linalg.expm(-0.5j * frequency * t * SZ)
    return frame @ scipy.linalg.expm(-0.5j * t * (amplitude * SX - frequency * SZ))


def general(dimension: int) -> LinearSystem:
    """A random, non-commuting, anti-Hermitian system."""
    random = np.random.default_rng(dimension)
    raw = random.normal(size=(3, dimension, dimension)) + 1j * random.normal(size=(3, dimension, dimension))
    basis = (raw - raw.conj().swapaxes(1, 2)) / dimension
    return LinearSystem(
        basis, lambda t: np.stack([np.ones_like(t), np.cos(3 * t), t * np.sin(t)], axis=1), skew=True
    )


def test_rabi_oscillation_follows_the_rabi_formula(solved: Any) -> None:
    drive, detuning = 1.3, 0.7
    result = solved(
        {
            "kind": "schroedinger",
            "dimensions": 2,
            "constants": {"drive": drive, "detuning": detuning},
            "terms": [
                {"operator": "sx/2", "amplitude": "drive*cos(detuning*t)"},
                {"operator": "sy/2", "amplitude": "drive*sin(detuning*t)"},
            ],
            "initial": "0",
            "tf": 12,
        },
        tolerance=1e-10,
    )
    t = np.array(result["time"])
    rate = math.hypot(drive, detuning)
    assert result["status"] == "converged"
    assert np.array(result["states"]["p1"]) == pytest.approx(
        (drive / rate * np.sin(rate * t / 2)) ** 2, abs=1e-9
    )


def test_a_fast_sweep_transfers_as_landau_and_zener_say(solved: Any) -> None:
    gap, speed, span = 0.4, 2.0, 400.0
    result = solved(
        {
            "kind": "schroedinger",
            "dimensions": 2,
            "H0": f"{gap}*sx",
            "terms": [{"operator": "sz", "amplitude": f"{speed}*t/2"}],
            "initial": "0",
            "t0": -span,
            "tf": span,
            "times": 2,
        }
    )
    stays = math.exp(-2 * math.pi * gap**2 / speed)
    # What is left of the oscillation after the crossing is of order gap / (speed span).
    assert result["states"]["p0"][-1] == pytest.approx(stays, abs=2 * gap / (speed * span))
    assert result["status"] == "converged"
    assert result["norm_error"] < 1e-12


@pytest.mark.parametrize("dimension", [2, 3, 5, 9, 12])
def test_a_constant_generator_gives_its_exponential(dimension: int) -> None:
    whole = general(dimension)
    constant = LinearSystem(whole.basis[:1], lambda t: np.ones((t.size, 1)), skew=True)
    unit = np.eye(dimension, dtype=complex)
    path = propagate(constant, unit, np.array([0.0, 7.0]), method="magnus")
    assert path.states[-1] == pytest.approx(scipy.linalg.expm(7 * whole.basis[0]), abs=1e-13)


def test_a_driven_oscillator_follows_its_closed_form(solved: Any) -> None:
    # x'' + x = cos(2 t), x(0) = x'(0) = 0: x = (cos t - cos 2t) / 3
    result = solved(
        {"kind": "linear", "A0": [[0, 1], [-1, 0]], "source": ["0", "cos(2*t)"], "initial": [0, 0], "tf": 9}
    )
    t = np.array(result["time"])
    assert result["status"] == "converged"
    assert np.array(result["states"]["x1"]) == pytest.approx((np.cos(t) - np.cos(2 * t)) / 3, abs=1e-7)


def test_a_decaying_qubit_follows_its_closed_form(solved: Any) -> None:
    rate = 0.3
    result = solved(
        {
            "kind": "lindblad",
            "dimensions": 2,
            "H0": "0.8*sz",
            "collapse": [{"operator": "sm", "rate": rate}],
            "initial": "+",
            "tf": 5,
            "observables": {"x": "sx", "y": "sy"},
        }
    )
    t = np.array(result["time"])
    coherence = np.exp(-rate * t / 2)
    assert np.array(result["states"]["p0"]) == pytest.approx(np.exp(-rate * t) / 2, abs=1e-10)
    assert np.array(result["expectations"]["x"]) == pytest.approx(coherence * np.cos(1.6 * t), abs=1e-10)
    assert np.array(result["expectations"]["y"]) == pytest.approx(coherence * np.sin(1.6 * t), abs=1e-10)
    assert result["norm_error"] < 1e-12


def test_a_rate_that_changes_in_time_is_integrated(solved: Any) -> None:
    result = solved(
        {
            "kind": "lindblad",
            "dimensions": 2,
            "collapse": [{"operator": "sm", "rate": "t"}],
            "initial": "0",
            "tf": 2,
        }
    )
    assert result["states"]["p0"][-1] == pytest.approx(math.exp(-2), abs=1e-8)


@pytest.mark.parametrize("order", [2, 4, 6])
@pytest.mark.parametrize("method", ["magnus", "commutator_free"])
def test_halving_the_step_divides_the_error_by_two_to_the_order(order: int, method: str) -> None:
    amplitude, frequency, span = 2.0, 1.5, 16.0
    system, unit, times = rotating(amplitude, frequency), np.eye(2, dtype=complex), np.array([span])
    pace = density(system, 0.0, span)
    answer = rotating_answer(amplitude, frequency, span)
    errors = []
    for chunk in (1, 2, 4):
        steps = 64 * chunk
        if method == "magnus":
            final = products.propagate(system, unit, times, pace, chunk, order, (64,))[0, 0]
        else:
            final = actions.propagate(system, unit, times, pace, steps, order)[0]
        errors.append(float(np.linalg.norm(final - answer)))
    rates = np.log2(np.array(errors[:-1]) / errors[1:])
    assert rates == pytest.approx(order, abs=0.3)


@pytest.mark.parametrize("dimension", [2, 3, 5, 9, 10])
def test_propagators_stay_unitary_to_rounding(dimension: int) -> None:
    unit = np.eye(dimension, dtype=complex)
    path = propagate(general(dimension), unit, np.linspace(0, 20, 5), tolerance=1e-9, method="magnus")
    defect = np.swapaxes(path.states.conj(), 1, 2) @ path.states - unit
    assert path.converged
    assert np.abs(defect).max() < 1e-12


def test_products_and_actions_agree() -> None:
    system, start, times = general(14), np.eye(14, 1, dtype=complex), np.linspace(0, 8, 9)
    one = propagate(system, start, times, tolerance=1e-10, method="magnus")
    other = propagate(system, start, times, tolerance=1e-10, method="commutator_free")
    assert one.states == pytest.approx(other.states, abs=1e-9)
    assert np.abs(np.linalg.norm(other.states, axis=1) - 1).max() < 1e-12


@pytest.mark.parametrize("tolerance", [1e-5, 1e-8, 1e-11])
def test_the_error_is_within_the_tolerance_and_its_estimate(tolerance: float) -> None:
    amplitude, frequency, times = 3.0, 2.0, np.linspace(0.0, 30.0, 7)
    path = propagate(rotating(amplitude, frequency), np.eye(2, dtype=complex), times, tolerance=tolerance)
    answers = np.array([rotating_answer(amplitude, frequency, t) for t in times])
    error = float(np.linalg.norm(path.states - answers, axis=1).max())
    assert path.converged
    assert error <= tolerance
    assert error <= 3 * path.error + 1e-13


def test_a_narrow_pulse_between_pilots_is_not_missed(solved: Any) -> None:
    result = solved(
        {
            "kind": "schroedinger",
            "dimensions": 2,
            "terms": [{"operator": "sx/2", "amplitude": "pi/(0.05*sqrt(2*pi))*exp(-((t - 61.8)/0.05)^2/2)"}],
            "initial": "0",
            "tf": 100,
        }
    )
    assert result["states"]["p1"][-1] == pytest.approx(1.0, abs=1e-7)
