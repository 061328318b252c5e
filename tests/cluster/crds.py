"""Definitions of the custom resources that the product makes, with minimal schemas of our own (`schemas.py`).

The add-ons' own definitions come with their charts, which no registry serves. Ours know exactly the fields that the
product uses, with their types and which are required: a misspelt or new field is refused until it is written there.
"""

from __future__ import annotations

from collections.abc import Mapping

from api import Api, Object
from live import eventually
from schemas import ANY, RESOURCES, Resource, Shape

LEAVES: dict[object, Object] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    ANY: {"x-kubernetes-preserve-unknown-fields": True},
}


def define(api: Api) -> None:
    """Apply all definitions and wait until their resources are served."""
    for one in RESOURCES:
        api.apply(definition(one))
    for one in RESOURCES:
        path = f"/apis/{one.group}/{one.version}/{one.plural}"
        eventually(
            lambda path=path: api.raw("GET", path).status_code == 200, seconds=60, what=f"{path} is served"
        )


def definition(resource: Resource) -> Object:
    """The definition of one kind."""
    properties = {"spec": schema(resource.spec), "status": LEAVES[ANY]}
    version: Object = {
        "name": resource.version,
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "schema": {"openAPIV3Schema": {"type": "object", "required": ["spec"], "properties": properties}},
    }
    if resource.scalable:
        version["subresources"]["scale"] = {
            "specReplicasPath": ".spec.replicas",
            "statusReplicasPath": ".status.replicas",
            "labelSelectorPath": ".status.selector",
        }
    metadata: Object = {"name": f"{resource.plural}.{resource.group}"}
    if resource.group.endswith(".k8s.io"):
        # The server asks that groups of the project's own name show who has agreed to them.
        metadata["annotations"] = {"api-approved.kubernetes.io": "unapproved, for tests"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": metadata,
        "spec": {
            "group": resource.group,
            "scope": "Namespaced" if resource.namespaced else "Cluster",
            "names": {
                "plural": resource.plural,
                "singular": resource.kind.lower(),
                "kind": resource.kind,
                "listKind": f"{resource.kind}List",
            },
            "versions": [version],
        },
    }


def schema(shape: Shape) -> Object:
    """The OpenAPI schema of a shape as `schemas.py` writes it."""
    if isinstance(shape, list):
        return {"type": "array", "items": schema(shape[0])}
    if isinstance(shape, tuple):
        return {"type": "string", "enum": list(shape)}
    if isinstance(shape, Mapping):
        if set(shape) == {"*"}:
            return {"type": "object", "additionalProperties": schema(shape["*"])}
        made: Object = {
            "type": "object",
            "properties": {key.rstrip("!"): schema(value) for key, value in shape.items()},
        }
        if required := [key[:-1] for key in shape if key.endswith("!")]:
            made["required"] = required
        return made
    return LEAVES[shape]
