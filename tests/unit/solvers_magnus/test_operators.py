"""Operators by expression, and density matrices as real vectors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.problems.parser import parse_expression
from app.solvers.magnus.density_matrices import (
    coordinates,
    decay_generator,
    hamiltonian_generator,
    hermitian_basis,
    matrices,
)
from app.solvers.magnus.operators import Register


def operator(text: str, *dimensions: int) -> np.ndarray:
    return Register(dimensions).operator(parse_expression(text), {"w": 2.0})


def test_products_act_on_the_subsystem_they_name() -> None:
    sx, sz = np.array([[0, 1], [1, 0]]), np.diag([1, -1])
    assert operator("sz1*sx2", 2, 2) == pytest.approx(np.kron(sz, sx))
    assert operator("w*sx2 + 1", 2, 2) == pytest.approx(2 * np.kron(np.eye(2), sx) + np.eye(4))


@pytest.mark.parametrize("levels", [2, 3, 5])
def test_commutators_are_those_of_physics(levels: int) -> None:
    assert operator("jx*jy - jy*jx", levels) == pytest.approx(operator("i*jz", levels))
    assert operator("ad*a", levels) == pytest.approx(operator("n", levels))
    assert operator("a*ad - ad*a", levels)[:-1, :-1] == pytest.approx(np.eye(levels - 1))


def test_sp_raises_sz() -> None:
    assert operator("sz*sp - sp*sz", 2) == pytest.approx(operator("2*sp", 2))
    assert operator("(sx + i*sy)/2", 2) == pytest.approx(operator("sp", 2))


@given(st.integers(2, 4), st.integers(0, 2**32 - 1))
def test_lindblad_generators_are_those_of_the_master_equation(n: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    H, C, raw = random.normal(size=(3, n, n)) + 1j * random.normal(size=(3, n, n))
    H, rho = H + H.conj().T, raw @ raw.conj().T
    square = C.conj().T @ C
    slope = -1j * (H @ rho - rho @ H) + C @ rho @ C.conj().T - (square @ rho + rho @ square) / 2
    found = matrices((hamiltonian_generator(H) + decay_generator(C)) @ coordinates(rho))
    assert found == pytest.approx(slope, abs=1e-10 * max(1.0, float(np.abs(slope).max())))


@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_the_hermitian_basis_is_orthonormal(n: int) -> None:
    basis = hermitian_basis(n)
    gram = np.einsum("kij,lji->kl", basis, basis)
    assert gram == pytest.approx(np.eye(n * n))
