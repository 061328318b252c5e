"""Needs a cluster, and to be run inside (`make test-node` does both): the product in pods of a real node."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from containers.images import PRODUCT, STORES
from installation import NAMESPACE
from kubernetes_plugin.install import install
from live import eventually
from stacks_under_test import Stack

from node import volumes
from node.deployed import Deployed
from node.place import FOLDER, NODE
from node.plane import address

PORT = 30080
CONFIG: dict[str, Any] = {
    "environment": "development",
    "cells": [
        {
            "platform": "existing",
            "context": "test",
            "kubeconfig": str(FOLDER / "plane" / "admin.kubeconfig"),
            "address": NODE,
            "node_port": PORT,
        }
    ],
    "image": PRODUCT,
    "image_pull": "Never",
    "addons": {"default": "absent", "metrics-server": "present"},
    "existing": {"database": "plain", "postgres_image": STORES, "valkey_image": STORES},
    "api": {"replicas": {"min": 2, "max": 4}, "initial": 2, "cpu": [150, 1000], "memory": [512, 1024]},
    "workers": {"replicas": {"min": 2, "max": 2}, "cpu": [200, 2000], "memory": [1024, 4096]},
}
"""Small, but everything in twos, and an autoscaler for the API."""


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """The product, brought up by the real engine; taken away again at the end."""
    if not (FOLDER / "ready").exists():
        pytest.skip("NO REAL NODE, THE PRODUCT IN PODS IS NOT TESTED: make cluster-up starts one")
    folder = tmp_path_factory.mktemp("node")
    home, state = folder / "pulumi", folder / "state"
    state.mkdir()
    install(home)
    stack = Stack(state, CONFIG, variables={"PULUMI_HOME": str(home)})
    with address().api() as api:
        offered = volumes.offered(FOLDER / "volumes" / uuid4().hex[:8])
        for volume in offered:
            api.apply(volume)
        try:
            stack.up()
            made = Deployed(stack, api, f"http://{NODE}:{PORT}")
            eventually(
                lambda: httpx.get(f"{made.url}/ready").status_code == 200, seconds=60, what="the API is ready"
            )
            yield made
        finally:
            stack.remove()
            eventually(lambda: api.find("v1", "Namespace", NAMESPACE) is None, seconds=120, what="it is gone")
            for volume in offered:
                api.delete("v1", "PersistentVolume", volume["metadata"]["name"])
