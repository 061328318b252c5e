"""Needs JAX only: solvers are run in this process, against problems with known answers."""

from __future__ import annotations

import os
from pathlib import Path

from app.solvers import compilation

# Compiled programs are kept between runs, as a worker keeps them.
os.environ.setdefault(
    "COSTATE_CACHE_DIR", str(Path(__file__).resolve().parents[2] / ".costate" / "test-cache")
)
# Most programs here run once or twice: optimising them would take longer than all their runs.
compilation.COMPILER_OPTIONS["xla_backend_optimization_level"] = 0
compilation.Program.patient = True
