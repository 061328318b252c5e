"""What differs between two states of an object, and which differences need another object."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

FIXED: Mapping[str, tuple[str, ...]] = {
    "": ("apiVersion", "kind", "metadata.name", "metadata.namespace"),
    "Deployment": ("spec.selector",),
    "StatefulSet": ("spec.selector", "spec.serviceName", "spec.volumeClaimTemplates"),
    "Job": ("spec.selector", "spec.template"),
    "PriorityClass": ("value", "preemptionPolicy"),
    "RoleBinding": ("roleRef",),
    "ClusterRoleBinding": ("roleRef",),
}
"""What the server lets nobody change, by kind; under the empty one what is so for all."""


def differences(old: Any, new: Any, path: str = "") -> Iterator[str]:
    """Paths of what was added, taken away or changed; a list differs as a whole."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            at = f"{path}.{key}" if path else key
            if key not in old or key not in new:
                yield at
            else:
                yield from differences(old[key], new[key], at)
    elif old != new:
        yield path


def fixed(kind: str, path: str) -> bool:
    """Whether a difference at the path needs another object."""
    return any(path == one or path.startswith(f"{one}.") for one in (*FIXED[""], *FIXED.get(kind, ())))
