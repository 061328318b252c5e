"""The product on a control plane: its objects applied in their order, and what tests ask of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from api import Api, Object
from estates import Estate
from live import eventually
from manifests import of

NAMESPACE = "costate"
WAIT_S = 120.0


@dataclass(frozen=True)
class Installation:
    """One configuration that has been installed."""

    estate: Estate

    @cached_property
    def objects(self) -> list[Object]:
        """All that was applied."""
        return of(self.estate, unnamed="installed")

    def manifest(self, kind: str, name: str) -> Object:
        """One of them."""
        return next(one for one in self.objects if one["kind"] == kind and one["metadata"]["name"] == name)

    def names(self, kind: str) -> list[str]:
        """Names of all of a kind."""
        return [one["metadata"]["name"] for one in self.objects if one["kind"] == kind]


def install(api: Api, estate: Estate, *, seconds: float = WAIT_S) -> Installation:
    """Apply a configuration; each object after those it needs, as the engine would."""
    made = Installation(estate)
    spaces(api, made.objects)
    for one in made.objects:
        api.apply(one)
    for name in made.names("Deployment"):
        eventually(
            lambda name=name: settled(api, name), seconds=seconds, what=f"deployment {name} is available"
        )
    return made


def spaces(api: Api, objects: list[Object]) -> None:
    """Namespaces that charts of add-ons would bring."""
    own = {one["metadata"]["name"] for one in objects if one["kind"] == "Namespace"}
    for name in {one["metadata"].get("namespace", "default") for one in objects} - own:
        api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})


def settled(api: Api, name: str) -> bool:
    """Whether a rollout is over: all replicas are of the newest template, and available."""
    found = api.get("apps/v1", "Deployment", name, NAMESPACE)
    wanted, status = found["spec"]["replicas"], found.get("status", {})
    return (
        status.get("observedGeneration") == found["metadata"]["generation"]
        and status.get("updatedReplicas", 0) == wanted
        and status.get("availableReplicas", 0) == wanted
        and status.get("replicas", 0) == wanted
    )


def pods(api: Api, name: str, namespace: str = NAMESPACE) -> list[Object]:
    """Pods of a unit that are there to stay."""
    found = api.list("v1", "Pod", namespace, labels={"app.kubernetes.io/name": name})
    return [one for one in found if "deletionTimestamp" not in one["metadata"]]


def ready(pod: Object) -> bool:
    """Whether a pod answers."""
    return any(
        one["type"] == "Ready" and one["status"] == "True"
        for one in pod.get("status", {}).get("conditions", [])
    )


def scale(api: Api, name: str, replicas: int) -> None:
    """Set the number of replicas, as an autoscaler does."""
    path = f"{api.path('apps/v1', 'Deployment', name, NAMESPACE)}/scale"
    api.merge(path, {"spec": {"replicas": replicas}})
