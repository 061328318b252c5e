"""Needs Go, or Python's package of it: a real control plane of Kubernetes is built once a machine and started.

All test processes of a run share one control plane, with the product on it. It is stopped when the run is over,
however it ends.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from api import Api
from crds import define
from estates import Estate
from installation import Installation, install
from live import eventually
from nodes import join, usual
from plane import Address, ControlPlane

from infra.gotools import NoGoError

INSTALLED = Estate("aws", "production-gpu", gpu=True, layer="all")
"""What is on the shared control plane: the environment with most kinds of objects."""


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all test processes of the run share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session")
def owner() -> int:
    """The process that lives as long as the run does."""
    return os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()


@pytest.fixture(scope="session")
def address(place: Path, owner: int) -> Address:
    """The control plane of this run, with nodes and with definitions of the add-ons' resources."""

    def start() -> dict[str, Any]:
        try:
            plane = ControlPlane(place / "control-plane", owner)
        except NoGoError as error:
            return {"missing": f"NO CONTROL PLANE, NOTHING OF KUBERNETES IS TESTED: there is no Go. {error}"}
        with plane.address.api() as api:
            define(api)
            join(api, usual())
        return asdict(plane.address)

    found = _once(place / "address", start)
    if "missing" in found:
        pytest.skip(found["missing"])
    return Address(**found)


@pytest.fixture(scope="session")
def product(place: Path, address: Address) -> Installation:
    """The product as `pulumi up` leaves it, pods ready; tests that change it are of the group `product`."""

    def make() -> dict[str, Any]:
        with address.api() as api:
            install(api, INSTALLED)
        return {}

    _once(place / "product", make)
    return Installation(INSTALLED)


def _once(note: Path, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What `make` gave to the first test process that came here; the others wait for it."""
    with note.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not note.exists():
            made = json.dumps(make())
            note.write_text(made)
        return dict(json.loads(note.read_text()))


@pytest.fixture
def api(address: Address) -> Iterator[Api]:
    """A client that may do everything."""
    with address.api() as made:
        yield made


@pytest.fixture
def namespace(api: Api) -> Iterator[str]:
    """A namespace of the test's own, of the standard `restricted`."""
    name = f"test-{uuid4().hex[:8]}"
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}})
    eventually(
        lambda: api.find("v1", "ServiceAccount", "default", name), seconds=30, what="the namespace is usable"
    )
    yield name
    api.delete("v1", "Namespace", name)
