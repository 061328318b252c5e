"""New builds take over in steps, and bad ones are taken back, by Argo Rollouts and a real Prometheus."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest
from api import Api, Object
from installation import NAMESPACE, pods
from live import eventually
from watching import Watcher, watched

from controllers.plane import Plane
from controllers.product import FIRST, GOOD, OFF, WORSE, declared, put
from controllers.traffic import Traffic

API = "argoproj.io/v1alpha1"
LONG_S = 240
REVISION = "rollout.argoproj.io/revision"
REVISED = ("AnalysisTemplate", "Rollout")


@pytest.fixture(scope="module")
def canary(plane: Plane, api: Api, rollouts: None, traffic: Traffic) -> str:
    """The product with a first build in place; the address of Prometheus."""
    put(api, declared(FIRST, "canary", traffic.url))
    eventually(lambda: phase(api) == "Healthy", seconds=LONG_S, what="the first build serves")
    return traffic.url


def rollout(api: Api) -> Object:
    return api.get(API, "Rollout", "api", NAMESPACE)


def phase(api: Api) -> str:
    """Of the newest template; nothing while the controller has not seen it."""
    found = rollout(api)
    status = found.get("status", {})
    seen = status.get("observedGeneration") == str(found["metadata"]["generation"])
    return str(status.get("phase", "")) if seen else ""


def images(api: Api) -> Counter[str]:
    return Counter(one["spec"]["containers"][0]["image"] for one in pods(api, "api"))


def revise(api: Api, image: str, strategy: str, prometheus: str) -> None:
    put(api, [one for one in declared(image, strategy, prometheus) if one["kind"] in REVISED])


def judged(api: Api) -> list[tuple[tuple[str, ...], str]]:
    """Metrics and verdict of each analysis of the newest revision, in order."""
    newest = rollout(api)["metadata"]["annotations"][REVISION]
    found = [
        one
        for one in api.list(API, "AnalysisRun", NAMESPACE)
        if one["metadata"]["annotations"][REVISION] == newest
    ]
    found.sort(key=lambda one: str(one["metadata"]["creationTimestamp"]))
    return [
        (tuple(metric["name"] for metric in one["spec"]["metrics"]), one["status"]["phase"]) for one in found
    ]


def until(api: Api, wanted: str, image: str) -> dict[int, set[int]]:
    """Wait for a phase; numbers of pods of an image that were seen at each step."""
    seen: dict[int, set[int]] = defaultdict(set)

    def there() -> bool:
        found = rollout(api)
        seen[found["status"].get("currentStepIndex", -1)].add(images(api)[image])
        return phase(api) == wanted

    eventually(there, seconds=LONG_S, what=f"the rollout of {image} is {wanted}")
    return dict(seen)


def served(api: Api) -> set[str]:
    """Images of the pods that the Service leads to."""
    selector = api.get("v1", "Service", "api", NAMESPACE)["spec"]["selector"]
    found = api.list("v1", "Pod", NAMESPACE, labels=selector)
    return {one["spec"]["containers"][0]["image"] for one in found}


def served_throughout(seen: Watcher, replicas: int) -> None:
    assert seen.events > 0
    assert seen.least["api"] >= replicas


def test_a_good_build_takes_over_in_steps_and_is_judged_at_each(api: Api, plane: Plane, canary: str) -> None:
    replicas = rollout(api)["spec"]["replicas"]
    with watched(plane.address, "api") as seen:
        revise(api, GOOD, "canary", canary)
        numbers = until(api, "Healthy", GOOD)
    assert images(api) == {GOOD: replicas}
    look = ("errors", "latency")
    assert judged(api) == [(("numerical",), "Successful"), *[(look, "Successful")] * 3]
    steps = rollout(api)["spec"]["strategy"]["canary"]["steps"]
    weights = {index: step["setWeight"] for index, step in enumerate(steps) if "setWeight" in step}
    assert list(weights.values()) == [10, 25, 50]
    # A weight is kept by whole pods, one more than there were at most.
    for index, weight in weights.items():
        for number in numbers[index + 1] | numbers[index + 2]:
            assert abs(number / replicas - weight / 100) <= 1 / replicas, (index, number)
    assert numbers[0] == {0}, "nobody is served by a build whose numbers were not compared"
    served_throughout(seen, replicas)


def test_a_build_whose_numbers_differ_serves_nobody(api: Api, plane: Plane, canary: str) -> None:
    replicas, [before] = rollout(api)["spec"]["replicas"], images(api)
    with watched(plane.address, "api") as seen:
        revise(api, OFF, "canary", canary)
        numbers = until(api, "Degraded", OFF)
    assert set().union(*numbers.values()) == {0}
    assert judged(api) == [(("numerical",), "Failed")]
    assert images(api) == {before: replicas}
    served_throughout(seen, replicas)


def test_a_build_that_answers_with_errors_is_taken_back(api: Api, plane: Plane, canary: str) -> None:
    replicas, [before] = rollout(api)["spec"]["replicas"], images(api)
    with watched(plane.address, "api") as seen:
        revise(api, WORSE, "canary", canary)
        numbers = until(api, "Degraded", WORSE)
        eventually(lambda: images(api) == {before: replicas}, seconds=LONG_S, what="the old build is back")
    assert max(set().union(*numbers.values())) == 1, "one pod of the first step"
    assert judged(api) == [(("numerical",), "Successful"), (("errors", "latency"), "Failed")]
    assert rollout(api)["status"]["abort"]
    served_throughout(seen, replicas)


def test_after_a_build_was_taken_back_the_next_takes_over(api: Api, canary: str) -> None:
    revise(api, FIRST, "canary", canary)
    until(api, "Healthy", FIRST)
    assert set(images(api)) == {FIRST}


def test_colours_change_and_change_back_when_errors_show(api: Api, plane: Plane, canary: str) -> None:
    put(api, declared(FIRST, "blue-green", canary))
    eventually(lambda: phase(api) == "Healthy", seconds=LONG_S, what="the other strategy is understood")
    replicas = rollout(api)["spec"]["replicas"]
    revise(api, GOOD, "blue-green", canary)
    until(api, "Healthy", GOOD)
    assert served(api) == {GOOD}
    assert judged(api) == [(("numerical",), "Successful"), (("errors", "latency"), "Successful")]
    revise(api, OFF, "blue-green", canary)
    until(api, "Degraded", OFF)
    assert served(api) == {GOOD}
    assert judged(api) == [(("numerical",), "Failed")]
    with watched(plane.address, "api") as seen:
        revise(api, WORSE, "blue-green", canary)
        eventually(lambda: served(api) == {WORSE}, seconds=LONG_S, what="the colours have changed")
        until(api, "Degraded", WORSE)
        eventually(lambda: served(api) == {GOOD}, seconds=LONG_S, what="the colours have changed back")
    assert judged(api) == [(("numerical",), "Successful"), (("errors", "latency"), "Failed")]
    assert images(api)[GOOD] == replicas
    served_throughout(seen, replicas)
