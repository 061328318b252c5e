"""Needs JAX only: solvers are run in this process, against problems with known answers."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from app.solvers import compilation

# Compiled programs are kept between runs, as a worker keeps them.
os.environ.setdefault(
    "COSTATE_CACHE_DIR", str(Path(__file__).resolve().parents[2] / ".costate" / "test-cache")
)
# Most programs here run once or twice: optimising them would take longer than all their runs.
compilation.COMPILER_OPTIONS["xla_backend_optimization_level"] = 0
compilation.Program.patient = True


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All that is asked of the answer to one problem, by its name, is asked in the process that has solved it."""
    for item in items:
        if isinstance(item, pytest.Function) and hasattr(item, "callspec"):
            name = item.callspec.params.get("name")
            if name is not None:
                item.add_marker(pytest.mark.xdist_group(f"{item.path.stem} {name}"))
