"""CloudNativePG: the operator, and the Cluster that it shall keep."""

from __future__ import annotations

from typing import Any

import pulumi
from pulumi_kubernetes import apiextensions, helm, meta

from infra.config.stack import StackConfig
from infra.place import Place
from infra.platforms.existing.network import NAMESPACE, OPERATOR, POSTGRES, labels
from infra.platforms.existing.sizes import DATABASES
from infra.versions import CLOUDNATIVE_PG, OPERATED_IMAGES

API = "postgresql.cnpg.io/v1"
NIGHTLY = "0 15 1 * * *"
"""With seconds in front, in UTC; dumps are made at another time."""


class Operator(pulumi.ComponentResource):
    """The operator, from its own chart, in a namespace of its own."""

    def __init__(self, name: str, *, opts: pulumi.ResourceOptions) -> None:
        super().__init__("costate:existing:Operator", name, None, opts)
        helm.v3.Release(
            name,
            name="cloudnative-pg",
            chart="cloudnative-pg",
            version=CLOUDNATIVE_PG,
            namespace=OPERATOR,
            create_namespace=True,
            atomic=True,
            cleanup_on_fail=True,
            timeout=600,
            repository_opts=helm.v3.RepositoryOptsArgs(repo="https://cloudnative-pg.github.io/charts"),
            values={
                "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}}
            },
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})


class Servers(pulumi.ComponentResource):
    """PostgreSQL by the operator: one server, or three of which one may fail at any time."""

    host: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        *,
        stack: StackConfig,
        place: Place,
        settings: dict[str, str],
        certificate: str,
        login: str,
        opts: pulumi.ResourceOptions,
    ) -> None:
        """`settings` are PostgreSQL's own; `certificate` and `login` are names of Secrets."""
        super().__init__("costate:existing:Servers", name, None, opts)
        self._name, self._protect = name, place.protect
        made = self._object("Cluster", POSTGRES, _cluster(stack, settings, certificate, login))
        # Known when the servers are ready, so that whoever is told the address comes after them.
        self.host = made.id.apply(lambda _: f"{POSTGRES}-rw.{NAMESPACE}.svc")
        if stack.existing.snapshot_class:
            self._object(
                "ScheduledBackup",
                "nightly",
                {
                    "schedule": NIGHTLY,
                    "backupOwnerReference": "self",
                    "cluster": {"name": POSTGRES},
                    "method": "volumeSnapshot",
                },
            )
        self.register_outputs({})

    def _object(self, kind: str, called: str, spec: dict[str, Any]) -> pulumi.CustomResource:
        return apiextensions.CustomResource(
            f"{self._name}-{kind.lower()}",
            api_version=API,
            kind=kind,
            metadata=meta.v1.ObjectMetaArgs(
                name=called,
                namespace=NAMESPACE,
                annotations={"pulumi.com/waitFor": "condition=Ready"} if kind == "Cluster" else None,
            ),
            spec=spec,
            opts=pulumi.ResourceOptions(parent=self, protect=self._protect and kind == "Cluster"),
        )


def _cluster(stack: StackConfig, settings: dict[str, str], certificate: str, login: str) -> dict[str, Any]:
    database, existing = stack.database, stack.existing
    size = DATABASES[database.size]
    several: dict[str, Any] = {
        # A commit waits for one more server while there is one: a failure loses nothing that was answered.
        "synchronous": {"method": "any", "number": 1, "dataDurability": "preferred"}
    }
    snapshots = {"backup": {"volumeSnapshot": {"className": existing.snapshot_class, "online": True}}}
    return {
        "instances": 3 if database.highly_available else 1,
        "imageName": OPERATED_IMAGES[database.version],
        "imagePullPolicy": stack.image_pull,
        "enableSuperuserAccess": False,
        "bootstrap": {
            "initdb": {
                "database": "costate",
                "owner": "costate",
                "secret": {"name": login},
                "encoding": "UTF8",
                "localeCollate": "C",
                "localeCType": "C",
                "dataChecksums": True,
            }
        },
        "certificates": {"serverTLSSecret": certificate, "serverCASecret": certificate},
        "storage": {
            "size": f"{size.disk_gib}Gi",
            **({"storageClass": existing.storage_class} if existing.storage_class else {}),
        },
        "resources": {
            "requests": {"cpu": f"{size.cpu[0]}m", "memory": f"{size.memory[0]}Mi"},
            "limits": {"cpu": f"{size.cpu[1]}m", "memory": f"{size.memory[1]}Mi"},
        },
        "postgresql": {
            "parameters": settings,
            "pg_hba": ["hostnossl all all all reject"],
            **(several if database.highly_available else {}),
        },
        "affinity": {
            "enablePodAntiAffinity": True,
            "topologyKey": "kubernetes.io/hostname",
            "podAntiAffinityType": "preferred",
        },
        "priorityClassName": "costate-data",
        # What network policies and Services of ours find the pods by.
        "inheritedMetadata": {"labels": labels(POSTGRES)},
        "primaryUpdateStrategy": "unsupervised",
        **(snapshots if existing.snapshot_class else {}),
    }
