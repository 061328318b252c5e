"""Linear time-dependent systems, Schroedinger and Lindblad equations: Magnus propagation, and control by
GRAPE.

`request`, `options`, `operators` and `problem` never import JAX; everything else here may.
"""
