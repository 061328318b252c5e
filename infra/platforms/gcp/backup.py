"""Copies in another region, of what the data stores keep in their own only."""

from __future__ import annotations

import pulumi
from pulumi_gcp import gkebackup, kms, storage

from infra.catalog.gcp import VAULTS
from infra.place import Place
from infra.platforms.gcp import bucket
from infra.platforms.gcp.agents import Agents
from infra.platforms.gcp.bucket import DAY_S
from infra.platforms.gcp.cluster import Cluster
from infra.platforms.gcp.database import Database
from infra.platforms.gcp.database_export import FOLDER, DatabaseExport
from infra.platforms.gcp.identity import Identity
from infra.platforms.gcp.keys import Key
from infra.platforms.gcp.storage import Storage
from infra.platforms.gcp.transfer import Copy


class Backup(pulumi.ComponentResource):
    """A vault: key and bucket in another region, with results, a nightly dump and the objects of Kubernetes.

    Point-in-time recovery is Cloud SQL's, versions and soft deletion are the bucket's own. A standby has no
    vault: it is itself the copy of its primary.
    """

    def __init__(
        self,
        name: str,
        *,
        place: Place,
        days: int,
        agents: Agents,
        identity: Identity,
        cluster: Cluster,
        database: Database,
        results: Storage,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("costate:gcp:Backup", name, None, opts)
        self._place, self._days, self._region = place, days, VAULTS[place.region]
        key = self._key(name, agents)
        vault = self._vault(key, identity)
        Copy(
            f"{place.name}-vault",
            place=place,
            agents=agents,
            source=results.bucket.name,
            sink=vault.name,
            every_s=DAY_S,
            opts=pulumi.ResourceOptions(parent=self),
        )
        DatabaseExport(
            f"{name}-database",
            place=place,
            database=database,
            vault=vault,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self._objects(key, cluster)
        self.register_outputs({})

    def _key(self, name: str, agents: Agents) -> Key:
        ring = kms.KeyRing(
            f"{self._place.name}-vault",
            project=self._place.account,
            location=self._region,
            opts=pulumi.ResourceOptions(parent=self, protect=self._place.protect),
        )
        return Key(
            f"{name}-vault",
            place=self._place,
            ring=ring,
            use="vault",
            agents=agents,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _vault(self, key: Key, identity: Identity) -> storage.Bucket:
        vault = bucket.bucket(
            f"{self._place.name}-vault",
            place=self._place,
            location=self._region,
            key=key.id,
            granted=key.grants["storage"],
            lifecycle=[
                bucket.cheaper_after(30),
                bucket.deleted_after(self._days, prefix=f"{FOLDER}/"),
                bucket.old_versions_deleted_after(self._days),
            ],
            parent=self,
        )
        storage.BucketIAMMember(
            f"{self._place.name}-vault-backup",
            bucket=vault.name,
            role="roles/storage.objectViewer",
            member=identity.members["backup"],
            opts=pulumi.ResourceOptions(parent=self),
        )
        return vault

    def _objects(self, key: Key, cluster: Cluster) -> None:
        """Everything in Kubernetes with its volumes, every night."""
        gkebackup.BackupPlan(
            f"{self._place.name}-cluster",
            description=f"Objects and volumes of {self._place.name}",
            location=self._region,
            cluster=cluster.cluster.id,
            backup_schedule=gkebackup.BackupPlanBackupScheduleArgs(cron_schedule="0 1 * * *"),
            retention_policy=gkebackup.BackupPlanRetentionPolicyArgs(
                backup_retain_days=self._days,
                # Nobody deletes the newest ones, whatever rights he has.
                backup_delete_lock_days=min(7, self._days) if self._place.protect else 0,
                locked=self._place.protect,
            ),
            backup_config=gkebackup.BackupPlanBackupConfigArgs(
                all_namespaces=True,
                include_secrets=True,
                include_volume_data=True,
                encryption_key=gkebackup.BackupPlanBackupConfigEncryptionKeyArgs(
                    gcp_kms_encryption_key=key.id
                ),
            ),
            labels=dict(self._place.tags),
            opts=pulumi.ResourceOptions(
                parent=self, protect=self._place.protect, depends_on=[key.grants["backup"]]
            ),
        )
