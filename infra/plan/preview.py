"""The recording that the engine's own `pulumi preview --json` amounts to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra.errors import InfraError
from infra.recorder import Recording, Resource

GONE = ("delete", "delete-replaced", "discard-replaced", "read-discard")


def of_preview(document: Mapping[str, Any]) -> Recording:
    """What will be after the update that was previewed; InfraError where it is no preview."""
    if "steps" not in document:
        raise InfraError("this is no preview: it has no steps (`pulumi preview --json` writes one)")
    resources = []
    stack = ""
    for step in document["steps"]:
        state = step.get("newState")
        if state is None or step["op"] in GONE:
            continue
        stack = state["urn"].split(":")[2] or stack
        if state["type"] != "pulumi:pulumi:Stack":
            resources.append(_resource(state))
    return Recording(stack, tuple(resources))


def _resource(state: Mapping[str, Any]) -> Resource:
    return Resource(
        urn=state["urn"],
        type=state["type"],
        name=state["urn"].rsplit("::", 1)[-1],
        parent=state.get("parent", ""),
        custom=state.get("custom", False),
        provider="::".join(state.get("provider", "").split("::")[:4]),
        dependencies=tuple(sorted(state.get("dependencies") or ())),
        protect=state.get("protect", False),
        inputs=state.get("inputs") or {},
        id=state.get("id", ""),
        outputs=state.get("outputs") or {},
    )
