"""Every autoscaler has something to scale, and what it is told to keep to is kept to by the controllers."""

from __future__ import annotations

import pytest
from api import Api, Object
from installation import NAMESPACE, Installation, scale, settled
from live import eventually

pytestmark = pytest.mark.xdist_group("product")
AUTOSCALERS = ("HorizontalPodAutoscaler", "ScaledObject")


def autoscalers(objects: list[Object]) -> list[Object]:
    return [one for one in objects if one["kind"] in AUTOSCALERS]


def test_every_autoscaler_names_something_that_has_a_scale(api: Api, product: Installation) -> None:
    found = autoscalers(product.objects)
    assert {one["kind"] for one in found} == set(AUTOSCALERS)
    for one in found:
        target = one["spec"]["scaleTargetRef"]
        path = api.path(
            target.get("apiVersion", "apps/v1"), target.get("kind", "Deployment"), target["name"], NAMESPACE
        )
        answer = api.ask("GET", f"{path}/scale")
        assert answer["kind"] == "Scale"
        assert "app.kubernetes.io/name" in answer["status"]["selector"]


def test_no_two_autoscalers_share_a_target(product: Installation) -> None:
    targets = [one["spec"]["scaleTargetRef"]["name"] for one in autoscalers(product.objects)]
    assert len(targets) == len(set(targets))


def test_what_is_scaled_by_use_says_how_much_it_requests(api: Api, product: Installation) -> None:
    """Use is a percentage of the request: of none there is no percentage."""
    for one in autoscalers(product.objects):
        if one["kind"] != "HorizontalPodAutoscaler":
            continue
        found = api.get("apps/v1", "Deployment", one["spec"]["scaleTargetRef"]["name"], NAMESPACE)
        measured = {metric["resource"]["name"] for metric in one["spec"]["metrics"]}
        assert measured == {"cpu", "memory"}
        for container in found["spec"]["template"]["spec"]["containers"]:
            assert measured <= container["resources"]["requests"].keys()


@pytest.mark.parametrize(("end", "beyond"), [("minReplicas", -1), ("maxReplicas", 1)])
def test_the_api_is_kept_within_its_limits(api: Api, product: Installation, end: str, beyond: int) -> None:
    limit = product.manifest("HorizontalPodAutoscaler", "api")["spec"][end]
    before = api.get("apps/v1", "Deployment", "api", NAMESPACE)["spec"]["replicas"]
    scale(api, "api", limit + beyond)
    eventually(
        lambda: api.get("apps/v1", "Deployment", "api", NAMESPACE)["spec"]["replicas"] == limit,
        seconds=60,
        what=f"the autoscaler sets {limit} replicas",
    )
    scale(api, "api", before)
    eventually(lambda: settled(api, "api"), seconds=120, what="as many as before")
