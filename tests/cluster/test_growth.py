"""A thousand nodes and three thousand pods: all are placed, and what the product keeps in the API does not grow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from api import Api, Object
from crds import define
from installation import NAMESPACE, scale, settled, spaces
from live import eventually
from manifests import manifests
from nodes import POOL, ZONES, join, node
from plane import ControlPlane

from infra.gotools import NoGoError
from infra.recorder import record

pytestmark = pytest.mark.timeout(1200)
NODES, GPU_NODES = 1000, 250
LARGEST = {"worker": 1000, "worker-gpu": 1000, "api": 20}
"""Replicas of each process: as many workers as the configuration allows."""

NEIGHBOURS = 980
"""Pods of somebody else in the same cluster."""

PODS = sum(LARGEST.values()) + NEIGHBOURS
OBJECTS = 100
"""The product's own objects in its namespace may be so many, whatever the number of pods."""

SECONDS = 400.0
"""Longest wait for each step, on a machine that has much else to do."""

VALUES: dict[str, Any] = {
    "environment": "production-gpu",
    "layer": "all",
    "cells": [{"platform": "aws", "region": "us-east-1"}],
    "workers": {"replicas": {"min": 2, "max": LARGEST["worker"]}, "cpu": [500, 1000], "memory": [512, 1024]},
    "api": {"replicas": {"min": 2, "max": LARGEST["api"]}},
    "budget": {"alert_emails": ["operations@example.org"]},
}


@pytest.fixture
def large(place: Path, owner: int) -> Iterator[Api]:
    """A control plane of its own: what happens here would make the others' tests slow."""
    try:
        plane = ControlPlane(place / "large", owner)
    except NoGoError as error:
        pytest.skip(f"NO CONTROL PLANE: there is no Go. {error}")
    with plane.address.api() as api:
        yield api
    plane.stop()


def test_a_thousand_nodes_and_three_thousand_pods(large: Api) -> None:
    define(large)
    nodes = [
        node(f"node-{number}", ZONES[number % 3], gpus=4 if number < GPU_NODES else 0, cpu=16, memory_gib=64)
        for number in range(NODES)
    ]
    join(large, nodes, seconds=SECONDS)
    values = {f"costate:{key}": value for key, value in VALUES.items()}
    objects = manifests(record(values, "large"), "installed")
    spaces(large, objects)
    for one in objects:
        large.apply(one)
    few = eventually(lambda: settled_all(large) and own(large), seconds=SECONDS, what="the product is up")

    large.create(neighbour())
    for name, number in LARGEST.items():
        scale(large, name, number)
    eventually(lambda: settled_all(large), seconds=SECONDS, what="all of the product's pods are available")
    eventually(lambda: len(running(large)) >= PODS, seconds=SECONDS, what=f"{PODS} pods run")

    pools = {one["metadata"]["name"]: one["metadata"]["labels"][POOL] for one in nodes}
    where = Counter((kind(one), pools[one["spec"]["nodeName"]]) for one in running(large))
    pool = {"worker-gpu": "gpu"}
    expected = {(name, pool.get(name, "cpu")): number for name, number in LARGEST.items()}
    expected["neighbour", "cpu"] = NEIGHBOURS
    assert {key: number for key, number in where.items() if key[0] in (*LARGEST, "neighbour")} == expected

    many = own(large)
    assert many == few
    assert sum(many.values()) <= OBJECTS


def neighbour() -> Object:
    """A Deployment of somebody else."""
    labels = {"app.kubernetes.io/name": "neighbour"}
    container = {"name": "idle", "image": "idle:1", "resources": {"requests": {"cpu": "100m"}}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "neighbour", "namespace": "default"},
        "spec": {
            "replicas": NEIGHBOURS,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }


def running(api: Api) -> list[Object]:
    return [one for one in api.list("v1", "Pod") if one["status"]["phase"] == "Running"]


def settled_all(api: Api) -> bool:
    return all(settled(api, name) for name in ("api", "worker", "worker-gpu"))


def kind(pod: Object) -> str:
    return str(pod["metadata"].get("labels", {}).get("app.kubernetes.io/name"))


def own(api: Api) -> Counter[str]:
    """How many objects of each kind there are in the product's namespace that no controller made."""
    found: Counter[str] = Counter()
    for version, one in api.served():
        if one == "Event":
            continue  # they tell of others, and the server forgets them
        for thing in api.list(version, one, NAMESPACE):
            if not thing["metadata"].get("ownerReferences"):
                found[one] += 1
    return found
