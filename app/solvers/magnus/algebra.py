"""Products, commutators and exponentials of many small matrices at once.

Matrices lie with their lanes last, shape `(d, d, L)`: for the small `d` of quantum control, one entry of all
lanes is one vector operation, 5 to 20 times faster on a CPU than a batch of `d x d` products.
"""

from __future__ import annotations

import math
from functools import partial

import jax
import jax.numpy as jnp
from jax import Array

import app.jax_config  # noqa: F401 - float64, before any array is made

UNROLLED_DIMENSION = 9
"""Up to here products are written out over the lanes; beyond, a batched matrix product is faster
(measured)."""

RADIUS = 1.09
"""The 1-norm up to which the Taylor polynomial of degree 18 is exact to rounding."""

_I_A_A2_A3_A6 = (
    (0.0, -0.10036558103014462, -0.0080292464824115696, -0.00089213849804572995, 0.0),
    (0.0, 0.39784974949964507614, 1.36783778460411719922, 0.49828962252538267755, -0.00063789819459472330),
    (-10.9676396052962062593, 1.68015813878906197182, 0.05717798464788655127, -0.00698210122488052084,
     0.00003349750170860705),
    (-0.09043168323908105619, -0.06764045190713819075, 0.06759613017704596460, 0.02955525704293155274,
     -0.00001391802575160607),
    (0.0, 0.0, -0.09233646193671185927, -0.01693649390020817171, -0.00001400867981820361),
)  # fmt: skip
"""Weights of the powers in the five factors of the Taylor polynomial of degree 18."""


def matmul(a: Array, b: Array) -> Array:
    """Lane-wise product, `(d, e, L)` times `(e, f, L)`."""
    inner = a.shape[1]
    if max(a.shape[0], inner) <= UNROLLED_DIMENSION:
        total = a[:, 0, None] * b[None, 0]
        for j in range(1, inner):
            total = total + a[:, j, None] * b[None, j]
        return total
    product = partial(jnp.einsum, "ijl,jkl->ikl")
    if not (jnp.iscomplexobj(a) and jnp.iscomplexobj(b)):
        return product(a, b)
    # The complex product of XLA on CPUs costs more than twice these four real ones.
    real = product(a.real, b.real) - product(a.imag, b.imag)
    return jax.lax.complex(real, product(a.real, b.imag) + product(a.imag, b.real))


def materialise(*arrays: Array) -> tuple[Array, ...]:
    """The same arrays, computed once and kept.

    XLA fuses a product into the products that use it and evaluates it anew for each of their entries: up to
    `d^2` times. It knows no barrier on CPUs that outlives its passes; a branch that it cannot foresee is
    one. Measured: a step of sixth order takes 17 instead of 135 us for 64 lanes of 3 x 3 matrices.
    """
    unforeseen = ~jnp.isinf(arrays[0].real.ravel()[0])
    kept: tuple[Array, ...] = jax.lax.cond(
        unforeseen,
        lambda *same: same,
        lambda *same: tuple(jnp.full_like(one, jnp.nan) for one in same),
        *arrays,
    )
    return kept


def commutator(a: Array, b: Array, skew: bool) -> Array:
    """`[a, b] = a b - b a` in every lane; of anti-Hermitian matrices (`skew`) one product is enough."""
    if not skew:
        return matmul(a, b) - matmul(b, a)
    (product,) = materialise(matmul(a, b))
    return product - jnp.conj(jnp.swapaxes(product, 0, 1))


def identity(d: int, lanes: int, dtype: jnp.dtype) -> Array:
    """The unit matrix in every lane, shape `(d, d, L)`."""
    return jnp.broadcast_to(jnp.eye(d, dtype=dtype)[:, :, None], (d, d, lanes))


def combine(coefficients: Array, basis: Array) -> Array:
    """`sum_m c_m A_m`: real coefficients `(m, L)`, basis `(m, d, d)`, result `(d, d, L)`."""
    m, d, _ = basis.shape
    parts = (basis.real, basis.imag) if jnp.iscomplexobj(basis) else (basis,)
    sums = [(part.reshape(m, d * d).T @ coefficients).reshape(d, d, -1) for part in parts]
    return jax.lax.complex(*sums) if len(sums) == 2 else sums[0]


def one_norm(a: Array) -> Array:
    """The largest column sum in each lane, shape `(L,)`."""
    return jnp.max(jnp.sum(jnp.abs(a), axis=0), axis=0)


def squarings_for(norm: float) -> int:
    """How often a matrix of this 1-norm is halved before the polynomial is exact to rounding."""
    if not 0 < norm < math.inf:
        return 0  # the result is not finite, however it is computed
    return max(0, math.ceil(math.log2(norm / RADIUS)))


@partial(jax.custom_vjp, nondiff_argnums=(2,))
def exponential(a: Array, squarings: Array, skew: bool) -> Array:
    """`exp(a)` in every lane, `(d, d, L)`, exact to rounding with the squarings of `squarings_for`.

    `skew`: every lane is anti-Hermitian, so 2 x 2 matrices need real functions only. Scaling and squaring as
    in Higham, Functions of Matrices (2008), chapter 10. The derivative is the exact Frechet derivative, by
    its adjoint `L(a, .)^T = L(a^T, .)` (same book, section 3.2), whatever the number of squarings.
    """
    if a.shape[0] == 2:
        return _exponential_2(a, skew)
    return _exponential_taylor(a, squarings)


def _forward(a: Array, squarings: Array, skew: bool) -> tuple[Array, tuple[Array, Array]]:
    return exponential(a, squarings, skew), (a, squarings)


def _backward(skew: bool, kept: tuple[Array, Array], cotangent: Array) -> tuple[Array, None]:
    a, squarings = kept
    # The direction is no longer anti-Hermitian, so the general form is the one to differentiate.
    function = (
        partial(_exponential_2, skew=False)
        if a.shape[0] == 2
        else partial(_exponential_taylor, squarings=squarings)
    )
    return jax.jvp(function, (jnp.swapaxes(a, 0, 1),), (cotangent,))[1], None


exponential.defvjp(_forward, _backward)


def _exponential_taylor(a: Array, squarings: Array) -> Array:
    scaled = a * jnp.ldexp(1.0, -squarings).astype(a.real.dtype)
    polynomial = _taylor_in_five_products(scaled)
    squared: Array = jax.lax.fori_loop(0, squarings, lambda _, r: matmul(r, r), polynomial)
    return squared


def _taylor_in_five_products(a: Array) -> Array:
    """The Taylor polynomial of degree 18: Bader, Blanes and Casas, Mathematics 7 (2019) 1174, section 3."""
    d, _, lanes = a.shape
    unit = identity(d, lanes, a.dtype)
    (square,) = materialise(matmul(a, a))
    (cube,) = materialise(matmul(square, a))
    (sixth,) = materialise(matmul(cube, cube))
    powers = (unit, a, square, cube, sixth)

    def combined(weights: tuple[float, ...]) -> Array:
        terms = [weight * power for weight, power in zip(weights, powers, strict=True) if weight]
        return sum(terms[1:], terms[0])

    b1, b2, b3, b4, b5 = (combined(weights) for weights in _I_A_A2_A3_A6)
    b1, b5 = materialise(b1, b5)
    b3, q = materialise(b3, b4 + matmul(b1, b5))
    return b2 + matmul(b3 + q, q)


def _exponential_2(a: Array, skew: bool) -> Array:
    """Closed form: with the traceless part `b`, `b^2 = z` is a number and `exp b = cosh(sqrt z) + sinh(sqrt
    z)/sqrt z b`."""
    middle = (a[0, 0] + a[1, 1]) / 2
    half = (a[0, 0] - a[1, 1]) / 2
    z = half * half + a[0, 1] * a[1, 0]
    if skew:
        angle = jnp.sqrt(jnp.maximum(-z.real, 0.0))
        cosine: Array = jnp.cos(angle)
        ratio: Array = jnp.where(angle > 0.0, jnp.sin(angle) / jnp.where(angle > 0.0, angle, 1.0), 1.0)
        factor: Array = jax.lax.complex(jnp.cos(middle.imag), jnp.sin(middle.imag))
    else:
        cosine, ratio = _cosh_and_ratio(z)
        factor = jnp.exp(middle)
    diagonal, scaled = factor * cosine, factor * ratio
    rows = [
        [diagonal + scaled * half, scaled * a[0, 1]],
        [scaled * a[1, 0], diagonal - scaled * half],
    ]
    return jnp.stack([jnp.stack(row) for row in rows])


def _cosh_and_ratio(z: Array) -> tuple[Array, Array]:
    """`cosh(sqrt z)` and `sinh(sqrt z) / sqrt z`, entire in `z`: a series near 0, where the root has no
    derivative."""
    near = jnp.abs(z) < 0.01
    small = jnp.where(near, z, 0.0)
    # Real arguments go through the complex root too: z is negative for rotations.
    root = jnp.sqrt(jnp.where(near, 1.0, z).astype(jnp.complex128))
    up, down = jnp.exp(root), jnp.exp(-root)
    cosh, ratio = (up + down) / 2, (up - down) / (2 * root)
    if not jnp.iscomplexobj(z):
        cosh, ratio = cosh.real, ratio.real
    cosh_series = sum(small**k / math.factorial(2 * k) for k in range(6))
    ratio_series = sum(small**k / math.factorial(2 * k + 1) for k in range(6))
    return jnp.where(near, cosh_series, cosh), jnp.where(near, ratio_series, ratio)
