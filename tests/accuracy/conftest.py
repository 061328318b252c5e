"""Needs JAX only: solvers are run in this process, against problems with known answers."""

from __future__ import annotations

import os
from pathlib import Path

# Compiled programs are kept between runs, as a worker keeps them.
os.environ.setdefault(
    "COSTATE_CACHE_DIR", str(Path(__file__).resolve().parents[2] / ".costate" / "test-cache")
)
