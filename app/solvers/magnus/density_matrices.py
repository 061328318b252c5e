"""Density matrices as real vectors: coordinates in an orthonormal basis of Hermitian matrices.

In such a basis (the generalised Gell-Mann matrices) every Lindblad generator is a real matrix: a quarter of
the work of complex ones, and a density matrix stays Hermitian exactly. Alicki and Lendi, Quantum Dynamical
Semigroups (1987), 2.3.
"""

from __future__ import annotations

from functools import cache

import numpy as np


@cache
def hermitian_basis(n: int) -> np.ndarray:
    """`n^2` orthonormal Hermitian matrices, `(n^2, n, n)`; the first is the identity over `sqrt n`."""
    found = [np.eye(n, dtype=complex) / np.sqrt(n)]
    for level in range(1, n):
        diagonal = np.zeros(n)
        diagonal[:level], diagonal[level] = 1.0, -level
        found.append(np.diag(diagonal / np.linalg.norm(diagonal)).astype(complex))
    for i in range(n):
        for j in range(i + 1, n):
            real, imaginary = np.zeros((n, n), complex), np.zeros((n, n), complex)
            real[i, j] = real[j, i] = np.sqrt(0.5)
            imaginary[i, j], imaginary[j, i] = -1j * np.sqrt(0.5), 1j * np.sqrt(0.5)
            found += [real, imaginary]
    return np.array(found)


def coordinates(matrix: np.ndarray) -> np.ndarray:
    """The real vector `(n^2,)` of a Hermitian matrix `(n, n)`."""
    return np.asarray(np.einsum("kij,ji->k", hermitian_basis(matrix.shape[0]), matrix).real)


def matrices(vectors: np.ndarray) -> np.ndarray:
    """The Hermitian matrices `(..., n, n)` of real vectors `(..., n^2)`."""
    n = round(np.sqrt(vectors.shape[-1]))
    return np.asarray(np.tensordot(vectors, hermitian_basis(n), axes=1))


def hamiltonian_generator(H: np.ndarray) -> np.ndarray:
    """`rho -> -i [H, rho]` as a real matrix `(n^2, n^2)`, antisymmetric."""
    basis = hermitian_basis(H.shape[0])
    return np.stack([coordinates(-1j * (H @ b - b @ H)) for b in basis], axis=1)


def decay_generator(C: np.ndarray) -> np.ndarray:
    """`rho -> C rho C^+ - (C^+ C rho + rho C^+ C) / 2` as a real matrix `(n^2, n^2)`."""
    basis = hermitian_basis(C.shape[0])
    adjoint = C.conj().T
    square = adjoint @ C
    return np.stack([coordinates(C @ b @ adjoint - (square @ b + b @ square) / 2) for b in basis], axis=1)
