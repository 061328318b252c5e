"""Needs Go: KEDA and Argo Rollouts are built once a machine, and run beside a control plane of their own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from api import Api
from crds import define
from nodes import join, usual

from controllers.addons import start_rollouts
from controllers.plane import Plane
from controllers.traffic import Traffic
from infra.gotools import NoGoError


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for all that runs."""
    return tmp_path_factory.mktemp("controllers")


@pytest.fixture(scope="session")
def plane(place: Path) -> Iterator[Plane]:
    """With nodes, and with the definitions of the add-ons."""
    try:
        made = Plane(place / "plane", os.getpid())
    except NoGoError as error:
        pytest.skip(f"NO CONTROLLER IS TESTED: there is no Go. {error}")
    with made.address.api() as api:
        define(api)
        join(api, usual())
    yield made
    made.stop()


@pytest.fixture(scope="session")
def api(plane: Plane) -> Iterator[Api]:
    """A client that may do everything."""
    with plane.address.api() as made:
        yield made


@pytest.fixture(scope="session")
def traffic(api: Api, place: Path) -> Iterator[Traffic]:
    """What people ask of the API, as Prometheus sees it."""
    made = Traffic(api, place / "prometheus")
    yield made
    made.stop()


@pytest.fixture(scope="session")
def rollouts(plane: Plane, api: Api) -> None:
    """Argo Rollouts runs."""
    start_rollouts(plane, api)
