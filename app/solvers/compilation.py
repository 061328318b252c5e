"""Compilation: jitted programs that know what compiling them cost, and the folder that keeps them.

What is compiled once is found again by the next process where a persistent cache folder is set.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

import jax
import numpy as np

import app.jax_config  # noqa: F401 - float64, before any array is made

COMPILER_OPTIONS: dict[str, str | bool] = {"xla_cpu_use_fusion_emitters": False}
"""On a CPU the older emitters compile these programs in half the time, and they run as fast."""


@dataclass
class Program:
    """A jitted function; the seconds spent compiling are counted. Compiled for one shape of arguments."""

    function: Callable[..., Any]
    compiled: Any = None
    total: ClassVar[float] = 0.0  # seconds of all programs of this process
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __call__(self, *arguments: Any) -> Any:
        """The function's value; compiles at the first call. Threads may share a program."""
        arguments = jax.tree.map(_array, arguments)
        if self.compiled is None:
            self.compile(*arguments)
        return self.compiled(*arguments)

    def compile(self, *arguments: Any) -> None:
        """Compile for arguments of these shapes and types, unless that has been done."""
        with self.lock:
            if self.compiled is not None:
                return
            start = time.perf_counter()
            options = dict(COMPILER_OPTIONS) if jax.default_backend() == "cpu" else {}
            self.compiled = jax.jit(self.function).lower(*arguments).compile(compiler_options=options)
            Program.total += time.perf_counter() - start


def _array(leaf: Any) -> Any:
    """Numbers become numpy arrays: a compiled program takes them as they are, jax.numpy costs ten times more."""
    return leaf if isinstance(leaf, jax.Array) else np.asarray(leaf)


def use_cache(folder: str | os.PathLike[str] | None) -> None:
    """Keep compiled programs in `folder` from now on, whatever their size and compile time."""
    if folder is None:
        return
    jax.config.update("jax_compilation_cache_dir", os.fspath(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
