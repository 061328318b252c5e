"""Solvers: one folder each, one Protocol; a request is checked without JAX and run with it."""
