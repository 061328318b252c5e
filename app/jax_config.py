"""Importing this module sets JAX up for the whole process: float64 throughout.

Every module that computes with JAX imports it first, so that no array is ever made in float32 by accident.
JAX takes LAPACK from SciPy's OpenBLAS, whose threads cost hundreds of times more than they gain on the many
small matrices of optimal control: one thread, unless the environment says otherwise (read when SciPy loads).
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import jax

jax.config.update("jax_enable_x64", True)
