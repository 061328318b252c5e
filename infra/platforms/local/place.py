"""Where a local stack keeps its things: one folder a stack in the checkout."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
HOST = "127.0.0.1"


@dataclass(frozen=True)
class Place:
    """The folder of one stack: `data` outlives the stack, `logs` has one file a process."""

    root: Path

    @classmethod
    def of(cls, stack: str) -> Place:
        """The place of a stack, by its name."""
        return cls(ROOT / ".costate" / stack)

    @property
    def data(self) -> Path:
        """What must not be lost: databases, results, passwords."""
        return self.root / "data"

    @property
    def cache(self) -> Path:
        """What can be made again: compiled programs."""
        return self.root / "cache"

    def log(self, name: str) -> str:
        """The log file of a process."""
        return str(self.root / "logs" / f"{name}.log")


def revision_of_app() -> str:
    """Digest of the service's code: a change of it restarts what runs it."""
    digest = hashlib.sha256()
    for file in sorted((ROOT / "app").rglob("*")):
        if file.is_file() and "__pycache__" not in file.parts:
            digest.update(str(file.relative_to(ROOT)).encode() + file.read_bytes())
    digest.update((ROOT / "uv.lock").read_bytes())
    return digest.hexdigest()[:16]
