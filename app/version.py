"""The versions of Costate and of its solvers; answers carry the latter, so that a cached one never outlives it."""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from pathlib import Path

VERSION = version("costate")


def _digest() -> str:
    """Of the sources that decide an answer: between releases too, another solver gives other answers."""
    here, digest = Path(__file__).parent, hashlib.sha256()
    for folder in ("problems", "solvers"):
        for file in sorted((here / folder).rglob("*.py")):
            digest.update(file.relative_to(here).as_posix().encode() + file.read_bytes())
    return digest.hexdigest()[:8]


SOLVER_VERSION = f"{VERSION}+{_digest()}"
