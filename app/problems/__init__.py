"""`ocp/1`: a control problem as data: models, safe expressions, compilation to JAX, templates."""
