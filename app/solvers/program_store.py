"""Compiled programs in a folder: the next process neither traces nor compiles what a process before it did.

A program is found again by its identity (what function, of what structure and shape), the types of its arguments,
the sources of the solvers, the versions of JAX, its options and the kind of processor; whatever cannot be read
is compiled anew. The folder belongs to the service: what it holds is executed.
"""

from __future__ import annotations

import hashlib
import logging
import os
import pickle
import platform
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.experimental import serialize_executable

from app.version import SOLVER_VERSION

log = logging.getLogger(__name__)
LARGEST_BYTES = 2_000_000_000  # of the folder: those used longest ago go first
SUFFIX = ".program"


class ProgramStore:
    """Compiled programs by key, in files of one folder; processes may share it."""

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder) / "programs"
        self.folder.mkdir(parents=True, exist_ok=True)

    def load(self, key: str) -> Any:
        """The program, None when there is none that can be used."""
        file = self.folder / (key + SUFFIX)
        try:
            content = file.read_bytes()
        except FileNotFoundError:
            return None
        _prepare()
        try:
            found = serialize_executable.deserialize_and_load(*pickle.loads(content))  # noqa: S301 - our own folder
            os.utime(file)
        except Exception as error:  # noqa: BLE001 - of whatever kind: a file that is of no use is replaced
            log.warning("a compiled program cannot be read again: %s", error)
            return None
        return found

    def save(self, key: str, compiled: Any) -> None:
        """Keep a program; without effect where it cannot be kept."""
        try:
            content = pickle.dumps(serialize_executable.serialize(compiled))
            with tempfile.NamedTemporaryFile(dir=self.folder, delete=False) as file:
                file.write(content)
            Path(file.name).replace(self.folder / (key + SUFFIX))
        except (jax.errors.JaxRuntimeError, OSError, pickle.PicklingError) as error:
            log.warning("a compiled program cannot be kept: %s", error)
            return
        self._prune()

    def _prune(self) -> None:
        """Drop the programs used longest ago while the folder is too large."""
        found = []
        for file in self.folder.iterdir():
            try:
                found.append((file.stat(), file))
            except FileNotFoundError:  # another process was faster
                continue
        size = sum(status.st_size for status, _ in found)
        for status, file in sorted(found, key=lambda entry: entry[0].st_mtime):
            if size <= LARGEST_BYTES:
                break
            file.unlink(missing_ok=True)
            size -= status.st_size


def key_of(identity: str, arguments: Any, options: dict[str, Any]) -> str:
    """The key of a program that is called with such arguments."""
    leaves, tree = jax.tree.flatten(arguments)
    shapes = [(np.shape(leaf), str(jnp.result_type(leaf))) for leaf in leaves]
    parts = (
        identity,
        str(tree),
        shapes,
        sorted(options.items()),
        SOLVER_VERSION,
        jax.__version__,
        _processor(),
    )
    return hashlib.sha256(repr(parts).encode()).hexdigest()


@cache
def _processor() -> str:
    """The kind of device that programs are compiled for; of a CPU with its instruction sets."""
    device = jax.devices()[0]
    if device.platform != "cpu":
        return f"{device.platform} {device.device_kind}"
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        lines = []
    flags = next((line for line in lines if line.startswith(("flags", "Features"))), "")
    return f"{platform.machine()} {platform.processor()} {flags}"


@cache
def _prepare() -> None:
    """Bind LAPACK, which JAX does when it lowers a program that calls it and not when one is loaded."""
    jax.jit(jnp.linalg.cholesky).lower(np.eye(2))
