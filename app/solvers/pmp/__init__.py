"""Pontryagin's minimum principle: the boundary-value problem of its necessary conditions, solved by shooting."""
