"""PostgreSQL: an instance of Cloud SQL, or in a standby cell a replica of its primary's."""

from __future__ import annotations

from typing import Literal

import pulumi
from pulumi_gcp import sql

from infra.catalog.gcp import CATALOG, PITR_DAYS, database_tier, enterprise_plus
from infra.config import stores
from infra.contracts import DatabaseFacts
from infra.place import Place
from infra.platforms.gcp.database_endpoint import DatabaseEndpoint
from infra.platforms.gcp.database_users import OWNER, DatabaseUsers
from infra.platforms.gcp.identity import Identity
from infra.platforms.gcp.keys import Keys
from infra.platforms.gcp.network import Network

NAME = "costate"
PORT = 5432
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

FLAGS = {
    "cloudsql.iam_authentication": "on",
    "log_checkpoints": "on",
    "log_connections": "on",
    "log_disconnections": "on",
    "log_lock_waits": "on",
    "log_min_duration_statement": "1000",
}


class Database(pulumi.ComponentResource):
    """Cloud SQL without password, reached at an address of the cell's own network.

    Pods log in as their workload identity; the built-in user has no password, and nobody is given one.
    """

    facts: DatabaseFacts

    def __init__(
        self,
        name: str,
        *,
        place: Place,
        database: stores.Database,
        maintenance: str,
        network: Network,
        keys: Keys,
        identity: Identity,
        primary: Database | None,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("costate:gcp:Database", name, None, opts)
        self._place = place
        self.instance = self._instance(database, maintenance, keys, primary)
        if primary is None:
            sql.Database(
                f"{place.name}-database",
                instance=self.instance.name,
                name=NAME,
                # It goes with its instance: taken away alone, it would fail while somebody is connected.
                deletion_policy="ABANDON",
                opts=pulumi.ResourceOptions(parent=self),
            )
        endpoint = DatabaseEndpoint(
            f"{name}-endpoint",
            place=place,
            network=network,
            instance=self.instance,
            opts=pulumi.ResourceOptions(parent=self),
        )
        users = DatabaseUsers(
            f"{name}-users",
            place=place,
            instance=self.instance,
            writable=self.instance if primary is None else primary.instance,
            identity=identity,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.facts = DatabaseFacts(
            id=self.instance.name,
            host=endpoint.host,
            port=PORT,
            name=NAME,
            user=users.names[OWNER],
            authentication="identity",
            secret=pulumi.Output.from_input(""),
            users=users.names,
            authority=self.instance.server_ca_certs.apply(
                lambda certificates: "\n".join(it.cert or "" for it in certificates)
            ),
        )
        self.register_outputs({})

    def _instance(
        self, asked: stores.Database, maintenance: str, keys: Keys, primary: Database | None
    ) -> sql.DatabaseInstance:
        place, tier = self._place, database_tier(CATALOG.databases[asked.size], asked.backup_days)
        edition: Literal["ENTERPRISE_PLUS", "ENTERPRISE"] = (
            "ENTERPRISE_PLUS" if enterprise_plus(tier) else "ENTERPRISE"
        )
        return sql.DatabaseInstance(
            f"{place.name}-postgres",
            region=place.region,
            database_version=f"POSTGRES_{asked.version}",
            instance_type="CLOUD_SQL_INSTANCE" if primary is None else "READ_REPLICA_INSTANCE",
            master_instance_name=None if primary is None else primary.instance.name,
            encryption_key_name=keys.facts.data,
            deletion_protection=place.protect,
            settings=sql.DatabaseInstanceSettingsArgs(
                tier=tier.sku,
                edition=edition,
                availability_type="REGIONAL" if asked.highly_available else "ZONAL",
                disk_type="PD_SSD",
                disk_size=tier.storage_gib,
                disk_autoresize=True,
                disk_autoresize_limit=tier.storage_gib * 10,
                deletion_protection_enabled=place.protect,
                retain_backups_on_delete=place.protect,
                # Backups are the primary's business.
                backup_configuration=None if primary else _backups(asked, edition),
                ip_configuration=_connections(place),
                database_flags=[
                    sql.DatabaseInstanceSettingsDatabaseFlagArgs(name=flag, value=value)
                    for flag, value in FLAGS.items()
                ],
                insights_config=sql.DatabaseInstanceSettingsInsightsConfigArgs(
                    query_insights_enabled=True,
                    query_plans_per_minute=5,
                    query_string_length=1024,
                    record_application_tags=True,
                    record_client_address=False,
                ),
                maintenance_window=_window(maintenance),
                user_labels=dict(place.tags),
            ),
            opts=pulumi.ResourceOptions(
                parent=self,
                protect=place.protect,
                depends_on=[keys.grants["database"]],
                # It grows by itself; shrinking it would need another instance.
                ignore_changes=["settings.diskSize"],
                # Making one takes up to half an hour.
                custom_timeouts=pulumi.CustomTimeouts(create="60m", update="60m", delete="60m"),
            ),
        )


def _backups(
    asked: stores.Database, edition: Literal["ENTERPRISE_PLUS", "ENTERPRISE"]
) -> sql.DatabaseInstanceSettingsBackupConfigurationArgs:
    longest = 35 if edition == "ENTERPRISE_PLUS" else PITR_DAYS
    return sql.DatabaseInstanceSettingsBackupConfigurationArgs(
        enabled=True,
        start_time="02:00",
        point_in_time_recovery_enabled=True,
        transaction_log_retention_days=min(asked.backup_days, longest),
        backup_retention_settings=sql.DatabaseInstanceSettingsBackupConfigurationBackupRetentionSettingsArgs(
            retained_backups=asked.backup_days, retention_unit="COUNT"
        ),
    )


def _connections(place: Place) -> sql.DatabaseInstanceSettingsIpConfigurationArgs:
    """No public address; TLS, without certificates of clients: who they are is told by their tokens."""
    return sql.DatabaseInstanceSettingsIpConfigurationArgs(
        ipv4_enabled=False,
        ssl_mode="ENCRYPTED_ONLY",
        # Certificates that name the host, so that clients can check whom they talk to.
        server_ca_mode="GOOGLE_MANAGED_CAS_CA",
        psc_configs=[
            sql.DatabaseInstanceSettingsIpConfigurationPscConfigArgs(
                psc_enabled=True, allowed_consumer_projects=[place.account]
            )
        ],
    )


def _window(maintenance: str) -> sql.DatabaseInstanceSettingsMaintenanceWindowArgs:
    """The cluster's own (`sun 03:00`), to the hour."""
    day, time = maintenance.split()
    return sql.DatabaseInstanceSettingsMaintenanceWindowArgs(
        day=WEEK.index(day) + 1, hour=int(time.split(":")[0]), update_track="stable"
    )
