"""Before a release: whether the database, the queue and the cluster are in a state to begin one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from app.jobs.schema import State

MOST_PENDING = 0.5
"""Share of the jobs that may wait at all; while pods are replaced, the queue grows."""

OLDEST_S = 900.0
"""A job that has waited longer shows that workers do not keep up already."""

UNITS = {"": 1.0, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30}
FULL = 0.95
"""Share of a quota beyond which the extra pod of a rolling update may not be admitted."""


def schema(found: State) -> list[str]:
    """Faults of where the database is: `behind` is brought up by the migrations, which only add."""
    if found != "ahead":
        return []
    return ["the database was migrated by a newer build than this: release that, or take it back first"]


def queue(pending: int, oldest_s: float, max_pending: int) -> list[str]:
    """Faults of what waits: how many jobs, and for how long the oldest, in seconds."""
    faults, most = [], int(MOST_PENDING * max_pending)
    if pending > most:
        faults.append(f"{pending} jobs wait: at most {most} when a release begins")
    if oldest_s > OLDEST_S:
        faults.append(f"a job has waited for {oldest_s:.0f} s: at most {OLDEST_S:.0f} s")
    return faults


def quotas(found: Mapping[str, Any]) -> list[str]:
    """Faults of a namespace's quotas, as `kubectl get resourcequota -o json` tells them."""
    faults = []
    for item in found["items"]:
        status = item.get("status", {})
        for name, hard in status.get("hard", {}).items():
            used, allowed = quantity(status.get("used", {}).get(name, "0")), quantity(hard)
            if allowed > 0 and used > FULL * allowed:
                said = f"quota {item['metadata']['name']}: {name} at {status['used'][name]} of {hard}"
                faults.append(f"{said}, no room for the pods that come before others go")
    return faults


def quantity(text: str) -> float:
    """A quantity of Kubernetes, such as `250m` or `2Gi`."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([A-Za-z]*)", text)
    if match is None or match[2] not in UNITS:
        raise ValueError(f"{text!r} is no quantity that is known here")
    return float(match[1]) * UNITS[match[2]]
