"""The product as the controllers see it: what a stack declares, with shorter waits."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

from api import Api, Object
from estates import TODAY, Estate
from installation import spaces
from manifests import manifests

from controllers.plane import BAD
from infra.recorder import record

FIRST, GOOD, WORSE = "costate:1", "costate:2", "costate:3"
OFF = f"costate:{BAD}"
"""Images: what runs, one that is as good, one that answers with errors, one whose numbers differ."""

PAUSE_S = 4
"""Of each step of a canary: long enough for its pods to have been asked something."""

CALM_S = 3
"""Seconds of fewer jobs before workers are taken away."""

MOST_WORKERS = 3
SCALED = ("Deployment", "Rollout")


@cache
def _declared(image: str, strategy: str, prometheus: str) -> tuple[Object, ...]:
    values: dict[str, Any] = Estate("aws", "production", layer="all").values() | {
        "costate:image": image,
        "costate:release": {"strategy": strategy, "pause_s": PAUSE_S, "prometheus": prometheus},
        "costate:workers": {"replicas": {"min": 1, "max": MOST_WORKERS}, "slots": 1},
    }
    return tuple(manifests(record(values, "prod", today=TODAY), f"of-{image.rpartition(':')[2]}"))


def declared(image: str, strategy: str, prometheus: str) -> list[Object]:
    """All objects of a stack that has this image."""
    return [sooner(one) for one in copy.deepcopy(_declared(image, strategy, prometheus))]


def sooner(one: Object) -> Object:
    """The same with waits of seconds where a cluster has minutes; nothing else differs."""
    if one["kind"] == "AnalysisTemplate":
        for metric in one["spec"]["metrics"]:
            if "interval" in metric:
                metric["interval"] = "1s"
    if one["kind"] == "ScaledObject":
        one["spec"]["pollingInterval"] = 1
        config = one["spec"]["advanced"]["horizontalPodAutoscalerConfig"]
        config["behavior"]["scaleDown"]["stabilizationWindowSeconds"] = CALM_S
    return one


def put(api: Api, objects: list[Object]) -> None:
    """As `pulumi up` does; numbers of replicas stay what an autoscaler or a controller has made of them."""
    spaces(api, objects)
    for one in objects:
        if one["kind"] in SCALED:
            meta = one["metadata"]
            if found := api.find(one["apiVersion"], one["kind"], meta["name"], meta["namespace"]):
                one["spec"]["replicas"] = found["spec"]["replicas"]
        api.apply(one)
