"""The Newton system of the discretised problem, solved through its structure in time linear in the mesh.

In each interval the unknown states are eliminated through the collocation equations (their Jacobian is
invertible), which leaves a linear-quadratic problem from node to node: a Riccati recursion solves it, with
final multipliers, end times and parameters carried along as columns. What remains is one small dense system
in the ends, the parameters and the multipliers of boundary constraints. A Cholesky factor that does not exist
tells that the reduced Hessian is not positive definite. Multipliers are solved for as increments: near the
solution all that is solved for is small, and so are its rounding errors, though active bounds are very stiff.
Sources: Rao, Wright & Rawlings, JOTA 99 (1998); Steinbach, Fast recursive SQP methods for large-scale optimal
control (1995); Betts, Practical Methods, ch. 2.
"""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array, lax

from app.solvers.collocation.barrier import Multipliers, point_weights
from app.solvers.collocation.evaluation import Derivatives, Values
from app.solvers.collocation.inversion import inverses
from app.solvers.collocation.layout import Layout, Variables

PENALTY = 100.0
"""Weight of the square of `link` that is added to both sides: it convexifies and changes no solution."""


class System(NamedTuple):
    """Right-hand sides and diagonals of one Newton system at the multipliers `y`.

    `diagonal`, `gradient`: barrier terms and regularisation of every variable; for the slacks `g` and `b` the
    diagonal is the stiffness of their row (1/compliance for equalities, 0 for rows without bounds) and the
    gradient the multiplier at zero residual. `free`: 0 where a variable is held fixed. `give_path`, `give_rows`:
    compliance of path and boundary rows (their multipliers in excess of `old_path`, `old_rows` yield so much);
    `compliance` that of links, in excess of `link_multiplier`.
    """

    derivatives: Derivatives
    residual: Values
    diagonal: Variables
    gradient: Variables
    free: Variables
    y: Multipliers
    link_multiplier: Array
    compliance: Array
    give_path: Array
    give_rows: Array
    old_path: Array
    old_rows: Array


class Direction(NamedTuple):
    """A Newton step in the variables, and the NEW multipliers of defects, links, path and boundary rows."""

    step: Variables
    defect: Array
    link: Array
    path: Array
    boundary: Array
    convex: Array


class _Condensed(NamedTuple):
    """`states (P, N, unknowns n, c)`, `hessian (P, N, c, c)`, columns c = x | q | 1 | U; `inverse` of the
    collocation Jacobian; `points (P, N, s, z, c)`; `weighted`: point Hessian times points plus gradient."""

    states: Array
    hessian: Array
    inverse: Array
    weighted: Array


def solve(layout: Layout, system: System) -> Direction:
    """The Newton step; `convex` is false where the reduced Hessian is not positive definite."""
    condensed = _condense(layout, system)
    value, gain, transition, below = _recursion(layout, system, condensed)
    d_ends, d_p, link, boundary, convex = _border(layout, system, value)
    columns = _columns(layout, d_ends, d_p, link, system.residual.link)
    nodes, controls = _forward(layout, d_ends, columns, gain, transition)
    return _expand(
        layout, system, condensed, (d_ends, d_p, link, boundary, convex), columns, nodes, controls, below
    )


def _condense(layout: Layout, system: System) -> _Condensed:
    t = layout.transcription
    n, m, s, left, unknowns = layout.n, layout.m, t.stages, int(t.left), t.unknowns
    jacobian, diagonal = system.derivatives.jacobian, system.diagonal
    grid = jacobian.shape[:2]
    fx, fu, fq = jacobian[..., :n, :n], jacobian[..., :n, n : n + m], jacobian[..., :n, n + m :]
    rows = jacobian[..., n + 1 :, :]
    point_hessian = system.derivatives.hessian
    weights = point_weights(layout, system.y)[..., : n + 1]
    gradient = jnp.einsum("pilyz,pily->pilz", jacobian[..., : n + 1, :], weights)
    gradient = gradient.at[:, :, left:, :n].add(system.y.defect).at[:, -1, -1, :n].add(system.y.link)
    if layout.path:
        multiplier = system.gradient.g + diagonal.g * system.residual.path
        point_hessian = point_hessian + jnp.einsum("pilgy,pilg,pilgz->pilyz", rows, diagonal.g, rows)
        gradient = gradient + jnp.einsum("pilgz,pilg->pilz", rows, multiplier)
    pad = [(0, 0), (0, 0), (left, 0), (0, 0)]
    extra = [jnp.pad(diagonal.x, pad), diagonal.u, jnp.zeros((*grid, s, layout.q))]
    added = jnp.concatenate(extra, axis=-1)
    point_hessian = point_hessian + added[..., None] * jnp.eye(added.shape[-1])
    extra = [jnp.pad(system.gradient.x, pad), system.gradient.u, jnp.zeros((*grid, s, layout.q))]
    gradient = gradient + jnp.concatenate(extra, axis=-1)

    a = jnp.asarray(t.a)
    size = unknowns * n
    matrix = jnp.eye(size) - jnp.einsum("jl,pilab->pijalb", a[:, left:], fx[:, :, left:]).reshape(
        *grid, size, size
    )
    inverse = inverses(matrix)
    start = jnp.broadcast_to(jnp.eye(n), (*grid, unknowns, n, n))
    if left:
        start = start + jnp.einsum("j,piab->pijab", a[:, 0], fx[:, :, 0])
    common = jnp.einsum("jl,pilaq->pijaq", a, fq)
    control = jnp.einsum("jl,pilab,pilb->pijalb", a, fu, system.free.u).reshape(*grid, unknowns, n, s * m)
    right = jnp.concatenate([start, common, -system.residual.defect[..., None], control], axis=-1)
    states = inverse @ right.reshape(*grid, size, right.shape[-1])
    width = states.shape[-1]

    x_rows = states.reshape(*grid, unknowns, n, width)
    if left:
        x_rows = jnp.concatenate([jnp.broadcast_to(jnp.eye(n, width), (*grid, 1, n, width)), x_rows], axis=2)
    q = layout.q
    u_rows = jnp.zeros((s, m, width)).at[:, :, n + q + 1 :].set(jnp.eye(s * m).reshape(s, m, s * m))
    u_rows = u_rows * system.free.u[..., None]
    q_rows = jnp.broadcast_to(jnp.eye(q, width, n), (*grid, s, q, width))
    points = jnp.concatenate([x_rows, u_rows, q_rows], axis=3)
    weighted = point_hessian @ points
    weighted = weighted.at[..., n + q].add(gradient)
    z = points.shape[3]
    flat = (*grid, s * z, width)
    hessian = jnp.swapaxes(points.reshape(flat), -1, -2) @ weighted.reshape(flat)
    hessian = hessian.at[..., :n, n + q].add(-jnp.sum(system.y.defect, axis=2))  # of the left node
    # the column of ones carries the gradient; its row must mirror it: take the lower part from the upper
    mirrored = hessian[..., :, n + q]
    hessian = hessian.at[..., n + q, :].set(mirrored)
    held = jnp.concatenate(
        [jnp.zeros((*grid, n + q + 1)), (1.0 - system.free.u).reshape(*grid, s * m)], axis=-1
    )
    hessian = hessian + held[..., None] * jnp.eye(width)
    return _Condensed(states, hessian, inverse, weighted)


def _recursion(layout: Layout, system: System, condensed: _Condensed) -> tuple[Array, Array, Array, Array]:
    """Riccati recursion over the intervals, all phases side by side.

    The value function is quadratic in x | q | 1 | w, w the multiplier of the final state. Gives it at the first
    node (P, c, c), gains (P, N, s m, c), transitions (P, N, n, c) and its x-rows at each right node.
    """
    n, q, phases = layout.n, layout.q, layout.phases
    known = n + q + 1 + n
    inputs = layout.transcription.stages * layout.m
    split = n + q + 1

    def widen(array: Array) -> Array:
        zeros = jnp.zeros((*array.shape[:-1], n))
        return jnp.concatenate([array[..., :split], zeros, array[..., split:]], axis=-1)

    transition = widen(condensed.states[..., -n:, :])
    wide = widen(condensed.hessian)
    hessian = jnp.swapaxes(widen(jnp.swapaxes(wide, -1, -2)), -1, -2)
    final = jnp.zeros((known, known)).at[:n, :n].set(PENALTY * jnp.eye(n))
    final = final.at[:n, split:].set(jnp.eye(n)).at[split:, :n].set(jnp.eye(n))
    final = jnp.broadcast_to(final, (phases, known, known))

    def step(value: Array, stage: tuple[Array, Array]) -> tuple[Array, tuple[Array, Array]]:
        move, cost = stage
        along = value[:, :, :n] @ move
        along = along.at[:, :, n:known].add(value[:, :, n:])
        total = cost + jnp.swapaxes(move, -1, -2) @ along[:, :n]
        total = total.at[:, n:known].add(along[:, n:])
        rest = total[:, :known, :known]
        if inputs == 0:
            return _symmetric(rest), (value[:, :n], jnp.zeros((phases, 0, known)))
        factor = jnp.linalg.cholesky(total[:, known:, known:], symmetrize_input=False)
        cross = lax.linalg.triangular_solve(factor, total[:, known:, :known], left_side=True, lower=True)
        gain = lax.linalg.triangular_solve(factor, cross, left_side=True, lower=True, transpose_a=True)
        return _symmetric(rest - jnp.swapaxes(cross, -1, -2) @ cross), (value[:, :n], gain)

    stages = (jnp.swapaxes(transition, 0, 1), jnp.swapaxes(hessian, 0, 1))
    value, (below, gain) = lax.scan(step, final, stages, reverse=True)
    gain, below = jnp.swapaxes(gain, 0, 1), jnp.swapaxes(below, 0, 1)
    closed = transition[..., :known] - transition[..., known:] @ gain
    return value, gain, closed, below


def _symmetric(matrix: Array) -> Array:
    """The symmetric part: the rest is rounding errors, which a recursion lets grow as the dynamics without control.

    Errors of the symmetric part are damped by the gains.
    """
    return 0.5 * (matrix + jnp.swapaxes(matrix, -1, -2))


def _columns(layout: Layout, d_ends: Array, d_p: Array, link: Array, residual: Array) -> Array:
    """q | 1 | w of each phase, (P, q + 1 + n)."""
    n, phases = layout.n, layout.phases
    parts = [jnp.broadcast_to(d_p, (phases, layout.parameters)), jnp.ones((phases, 1))]
    parts.append(link + PENALTY * (residual - d_ends[:, n : 2 * n]))
    return jnp.concatenate(([d_ends[:, -2:]] if layout.free_time else []) + parts, axis=-1)


def _border(layout: Layout, system: System, value: Array) -> tuple[Array, Array, Array, Array, Array]:
    """The dense system in ends, parameters and increments of link and boundary multipliers."""
    n, phases, extent = layout.n, layout.phases, 2 * layout.n + 2
    ends = phases * extent
    size = ends + layout.parameters
    links = phases * n
    rows = layout.rows
    one = size + links  # the column of ones in (ends, p, links, 1)
    derivatives, residual = system.derivatives, system.residual
    matrix = jnp.zeros((one + 1, one + 1))
    eye = jnp.eye(one + 1)
    for index in range(phases):
        at = index * extent
        final = eye[at + n : at + 2 * n]
        w = eye[size + index * n : size + (index + 1) * n] - PENALTY * final
        w = w.at[:, one].add(PENALTY * residual.link[index])
        parts = [eye[at : at + n]]
        if layout.free_time:
            parts.append(eye[at + 2 * n : at + extent])
        parts += [eye[ends:size], eye[one:], w]
        map_ = jnp.concatenate(parts)
        matrix = matrix + map_.T @ value[index] @ map_
        nu = eye[size + index * n : size + (index + 1) * n]
        matrix = matrix + PENALTY * final.T @ final - nu.T @ final - final.T @ nu
        push = nu.T @ residual.link[index] - PENALTY * final.T @ residual.link[index]
        matrix = matrix.at[:, one].add(push).at[one, :].add(push)
    diagonal = jnp.concatenate([system.diagonal.ends.ravel(), system.diagonal.p])
    pull = system.gradient.ends.at[:, n : 2 * n].add(-system.y.link)
    gradient = jnp.concatenate([pull.ravel(), system.gradient.p]) + derivatives.end_gradient
    free = jnp.concatenate([system.free.ends.ravel(), system.free.p])
    hessian = matrix[:size, :size] + derivatives.end_hessian + jnp.diag(diagonal)
    coupling = matrix[size:one, :size]
    dual = matrix[size:one, size:one] - system.compliance * jnp.eye(links)
    stiff = system.diagonal.b
    active = stiff > 0
    give = jnp.where(active, 1.0 / jnp.where(active, stiff, 1.0), 1.0)
    jacobian = derivatives.end_jacobian * active[:, None]
    gradient = gradient + jacobian.T @ system.y.boundary
    top = jnp.concatenate([hessian, coupling.T, jacobian.T], axis=1)
    middle = jnp.concatenate([coupling, dual, jnp.zeros((links, rows))], axis=1)
    bottom = jnp.concatenate([jacobian, jnp.zeros((rows, links)), -jnp.diag(give)], axis=1)
    full = jnp.concatenate([top, middle, bottom])
    old = (system.link_multiplier - system.y.link).ravel()
    rest = system.gradient.b - system.y.boundary
    right = jnp.concatenate(
        [
            -(matrix[:size, one] + gradient),
            -(matrix[size:one, one] + system.compliance * old),
            -(residual.boundary + rest * give) * active,
        ]
    )
    mask = jnp.concatenate([free, jnp.ones(links + rows)])
    full = full * mask[:, None] * mask[None, :] + jnp.diag(1.0 - mask)
    right = right * mask
    finite = jnp.all(jnp.isfinite(full))
    full = jnp.where(finite, full, jnp.eye(len(mask)))
    scale = 1.0 / jnp.sqrt(jnp.maximum(jnp.max(jnp.abs(full), axis=1), 1e-30))
    scale = scale / jnp.sqrt(jnp.maximum(jnp.max(jnp.abs(full * scale[:, None] * scale), axis=1), 1e-30))
    balanced = full * scale[:, None] * scale
    solution = scale * jnp.linalg.solve(balanced, scale * right)
    convex = finite & _saddle(full, size, links) & jnp.all(jnp.isfinite(solution))
    d_ends = solution[:ends].reshape(phases, extent)
    link = solution[size:one].reshape(phases, n)
    boundary = (solution[one:] + system.y.boundary) * active
    return d_ends, solution[ends:size], link, boundary, convex


def _saddle(matrix: Array, size: int, links: int) -> Array:
    """Whether a dense KKT matrix has `size` positive eigenvalues and else negative ones.

    With a negative definite dual block that is so if its Schur complement is positive definite (Haynsworth's
    inertia additivity), which two Cholesky factors tell much faster than eigenvalues.
    """
    coupling = matrix[size:, :size]
    factor = jnp.linalg.cholesky(-matrix[size : size + links, size : size + links])
    half = lax.linalg.triangular_solve(factor, coupling[:links], left_side=True, lower=True)
    give = -jnp.diagonal(matrix)[size + links :]
    rows = coupling[links:] / jnp.sqrt(give)[:, None]
    schur = matrix[:size, :size] + half.T @ half + rows.T @ rows
    root = 1.0 / jnp.sqrt(jnp.maximum(jnp.abs(jnp.diagonal(schur)), 1e-30))
    found: Array = jnp.all(jnp.isfinite(jnp.linalg.cholesky(schur * root[:, None] * root)))
    return found


def _forward(
    layout: Layout, d_ends: Array, columns: Array, gain: Array, closed: Array
) -> tuple[Array, Array]:
    """Steps of the node states (P, N + 1, n) and of all controls (P, N, s m)."""
    n = layout.n
    push = jnp.einsum("pinc,pc->pin", closed[..., n:], columns)

    def step(x: Array, stage: tuple[Array, Array]) -> tuple[Array, Array]:
        matrix, add = stage
        after = jnp.einsum("pab,pb->pa", matrix, x) + add
        return after, after

    start = d_ends[:, :n]
    stages = (jnp.swapaxes(closed[..., :n], 0, 1), jnp.swapaxes(push, 0, 1))
    _, after = lax.scan(step, start, stages)
    nodes = jnp.concatenate([start[:, None], jnp.swapaxes(after, 0, 1)], axis=1)
    fixed = jnp.broadcast_to(columns[:, None], (*nodes[:, :-1].shape[:2], columns.shape[-1]))
    known = jnp.concatenate([nodes[:, :-1], fixed], axis=-1)
    return nodes, -jnp.einsum("pimc,pic->pim", gain, known)


def _expand(
    layout: Layout,
    system: System,
    condensed: _Condensed,
    border: tuple[Array, Array, Array, Array, Array],
    columns: Array,
    nodes: Array,
    controls: Array,
    below: Array,
) -> Direction:
    """Steps of all variables and the multipliers, from those of nodes and controls."""
    t = layout.transcription
    n, m, q, left, unknowns, s = layout.n, layout.m, layout.q, int(t.left), t.unknowns, t.stages
    d_ends, d_p, link, boundary, convex = border
    grid = controls.shape[:2]
    fixed = jnp.broadcast_to(columns[:, None, : q + 1], (*grid, q + 1))
    all_columns = jnp.concatenate([nodes[:, :-1], fixed, controls], axis=-1)
    x = jnp.einsum("pixc,pic->pix", condensed.states, all_columns).reshape(*grid, unknowns, n)
    u = controls.reshape(*grid, s, m) * system.free.u
    # gradient of the quadratic model in z at each place; its x-part is what the defect multipliers balance
    pull = jnp.einsum("pilzc,pic->pilz", condensed.weighted, all_columns)[
        :,
        :,
        left:,
        :,
    ][..., :n]
    known = jnp.concatenate(
        [nodes[:, 1:], jnp.broadcast_to(columns[:, None], (*grid, columns.shape[-1]))], axis=-1
    )
    costate = jnp.einsum("pixc,pic->pix", below, known)
    pull = pull.at[:, :, -1].add(costate)
    size = unknowns * n
    defect = -jnp.einsum("pixy,pix->piy", condensed.inverse, pull.reshape(*grid, size)).reshape(x.shape)
    place_x = x if not left else jnp.concatenate([nodes[:, :-1, None], x], axis=2)
    common = jnp.broadcast_to(fixed[:, :, None, :q], (*grid, s, q))
    z = jnp.concatenate([place_x, u, common], axis=-1)
    rows = system.derivatives.jacobian[..., n + 1 :, :]
    g = jnp.einsum("pilgz,pilz->pilg", rows, z) + system.residual.path
    path = system.gradient.g + system.diagonal.g * g
    ends = jnp.concatenate([d_ends.ravel(), d_p])
    b = system.derivatives.end_jacobian @ ends + system.residual.boundary
    slack = g - system.give_path * (path - system.old_path)
    rows_slack = b - system.give_rows * (boundary - system.old_rows)
    defect, link = system.y.defect + defect, system.y.link + link
    step = Variables(x, u, slack * system.free.g, d_ends, d_p, rows_slack * system.free.b)
    finite = jnp.all(jnp.isfinite(layout.flat(step)))
    return Direction(step, defect, link, path, boundary, convex & finite)
