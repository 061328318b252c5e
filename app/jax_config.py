"""Importing this module sets JAX up for the whole process: float64 throughout.

Every module that computes with JAX imports it first, so that no array is ever made in float32 by accident.
"""

from __future__ import annotations

import jax

jax.config.update("jax_enable_x64", True)
