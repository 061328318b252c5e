"""Which image served before: what a rollback goes back to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.errors import CostateError

REVISIONS = ("deployment.kubernetes.io/revision", "rollout.argoproj.io/revision")
"""Where a ReplicaSet says how many were before it, by who made it."""


class NothingBeforeError(CostateError):
    """There is no other image in the history of the API."""


def former_image(found: Mapping[str, Any]) -> str:
    """The newest image but the one that serves, of ReplicaSets as `kubectl get replicaset -o json` tells them."""
    history = sorted(found["items"], key=_revision, reverse=True)
    images = [item["spec"]["template"]["spec"]["containers"][0]["image"] for item in history]
    for image in images:
        if image != images[0]:
            return str(image)
    raise NothingBeforeError(
        "the cluster remembers no image before the one that serves: name one with --image"
    )


def _revision(item: Mapping[str, Any]) -> int:
    marks = item["metadata"].get("annotations", {})
    return max((int(marks[name]) for name in REVISIONS if name in marks), default=0)
