"""Common to all levels: a whole service, for tests that ask for one (PostgreSQL and Redis from wheels)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from live import DataStores, Service

# A test says what is right, not how fast: that depends on what else the machine does.
settings.register_profile("costate", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("costate")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests of one `xdist_group` run in one process.

    pytest-xdist 3.8 writes the group into an attribute that pytest 9.2 no longer reads, so that each test went to
    whichever process was free; it is written where pytest reads it.
    """
    if not config.getoption("loadgroup", False):
        return
    for item in items:
        groups = sorted({str(mark.args[0]) for mark in item.iter_markers("xdist_group")})
        suffix = f"@{'_'.join(groups)}"
        if groups and not item.nodeid.endswith(suffix):
            item._id = type(item._id).parse(f"{item.nodeid}{suffix}")  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DataStores]:
    """PostgreSQL and Redis of this test process."""
    made = DataStores(tmp_path_factory.mktemp("stores"))
    yield made
    made.stop()


@pytest.fixture(scope="session")
def compiled() -> Path:
    """Cache of compiled programs, kept between runs."""
    return Path(__file__).resolve().parents[1] / ".costate" / "test-cache"


@pytest.fixture(scope="session")
def service(
    stores: DataStores, tmp_path_factory: pytest.TempPathFactory, compiled: Path
) -> Iterator[Service]:
    """A running service with one worker of one slot, shared by the tests that do it no harm."""
    made = Service(stores, tmp_path_factory.mktemp("service"), compiled)
    try:
        made.start_api()
        made.start_worker()
        yield made
    finally:
        made.stop()


@pytest.fixture
def bare_service(stores: DataStores, tmp_path: Path, compiled: Path) -> Iterator[Service]:
    """A service with a database of its own and an API, but no worker: the test starts and harms its own."""
    made = Service(stores, tmp_path, compiled)
    try:
        made.start_api()
        yield made
    finally:
        made.stop()
