"""Volumes of the node for whoever claims some: folders, each of which can be claimed once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

CLASS = "node"
MODES = {"server": "ReadWriteOnce", "shared": "ReadWriteMany"}


def storage_class() -> dict[str, Any]:
    """The default class: nobody makes volumes, they are offered."""
    default = {"storageclass.kubernetes.io/is-default-class": "true"}
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": CLASS, "annotations": default},
        "provisioner": "kubernetes.io/no-provisioner",
    }


def offered(folder: Path) -> list[dict[str, Any]]:
    """A volume of each mode, empty, in a folder that is new."""
    made = []
    for name, mode in MODES.items():
        path = folder / name
        path.mkdir(parents=True)
        # Folders of the machine take no group from a pod.
        path.chmod(0o777)
        spec = {
            "storageClassName": CLASS,
            "capacity": {"storage": "50Gi"},
            "accessModes": [mode],
            "hostPath": {"path": str(path)},
        }
        meta = {"name": f"{name}-{folder.name}"}
        made.append({"apiVersion": "v1", "kind": "PersistentVolume", "metadata": meta, "spec": spec})
    return made
