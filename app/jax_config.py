"""Importing this module sets JAX up for the whole process: float64 throughout.

Every module that computes with JAX imports it first, so that no array is ever made in float32 by accident.
JAX takes LAPACK from SciPy's OpenBLAS, whose threads cost hundreds of times more than they gain on the many
small matrices of optimal control: one thread, unless the environment says otherwise (read when SciPy loads).

XLA's own pool has one thread, too (NPROC, read when the backend starts): in jaxlib 0.10 a factorisation of many
matrices gives parts of its work to the pool it runs in and waits for them, so two of them at a time can wait for
each other for ever, in one program or in two threads. One thread does all itself, with less to hand over: a
solve takes a quarter less processor time. A machine's cores are used by solver processes, one a slot.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("NPROC", "1")

import jax

jax.config.update("jax_enable_x64", True)
