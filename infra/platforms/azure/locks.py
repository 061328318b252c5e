"""Locks: what even an owner cannot delete before the lock is taken away."""

from __future__ import annotations

import pulumi
from pulumi_azure_native import authorization

from infra.place import Place


def lock(name: str, *, place: Place, target: pulumi.Output[str], parent: pulumi.Resource) -> None:
    """Lock a resource against deletion where the stack protects what it holds."""
    if not place.protect:
        return
    authorization.ManagementLockByScope(
        name,
        scope=target,
        level=authorization.LockLevel.CAN_NOT_DELETE,
        notes=f"Protected by the stack {place.stack} (costate:protect).",
        opts=pulumi.ResourceOptions(parent=parent),
    )
