"""Several objectives at once: fronts of black boxes by evolution, of control problems by scalarised batches."""
