"""Parsing and numbers of the solver `magnus`: nothing but numpy, scipy and, for the algebra, JAX."""
