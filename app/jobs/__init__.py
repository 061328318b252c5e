"""Jobs: one row in PostgreSQL is the truth, the queue a hint, a solver process does the work."""
