"""The parts of the solver `multi_objective`: need nothing but the solver's own packages."""
