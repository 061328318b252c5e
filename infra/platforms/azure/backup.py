"""Backups that the data stores do not make themselves, in a vault that is copied to the paired region.

PostgreSQL keeps its own backups for point-in-time recovery, at most 35 days: here a weekly one stays for months.
Blobs have versions and soft delete for what a program or a person deletes: here they have copies that outlive the
account. The cluster is not in it: everything in it is declared, and no volume holds what cannot be made again.
"""

from __future__ import annotations

import pulumi
from pulumi_azure_native import dataprotection as backup

from infra.place import Place
from infra.platforms.azure.database import Database
from infra.platforms.azure.grants import Role, grant
from infra.platforms.azure.group import Group
from infra.platforms.azure.keys import Keys
from infra.platforms.azure.storage import RESULTS, Storage

POSTGRES = "Microsoft.DBforPostgreSQL/flexibleServers"
BLOBS = "Microsoft.Storage/storageAccounts/blobServices"

WEEKLY = "R/2026-01-04T02:00:00+00:00/P1W"
DAILY = "R/2026-01-04T02:00:00+00:00/P1D"
"""ISO 8601: repeated from a Sunday on, at two in the morning (UTC)."""

LONG_TERM = "P3M"
"""How long a weekly backup of the database is kept."""


class Backup(pulumi.ComponentResource):
    """A vault with a policy and an instance for each store that it backs up."""

    def __init__(
        self,
        name: str,
        *,
        place: Place,
        days: int,
        group: Group,
        keys: Keys,
        database: Database | None,
        storage: Storage,
        opts: pulumi.ResourceOptions,
    ) -> None:
        """`days` is how long blobs are kept; a standby's replica is backed up where it comes from."""
        super().__init__("costate:azure:Backup", name, None, opts)
        self._name, self._place, self._group = name, place, group
        self._vault = self._vault_with(keys)
        actor = self._vault.identity.apply(lambda identity: identity.principal_id if identity else "")
        blobs = grant(
            f"{name}-blobs",
            role="Storage Account Backup Contributor",
            principal=actor,
            scope=storage.account.id,
            parent=self,
        )
        self._protect_blobs(storage, days, blobs)
        if database is not None:
            self._protect_database(database, self._rights(actor, database, group))
        self.register_outputs({"vault": self._vault.id})

    def _rights(self, actor: pulumi.Output[str], database: Database, group: Group) -> list[pulumi.Resource]:
        """What the vault must have: the server's backups, and to read the group (Azure insists on all of it)."""
        role: Role = "PostgreSQL Flexible Server Long Term Retention Backup Role"
        return [
            grant(
                f"{self._name}-postgres", role=role, principal=actor, scope=database.server.id, parent=self
            ),
            grant(f"{self._name}-group", role="Reader", principal=actor, scope=group.id, parent=self),
        ]

    def _vault_with(self, keys: Keys) -> backup.BackupVault:
        place = self._place
        return backup.BackupVault(
            place.name,
            resource_group_name=self._group.name,
            location=self._group.location,
            identity=backup.DppIdentityDetailsArgs(
                type="SystemAssigned,UserAssigned", user_assigned_identities=[keys.data.identity.id]
            ),
            properties=backup.BackupVaultArgs(
                storage_settings=[
                    backup.StorageSettingArgs(
                        datastore_type=backup.StorageSettingStoreTypes.VAULT_STORE,
                        type=backup.StorageSettingTypes.GEO_REDUNDANT,
                    )
                ],
                feature_settings=backup.FeatureSettingsArgs(
                    cross_region_restore_settings=backup.CrossRegionRestoreSettingsArgs(
                        state=backup.CrossRegionRestoreState.ENABLED
                    )
                ),
                security_settings=backup.SecuritySettingsArgs(
                    encryption_settings=backup.EncryptionSettingsArgs(
                        state=backup.EncryptionState.ENABLED,
                        infrastructure_encryption=backup.InfrastructureEncryptionState.ENABLED,
                        kek_identity=backup.CmkKekIdentityArgs(
                            identity_type=backup.IdentityType.USER_ASSIGNED,
                            identity_id=keys.data.identity.id,
                        ),
                        key_vault_properties=backup.CmkKeyVaultPropertiesArgs(key_uri=keys.data.key.key_uri),
                    ),
                    # Unlocked: whoever may change the vault can still end it, which `destroy` does.
                    immutability_settings=backup.ImmutabilitySettingsArgs(
                        state=(
                            backup.ImmutabilityState.UNLOCKED
                            if place.protect
                            else backup.ImmutabilityState.DISABLED
                        )
                    ),
                    soft_delete_settings=backup.SoftDeleteSettingsArgs(
                        state=backup.SoftDeleteState.ON, retention_duration_in_days=14
                    ),
                ),
                monitoring_settings=backup.MonitoringSettingsArgs(
                    azure_monitor_alert_settings=backup.AzureMonitorAlertSettingsArgs(
                        alerts_for_all_job_failures=backup.AlertsState.ENABLED
                    )
                ),
            ),
            tags=place.tags,
            opts=keys.data.after(self, protect=place.protect),
        )

    def _policy(self, part: str, source: str, interval: str, kind: str, kept: str) -> backup.BackupPolicy:
        """When a store is backed up, and how long that is kept."""
        vault_store = backup.DataStoreInfoBaseArgs(
            data_store_type=backup.DataStoreTypes.VAULT_STORE, object_type="DataStoreInfoBase"
        )
        default = backup.TaggingCriteriaArgs(
            is_default=True, tagging_priority=99, tag_info=backup.RetentionTagArgs(tag_name="Default")
        )
        rule = backup.AzureBackupRuleArgs(
            name="Backup",
            object_type="AzureBackupRule",
            data_store=vault_store,
            backup_parameters=backup.AzureBackupParamsArgs(backup_type=kind, object_type="AzureBackupParams"),
            trigger=backup.ScheduleBasedTriggerContextArgs(
                object_type="ScheduleBasedTriggerContext",
                schedule=backup.BackupScheduleArgs(repeating_time_intervals=[interval], time_zone="UTC"),
                tagging_criteria=[default],
            ),
        )
        retention = backup.AzureRetentionRuleArgs(
            name="Default",
            object_type="AzureRetentionRule",
            is_default=True,
            lifecycles=[
                backup.SourceLifeCycleArgs(
                    source_data_store=vault_store,
                    delete_after=backup.AbsoluteDeleteOptionArgs(
                        duration=kept, object_type="AbsoluteDeleteOption"
                    ),
                )
            ],
        )
        return backup.BackupPolicy(
            f"{self._name}-{part}",
            backup_policy_name=part,
            vault_name=self._vault.name,
            resource_group_name=self._group.name,
            properties=backup.BackupPolicyArgs(
                object_type="BackupPolicy", datasource_types=[source], policy_rules=[rule, retention]
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _protect_blobs(self, storage: Storage, days: int, granted: pulumi.Resource) -> None:
        policy = self._policy("blobs", BLOBS, DAILY, "Discrete", f"P{days}D")
        account = storage.account
        self._instance(
            "blobs",
            source=backup.DatasourceArgs(
                object_type="Datasource",
                datasource_type=BLOBS,
                resource_type="Microsoft.Storage/storageAccounts",
                resource_id=account.id,
                resource_uri=account.id,
                resource_name=account.name,
                resource_location=self._place.region,
            ),
            policy=backup.PolicyInfoArgs(
                policy_id=policy.id,
                policy_parameters=backup.PolicyParametersArgs(
                    backup_datasource_parameters_list=[
                        backup.BlobBackupDatasourceParametersArgs(
                            object_type="BlobBackupDatasourceParameters", containers_list=[RESULTS]
                        )
                    ]
                ),
            ),
            needs=[granted, *storage.containers.values()],
        )

    def _protect_database(self, database: Database, granted: list[pulumi.Resource]) -> None:
        policy = self._policy("postgres", POSTGRES, WEEKLY, "Full", LONG_TERM)
        server = database.server
        self._instance(
            "postgres",
            source=backup.DatasourceArgs(
                object_type="Datasource",
                datasource_type=POSTGRES,
                resource_type=POSTGRES,
                resource_id=server.id,
                resource_uri=server.id,
                resource_name=server.name,
                resource_location=self._place.region,
            ),
            policy=backup.PolicyInfoArgs(policy_id=policy.id),
            needs=granted,
        )

    def _instance(
        self,
        part: str,
        *,
        source: backup.DatasourceArgs,
        policy: backup.PolicyInfoArgs,
        needs: list[pulumi.Resource],
    ) -> None:
        backup.BackupInstance(
            f"{self._name}-{part}",
            backup_instance_name=part,
            vault_name=self._vault.name,
            resource_group_name=self._group.name,
            properties=backup.BackupInstanceArgs(
                object_type="BackupInstance",
                friendly_name=part,
                data_source_info=source,
                # The resource as a whole, where not its parts are backed up: here they are the same.
                data_source_set_info=backup.DatasourceSetArgs(
                    object_type="DatasourceSet",
                    datasource_type=source.datasource_type,
                    resource_type=source.resource_type,
                    resource_id=source.resource_id,
                    resource_uri=source.resource_uri,
                    resource_name=source.resource_name,
                    resource_location=source.resource_location,
                ),
                policy_info=policy,
                identity_details=backup.IdentityDetailsArgs(use_system_assigned_identity=True),
            ),
            tags=self._place.tags,
            opts=pulumi.ResourceOptions(parent=self, depends_on=needs),
        )
