"""Manifests of what a stack declares: the objects of its cell on Kubernetes, as a client would send them."""

from __future__ import annotations

import copy
from typing import Any

from estates import CLUSTERS, ENVIRONMENTS, TODAY, Estate, recorded

from infra.recorder import Recording, record

Object = dict[str, Any]
RELEASE = "kubernetes:helm.sh/v3:Release"

EVERY = [
    Estate(cloud, environment, gpu=gpu, layer="all")
    for cloud in CLUSTERS
    for environment in ENVIRONMENTS
    for gpu in (False, True)
    if gpu or environment != "production-gpu"
]
"""Every environment on every platform with a cluster, with and without GPUs."""

OPTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "blue-green": ("aws", {"costate:release": {"strategy": "blue-green"}}),
    "canary": ("aws", {"costate:release": {"strategy": "canary"}}),
    "karpenter": ("aws", {"costate:cluster": {"node_autoscaler": "karpenter"}}),
    "snapshots": ("existing", {"costate:existing": {"database": "operator", "snapshot_class": "csi"}}),
    "vpa": ("aws", {"costate:addons": {"vpa": "install"}}),
}
"""What adds kinds of custom resources that no environment has by itself: a platform, and what its stack says."""


def manifests(recording: Recording, unnamed: str) -> list[Object]:
    """Objects in the order in which they are declared; releases of charts, which only Helm can unfold, left out.

    Where no name is given, Pulumi makes one: `unnamed` is part of it here.
    """
    found = [
        copy.deepcopy(one.plain)
        for one in recording.resources
        if one.custom and one.type.startswith("kubernetes:") and one.type != RELEASE
    ]
    for number, one in enumerate(found):
        one["metadata"].setdefault("name", f"{one['kind'].lower()}-{unnamed}-{number}")
    return found


def of(estate: Estate, unnamed: str = "tried") -> list[Object]:
    """Manifests of a configuration."""
    return manifests(recorded(estate), unnamed)


def of_option(name: str) -> list[Object]:
    """Manifests of production with GPUs and one of `OPTIONS`."""
    cloud, values = OPTIONS[name]
    whole = Estate(cloud, "production", gpu=True, layer="all").values() | values
    return manifests(record(whole, "prod", today=TODAY), "tried")


def pod_templates(objects: list[Object]) -> dict[str, Object]:
    """Templates of pods by kind and name of what makes them."""
    found: dict[str, Object] = {}
    for one in objects:
        spec = one.get("spec", {})
        template = spec.get("jobTemplate", {}).get("spec", {}).get("template") or spec.get("template")
        if isinstance(template, dict) and "containers" in template.get("spec", {}):
            claims = [one["metadata"]["name"] for one in spec.get("volumeClaimTemplates", [])]
            # A StatefulSet's controller mounts what it claims.
            template["spec"].setdefault("volumes", []).extend(
                {"name": name, "persistentVolumeClaim": {"claimName": name}} for name in claims
            )
            found[f"{one['kind']}/{one['metadata']['name']}"] = template
    return found


def pod(name: str, template: Object, namespace: str) -> Object:
    """The pod that a template would become."""
    meta = template.get("metadata", {})
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {**meta, "name": name.lower().replace("/", "-"), "namespace": namespace},
        "spec": template["spec"],
    }
