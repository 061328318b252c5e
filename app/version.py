"""The versions of Costate and of its solvers; answers carry the latter, so that a cached one never outlives it."""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from pathlib import Path

VERSION = version("costate")


def _digest(*folders: str) -> str:
    """Of the sources in folders of the package."""
    here, digest = Path(__file__).parent, hashlib.sha256()
    for folder in folders:
        for file in sorted((here / folder).rglob("*.py")):
            digest.update(file.relative_to(here).as_posix().encode() + file.read_bytes())
    return digest.hexdigest()[:8]


SOLVER_VERSION = f"{VERSION}+{_digest('problems', 'solvers')}"
"""With the sources that decide an answer: between releases too, another solver gives other answers."""

BUILD_VERSION = f"{VERSION}+{_digest('.')}"
"""With all sources: what tells two builds of one version apart."""
