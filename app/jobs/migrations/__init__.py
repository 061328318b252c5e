"""Schema changes, in order (Alembic); `costate migrate` applies them."""
