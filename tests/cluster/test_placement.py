"""Where the scheduler puts the product's pods: on the right kind of node, and spread so that a zone may be lost."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from api import Api
from installation import NAMESPACE, Installation, pods, scale, settled
from live import eventually
from nodes import HOST, POOL, ZONE, ZONES, hold

pytestmark = pytest.mark.xdist_group("product")
PENDING_S = 60


def labels_of_nodes(api: Api) -> dict[str, dict[str, str]]:
    return {one["metadata"]["name"]: one["metadata"]["labels"] for one in api.list("v1", "Node")}


def spread(api: Api, unit: str, key: str) -> Counter[str]:
    """How many pods of a unit there are in each zone or on each host."""
    nodes = labels_of_nodes(api)
    return Counter(nodes[one["spec"]["nodeName"]][key] for one in pods(api, unit))


def test_gpu_workers_land_only_on_gpu_nodes_and_all_else_never_does(api: Api, product: Installation) -> None:
    nodes = labels_of_nodes(api)
    found: dict[str, set[str]] = {}
    for one in api.list("v1", "Pod", NAMESPACE):
        unit = one["metadata"]["labels"]["app.kubernetes.io/name"]
        found.setdefault(unit, set()).add(nodes[one["spec"]["nodeName"]][POOL])
    assert found.pop("worker-gpu") == {"gpu"}
    assert {"api", "worker"} <= found.keys()
    assert set().union(*found.values()) == {"cpu"}


@pytest.mark.usefixtures("product")
def test_what_asks_for_no_gpu_waits_rather_than_take_a_gpu_node(api: Api) -> None:
    before = api.get("apps/v1", "Deployment", "worker", NAMESPACE)["spec"]["replicas"]
    with cordoned(api, "cpu"):
        scale(api, "worker", before + 1)
        refused = eventually(lambda: unschedulable(api, "worker"), seconds=PENDING_S, what="a worker waits")
        assert "untolerated taint" in refused
    eventually(lambda: settled(api, "worker"), seconds=PENDING_S, what="the worker has found a node")
    assert set(spread(api, "worker", POOL)) == {"cpu"}
    scale(api, "worker", before)
    eventually(lambda: settled(api, "worker"), seconds=PENDING_S, what="as many as before")


@pytest.mark.usefixtures("product")
def test_a_gpu_worker_waits_rather_than_run_without_a_gpu(api: Api) -> None:
    before = api.get("apps/v1", "Deployment", "worker-gpu", NAMESPACE)["spec"]["replicas"]
    with cordoned(api, "gpu"):
        scale(api, "worker-gpu", before + 1)
        refused = eventually(
            lambda: unschedulable(api, "worker-gpu"), seconds=PENDING_S, what="a worker waits"
        )
        assert "node affinity/selector" in refused
    eventually(lambda: settled(api, "worker-gpu"), seconds=PENDING_S, what="the worker has found a node")
    scale(api, "worker-gpu", before)
    eventually(lambda: settled(api, "worker-gpu"), seconds=PENDING_S, what="as many as before")


@pytest.mark.usefixtures("product")
@pytest.mark.parametrize(("unit", "replicas"), [("api", 7), ("worker", 9), ("worker-gpu", 6)])
def test_replicas_are_spread_evenly_over_zones_and_hosts(api: Api, unit: str, replicas: int) -> None:
    before = api.get("apps/v1", "Deployment", unit, NAMESPACE)["spec"]["replicas"]
    scale(api, unit, replicas)
    eventually(lambda: settled(api, unit), seconds=PENDING_S, what=f"{replicas} replicas are available")
    zones, hosts = spread(api, unit, ZONE), spread(api, unit, HOST)
    assert set(zones) == set(ZONES)
    assert max(zones.values()) - min(zones.values()) <= 1
    assert max(hosts.values()) - min(hosts.values()) <= 1
    scale(api, unit, before)
    eventually(lambda: settled(api, unit), seconds=PENDING_S, what="as many as before")


def test_serving_goes_before_work_where_there_is_not_room_for_both(
    api: Api, product: Installation, namespace: str
) -> None:
    """A worker's pod is put off its node when the API finds no other place."""
    pool = {"costate.dev/pool": "tiny"}
    room = {"cpu": "2", "memory": "8Gi", "pods": "10"}
    api.create(
        {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": "tiny", "labels": pool},
            "status": {"capacity": room, "allocatable": room},
        }
    )
    try:
        for unit in ("worker", "api"):
            made = copy.deepcopy(product.manifest("Deployment", unit)["spec"]["template"])
            made["spec"] |= {"nodeSelector": pool, "serviceAccountName": "default"}
            for words in made["spec"]["containers"][0]["resources"].values():
                words |= {"cpu": "1500m", "memory": "1Gi"}
            one = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": unit, "namespace": namespace}}
            api.create({**one, "spec": made["spec"]})
            eventually(
                lambda unit=unit: placed(api, unit, namespace), seconds=PENDING_S, what=f"{unit} is placed"
            )
        assert api.find("v1", "Pod", "worker", namespace) is None
    finally:
        api.delete("v1", "Node", "tiny")


def placed(api: Api, name: str, namespace: str) -> bool:
    found = api.find("v1", "Pod", name, namespace)
    return found is not None and found["spec"].get("nodeName") == "tiny"


def unschedulable(api: Api, unit: str) -> str:
    """Why a pod of the unit finds no node; empty where all have."""
    for one in pods(api, unit):
        for condition in one.get("status", {}).get("conditions", []):
            if condition["type"] == "PodScheduled" and condition["status"] == "False":
                return str(condition["message"])
    return ""


@contextmanager
def cordoned(api: Api, pool: str) -> Iterator[None]:
    """All nodes of a pool take no new pods."""
    names = [name for name, labels in labels_of_nodes(api).items() if labels.get(POOL) == pool]
    assert names
    for name in names:
        hold(api, name, True)
    try:
        yield
    finally:
        for name in names:
            hold(api, name, False)
