"""Needs the real Pulumi engine (`infra.engine` gets it) and the local platform's wheels."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from simulated import Project, Simulated
from stacks_under_test import Stack, local_config


def pytest_configure(config: pytest.Config) -> None:
    # The simulators import whole parts of the SDKs, some of which are going away.
    config.addinivalue_line("filterwarnings", "ignore::DeprecationWarning:pulumi_.*")


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


@pytest.fixture
def project(tmp_path: Path) -> Project:
    folder = tmp_path / "project"
    folder.mkdir()
    return Project(folder)


@pytest.fixture
def simulated(state: Path, tmp_path: Path, project: Project) -> Iterator[Simulated]:
    made = Simulated(state, {}, tmp_path, project=project.folder)
    yield made
    made.remove()
