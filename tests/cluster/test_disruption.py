"""What keeps answering while nodes are drained and versions change, seen in the server's own stream of events."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator

import pytest
from api import Api, Object, RefusedError
from installation import NAMESPACE, Installation, pods, scale, settled
from live import eventually
from nodes import hold
from plane import Address
from watching import watched

pytestmark = pytest.mark.xdist_group("product")
UNITS = ("api", "worker", "worker-gpu")
SETTLE_S = 120
SERVING = 4
"""Replicas of the API in these tests: enough that some share a zone."""


@pytest.fixture(scope="module")
def replicas(address: Address, product: Installation) -> Iterator[dict[str, int]]:
    """Replicas of each unit, all of them available; as before when these tests are over."""
    with address.api() as api:
        before = {
            unit: api.get("apps/v1", "Deployment", unit, NAMESPACE)["spec"]["replicas"] for unit in UNITS
        }
        wanted = {"api": SERVING, "worker": 3, "worker-gpu": 2}
        for numbers in (wanted, before):
            for unit, number in numbers.items():
                scale(api, unit, number)
            settle(api)
            if numbers is wanted:
                yield wanted


def settle(api: Api) -> None:
    for unit in UNITS:
        eventually(lambda unit=unit: settled(api, unit), seconds=SETTLE_S, what=f"{unit} is settled")


def test_draining_a_node_leaves_the_api_available(
    api: Api, address: Address, replicas: dict[str, int]
) -> None:
    """Nodes that serve are drained in turn, the impatient way: a refused eviction is asked for again at once."""
    serving = sorted({one["spec"]["nodeName"] for one in pods(api, "api")})
    refused = 0
    with watched(address, *UNITS) as seen:
        for node in serving[:2]:
            hold(api, node, True)
            refused += drain(api, node)
        settle(api)
    for node in serving[:2]:
        assert not [one for one in pods(api, "api") if one["spec"]["nodeName"] == node]
        hold(api, node, False)
    assert seen.events > 0
    # One at a time may be away: what the disruption budget promises.
    for unit, number in replicas.items():
        assert seen.least[unit] >= number - 1, unit
    assert seen.least["api"] == replicas["api"] - 1


def test_a_second_pod_may_not_be_evicted_before_the_first_is_made_good(
    api: Api, replicas: dict[str, int]
) -> None:
    for unit in UNITS:
        first, second = pods(api, unit)[:2]
        api.evict(first)
        with pytest.raises(RefusedError, match="disruption budget") as caught:
            api.evict(second)
        assert caught.value.code == 429
    settle(api)


def test_a_broken_pod_does_not_keep_its_node_from_being_drained(api: Api, replicas: dict[str, int]) -> None:
    first, second, *_ = pods(api, "api")
    for one in (first, second):
        path = f"{api.path('v1', 'Pod', one['metadata']['name'], NAMESPACE)}/status"
        conditions = [
            {**condition, "status": "False"}
            if condition["type"] in ("Ready", "ContainersReady")
            else condition
            for condition in one["status"]["conditions"]
        ]
        api.merge(path, {"status": {"conditions": conditions}})
    eventually(lambda: budget(api, "api")["currentHealthy"] <= SERVING - 2, seconds=30, what="two are broken")
    api.evict(first)
    api.evict(second)
    settle(api)


def test_a_rollout_never_goes_below_the_promised_number(
    api: Api, address: Address, product: Installation, replicas: dict[str, int]
) -> None:
    before = {unit: {one["metadata"]["name"] for one in pods(api, unit)} for unit in UNITS}
    with watched(address, *UNITS) as seen:
        for unit in UNITS:
            api.merge(api.path("apps/v1", "Deployment", unit, NAMESPACE), template(product, unit))
        settle(api)
    for unit, number in replicas.items():
        assert seen.least[unit] == number, unit
        assert not before[unit] & {one["metadata"]["name"] for one in pods(api, unit)}
        assert {one["spec"]["containers"][0]["image"] for one in pods(api, unit)} == {"costate:0.2.0"}


def test_a_version_that_never_becomes_ready_takes_nobodys_place(
    api: Api, address: Address, product: Installation, replicas: dict[str, int]
) -> None:
    """A template that no node can hold: the old pods go on, and the rollout does not."""
    path = api.path("apps/v1", "Deployment", "api", NAMESPACE)
    before = {one["metadata"]["name"] for one in pods(api, "api")}
    with watched(address, *UNITS) as seen:
        found = api.get("apps/v1", "Deployment", "api", NAMESPACE)
        nowhere = copy.deepcopy(found["spec"]["template"])
        nowhere["spec"]["nodeSelector"] = {"costate.dev/pool": "nowhere"}
        api.merge(path, {"spec": {"template": nowhere}})
        eventually(lambda: len(pods(api, "api")) > replicas["api"], seconds=30, what="the new pod is there")
        time.sleep(7)  # longer than a ready pod would need to be counted as available
        assert before <= {one["metadata"]["name"] for one in pods(api, "api")}
        api.merge(path, {"spec": {"template": {"spec": {"nodeSelector": None}}}})
        settle(api)
    assert seen.least["api"] == replicas["api"]
    assert before == {one["metadata"]["name"] for one in pods(api, "api")}


def template(product: Installation, unit: str) -> Object:
    """A change of the image alone."""
    containers = copy.deepcopy(product.manifest("Deployment", unit)["spec"]["template"]["spec"]["containers"])
    containers[0]["image"] = "costate:0.2.0"
    return {"spec": {"template": {"spec": {"containers": containers}}}}


def budget(api: Api, unit: str) -> Object:
    return dict(api.get("policy/v1", "PodDisruptionBudget", unit, NAMESPACE)["status"])


def drain(api: Api, node: str) -> int:
    """Evict every pod of a node; how often that was refused."""
    refused = 0
    deadline = time.monotonic() + SETTLE_S
    while waiting := [
        one
        for one in api.list("v1", "Pod", fields=f"spec.nodeName={node}")
        if "deletionTimestamp" not in one["metadata"] and one["status"]["phase"] == "Running"
    ]:
        assert time.monotonic() < deadline, f"{node} could not be drained"
        for one in waiting:
            try:
                api.evict(one)
            except RefusedError as error:
                if error.code != 429:
                    raise
                refused += 1
        time.sleep(0.1)
    return refused
