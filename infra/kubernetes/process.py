"""A process: what runs in a container and whom it acts as, described by plain values; `pod` makes a pod of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import pulumi

from infra.config.model import Range

USER = 1000
"""Whom the product runs as: `appuser` of the image."""


@dataclass(frozen=True, kw_only=True)
class Process:
    """One kind of process, whether it serves for long or ends by itself."""

    name: str
    image: pulumi.Input[str]
    command: tuple[str, ...]
    """Empty takes the image's own."""
    cpu: Range
    """Thousandths of a core: requested, limit."""
    memory: Range
    """MiB: requested, limit."""
    account: str
    """Service account it acts as."""
    identity: pulumi.Input[Mapping[str, str]] = field(default_factory=dict)
    """Labels that make its pods act as the account's identity in the cloud, where labels do."""
    environment: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    """Secrets that are mounted, read-only: by name, the folder."""
    secrets: tuple[str, ...] = ()
    """Secrets whose keys become variables."""
    mounts: Mapping[str, str] = field(default_factory=dict)
    """ConfigMaps that are mounted, read-only: by name, the folder."""
    volumes: Mapping[str, str] = field(default_factory=dict)
    """PersistentVolumeClaims that are mounted, by name: the folder."""
    scratch: Mapping[str, str] = field(default_factory=dict)
    """Writable folders, by name: mount path. All else is read-only."""
    scratch_gib: int = 2
    """What each of them may hold."""
    user: int = USER
    """Whom it runs as; all containers of a pod share the group of `USER`."""
    pull: str = "IfNotPresent"
    """When a node asks the registry for the image."""
    revision: pulumi.Input[str] = ""
    """What else than the environment asks for new pods when it changes, such as a digest of secrets."""
    priority: Literal["costate-serving", "costate-work", "costate-headroom"] = "costate-work"
    accelerators: int = 0
    """GPUs one replica asks for; with any, it runs on the GPU pools."""

    @property
    def selector(self) -> dict[str, str]:
        """Labels that find its pods."""
        return {"app.kubernetes.io/name": self.name, "app.kubernetes.io/part-of": "costate"}
