"""Compilation: jitted programs that know what compiling them cost, and the folder that keeps them."""

from __future__ import annotations

import ctypes
import gc
import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar
from uuid import uuid4

import jax
import numpy as np
import psutil

import app.jax_config  # noqa: F401 - float64, before any array is made
from app.solvers.program_store import ProgramStore, key_of

COMPILER_OPTIONS: dict[str, Any] = {"xla_cpu_use_fusion_emitters": False}
"""On a CPU the older emitters compile these programs in half the time, and they run as fast."""

FIRST_OPTIONS = COMPILER_OPTIONS | {"xla_backend_optimization_level": 0}
"""Half the time again, and programs run four times slower: for the first solve of a new structure."""

MOST_BYTES = 700 * 2**20
"""That a process may hold between two solves: one takes up to 200 MB more while it compiles."""

PATIENCE_S = 10.0
"""Of a solve that runs so long, programs are improved while it does."""


@dataclass
class Program:
    """A jitted function; the seconds spent compiling are counted. Compiled for one shape of arguments.

    Programs with an `identity`, which tells the function from all others, are kept in the folder of `use_cache`.
    What is kept for long may take long: such a program is first compiled without optimisation, so that the first
    answer comes soon, and replaced when a second thread has compiled it with.
    """

    function: Callable[..., Any]
    identity: str | None = None
    compiled: Any = None
    when_traced: list[Callable[[], None]] = field(default_factory=list, repr=False)
    """Called once this program has been traced, before it is compiled: from then on a second thread can trace."""
    total: ClassVar[float] = 0.0  # seconds that all programs of this process were waited for
    store: ClassVar[ProgramStore | None] = None
    patient: ClassVar[bool] = False  # whether all programs are optimised at once: nobody waits for an answer
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __call__(self, *arguments: Any) -> Any:
        """The function's value; compiles at the first call. Threads may share a program."""
        arguments = jax.tree.map(_array, arguments)
        if self.compiled is None:
            start = time.perf_counter()
            self.compile(*arguments)
            Program.total += time.perf_counter() - start
        return self.compiled(*arguments)

    def compile(self, *arguments: Any) -> None:
        """Compile for arguments of these shapes and types, or load, unless that has been done."""
        with self.lock:
            if self.compiled is None:
                self.compiled = self._found(jax.tree.map(_array, arguments))
                self.when_traced.clear()

    def _found(self, arguments: tuple[Any, ...]) -> Any:
        cpu = jax.default_backend() == "cpu"
        options = dict(COMPILER_OPTIONS) if cpu else {}
        store = Program.store
        if store is None or self.identity is None:
            return jax.jit(self.function).lower(*arguments).compile(compiler_options=options)
        key = key_of(self.identity, arguments, options)
        if (found := store.load(key)) is not None:
            return found
        lowered = jax.jit(self._alone()).lower(*arguments)
        for call in self.when_traced:
            call()
        if cpu and not Program.patient:
            _pending.append(_later.submit(self._improve, lowered, store, key))
            return lowered.compile(compiler_options=dict(FIRST_OPTIONS))
        compiled = lowered.compile(compiler_options=options)
        store.save(key, compiled)
        return compiled

    def _alone(self) -> Callable[..., Any]:
        """The function under a name that no other process uses, so that JAX's own cache never gives it.

        A program read from that cache runs, but once serialised again it can no more be executed.
        """

        def program(*arguments: Any) -> Any:
            return self.function(*arguments)

        program.__name__ = f"program_{uuid4().hex}"
        return program

    def _improve(self, lowered: jax.stages.Lowered, store: ProgramStore, key: str) -> None:
        """Compile with optimisation and keep the program; calls take it from then on."""
        _idle.wait(PATIENCE_S)
        compiled = lowered.compile(compiler_options=dict(COMPILER_OPTIONS))
        with self.lock:  # the first one may not be ready yet
            self.compiled = compiled
        store.save(key, compiled)


_later = ThreadPoolExecutor(1, "improve")
_pending: list[Future[None]] = []
_ahead = ThreadPoolExecutor(1, "ahead")
_idle = threading.Event()
_idle.set()


@contextmanager
def solving() -> Iterator[None]:
    """While this lasts, programs are not improved, but for a long solve: what is awaited needs the cores."""
    _idle.clear()
    try:
        yield
    finally:
        _idle.set()


_kept: list[Callable[[], None]] = []


def kept_in(clear: Callable[[], None]) -> None:
    """Tell of a place where programs are kept; `clear` empties it."""
    _kept.append(clear)


def limit_memory(most_bytes: int = MOST_BYTES) -> bool:
    """Drop all programs of this process when it holds more memory than that; whether it did.

    Those in the folder are read again within tenths of a second when they are needed.
    """
    if psutil.Process().memory_info().rss <= most_bytes:
        return False
    for clear in _kept:
        clear()
    for future in _pending:
        future.cancel()  # for a program that is gone; what waits holds all that was traced
    _pending.clear()
    jax.clear_caches()
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # of glibc: what is free goes back to the system
    if trim is not None:
        trim(0)
    return True


def ahead(work: Callable[[], None]) -> None:
    """Have programs compiled in another thread, in the order of these calls: they will be needed soon."""
    _ahead.submit(work)


def _array(leaf: Any) -> Any:
    """Numbers become numpy arrays: a compiled program takes them as they are, jax.numpy costs ten times more."""
    return leaf if isinstance(leaf, jax.Array) else np.asarray(leaf)


def use_cache(folder: str | os.PathLike[str]) -> ProgramStore:
    """Keep compiled programs in `folder` from now on, whatever their size and compile time."""
    if Program.store is None:
        Program.store = ProgramStore(folder)
    jax.config.update("jax_compilation_cache_dir", os.fspath(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
    return Program.store
