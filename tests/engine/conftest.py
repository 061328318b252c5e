"""Needs the real Pulumi engine (`infra.engine` gets it) and the local platform's wheels."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from stacks_under_test import Stack, local_config


@pytest.fixture(scope="session")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("state")
    if not Path(sys.executable).with_name("pip").exists():
        pytest.fail("the environment lacks pip, which Pulumi's language host asks: `make test` installs it")
    return folder


@pytest.fixture
def stack(state: Path) -> Iterator[Stack]:
    made = Stack(state, local_config())
    yield made
    made.remove()
