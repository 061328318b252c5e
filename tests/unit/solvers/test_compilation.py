"""Compiled programs: kept in a folder, found again, replaced when they are of no use."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from app.solvers import compilation, program_store
from app.solvers.compilation import Program, ahead, kept_in, limit_memory, solving
from app.solvers.program_store import ProgramStore, key_of

A = np.array([[4.0, 1.0], [1.0, 3.0]])
traced: list[str] = []


def function(a: Any, b: dict[str, Any]) -> Any:
    """With a factorisation, which LAPACK does."""
    traced.append("once")
    return {"x": jnp.linalg.solve(a, b["right"])}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ProgramStore]:
    before, Program.store = Program.store, ProgramStore(tmp_path)
    traced.clear()
    jax.clear_caches()
    yield Program.store
    Program.store = before


def value(program: Program) -> Any:
    jax.clear_caches()  # as in a new process
    return np.asarray(program(A, {"right": np.ones(2)})["x"])


def kept(store: ProgramStore) -> list[Path]:
    """The files of the store, once the second thread has written what it had to."""
    compilation._later.submit(lambda: None).result(60)
    return list(store.folder.iterdir())


def test_a_kept_program_is_neither_traced_nor_compiled_again(store: ProgramStore) -> None:
    expected = np.linalg.solve(A, np.ones(2))
    np.testing.assert_allclose(value(Program(function, "solve")), expected)
    assert len(kept(store)) == 1
    np.testing.assert_allclose(value(Program(function, "solve")), expected)
    assert traced == ["once"]


def test_the_first_program_is_replaced_by_the_optimised_one(
    store: ProgramStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Program, "patient", False)  # other levels' tests are, where they run in this process
    monkeypatch.setattr(compilation, "PATIENCE_S", 300.0)  # however long this solve takes on a busy machine
    program = Program(function, "solve")
    with solving():
        value(program)
        first = program.compiled
    assert len(kept(store)) == 1
    assert program.compiled is not first
    np.testing.assert_allclose(value(program), np.linalg.solve(A, np.ones(2)))


def test_a_file_that_cannot_be_read_is_replaced(store: ProgramStore) -> None:
    value(Program(function, "solve"))
    (file,) = kept(store)
    good = file.read_bytes()
    file.write_bytes(good[: len(good) // 2])
    np.testing.assert_allclose(value(Program(function, "solve")), np.linalg.solve(A, np.ones(2)))
    assert traced == ["once", "once"]
    assert kept(store) == [file]
    assert len(file.read_bytes()) > len(good) // 2


def test_programs_without_identity_are_not_kept(store: ProgramStore) -> None:
    value(Program(function))
    assert kept(store) == []


def test_a_program_compiled_ahead_is_not_compiled_again(store: ProgramStore) -> None:
    program = Program(function, "solve")
    ahead(lambda: program.compile(A, {"right": np.zeros(2)}))
    value(program)
    assert traced == ["once"]
    assert len(kept(store)) == 1


def test_who_waits_for_a_program_to_be_traced_is_told_once_and_before_it_is_compiled(
    store: ProgramStore,
) -> None:
    program = Program(function, "solve")
    told: list[bool] = []
    program.when_traced.append(lambda: told.append(program.compiled is not None))
    value(program)
    value(program)
    assert told == [False]


def test_keys_tell_identities_shapes_types_and_options_apart() -> None:
    keys = [
        key_of("one", (A,), {}),
        key_of("two", (A,), {}),
        key_of("one", (A[0],), {}),
        key_of("one", (A.astype(int),), {}),
        key_of("one", ([A],), {}),
        key_of("one", (A,), {"option": True}),
    ]
    assert len(set(keys)) == len(keys)
    assert key_of("one", (2 * A,), {}) == keys[0]


def test_of_a_folder_too_large_what_was_used_longest_ago_goes(
    store: ProgramStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program_store, "LARGEST_BYTES", 2_500_000)
    for age, name in ((300, "old"), (200, "middle"), (100, "new")):
        file = store.folder / f"{name}.program"
        file.write_bytes(b"x" * 1_000_000)
        os.utime(file, (file.stat().st_mtime - age,) * 2)
    value(Program(function, "solve"))
    names = {file.name for file in kept(store)}
    assert len(names) == 3
    assert {"middle.program", "new.program"} < names


def test_programs_are_dropped_when_the_process_grows_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    dropped: list[str] = []
    monkeypatch.setattr(compilation, "_kept", [])
    kept_in(lambda: dropped.append("all"))
    assert not limit_memory(10**15)
    assert dropped == []
    assert limit_memory(0)
    assert dropped == ["all"]
