"""PostgreSQL (Flexible Server) in our own network, whose only password is a token of Entra."""

from __future__ import annotations

import pulumi
from pulumi_azure_native import dbforpostgresql as postgres

from infra.catalog.azure import CATALOG, DATABASE_TIERS
from infra.config import stores
from infra.contracts import Account, DatabaseFacts
from infra.place import Place
from infra.platforms.azure.database_settings import settings
from infra.platforms.azure.group import Group
from infra.platforms.azure.identity import Identity
from infra.platforms.azure.keys import Keys, Wrapping
from infra.platforms.azure.locks import lock
from infra.platforms.azure.logs import Logs
from infra.platforms.azure.network import Network

NAME = "costate"
"""Of the database."""

PORT = 5432

USERS: tuple[Account, ...] = ("api", "worker", "migrations", "backup")
"""Each logs in under the name of its own identity."""

LOGS = (
    "PostgreSQLLogs",
    "PostgreSQLFlexSessions",
    "PostgreSQLFlexQueryStoreRuntime",
    "PostgreSQLFlexQueryStoreWaitStats",
)

WEEKDAYS = {"sun": 0, "mon": 1, "tue": 2, "wed": 3, "thu": 4, "fri": 5, "sat": 6}


class Database(pulumi.ComponentResource):
    """A server with one database; in a standby cell a replica that follows the primary's."""

    facts: DatabaseFacts

    def __init__(
        self,
        name: str,
        *,
        place: Place,
        database: stores.Database,
        maintenance: str,
        group: Group,
        network: Network,
        keys: Keys,
        identity: Identity,
        logs: Logs,
        primary: Database | None,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("costate:azure:Database", name, None, opts)
        self._place, self._intent, self._maintenance = place, database, maintenance
        self._group, self._network, self._keys = group, network, keys
        self.server = self._server(primary)
        prepared = [self._prepare(name, identity)] if primary is None else []
        settings(
            name,
            group=group,
            server=self.server,
            insights=self._tier != "Burstable",
            after=prepared,
            parent=self,
        )
        logs.collect(name, target=self.server.id, searched=LOGS, parent=self)
        lock(name, place=place, target=self.server.id, parent=self)
        self.facts = DatabaseFacts(
            id=self.server.id,
            host=self.server.fully_qualified_domain_name,
            port=PORT,
            name=NAME,
            # The administrator in Entra: its migrations make the roles of the other accounts.
            user=identity.identities["migrations"].name if primary is None else primary.facts.user,
            authentication="identity",
            secret=pulumi.Output.from_input(""),
            users={account: identity.identities[account].name for account in USERS},
        )
        self.register_outputs({"host": self.facts.host})

    @property
    def _tier(self) -> str:
        family = CATALOG.databases[self._intent.size].sku.removeprefix("Standard_")[0]
        return DATABASE_TIERS[family]

    def _server(self, primary: Database | None) -> postgres.Server:
        place, intent, size = self._place, self._intent, CATALOG.databases[self._intent.size]
        day, time = self._maintenance.split()
        recovery = self._keys.recovery if primary is None else None  # replicas have no backups of their own
        return postgres.Server(
            place.name,
            resource_group_name=self._group.name,
            location=self._group.location,
            create_mode=postgres.CreateMode.REPLICA if primary else postgres.CreateMode.CREATE,
            source_server_resource_id=primary.server.id if primary else None,
            version=intent.version,
            sku=postgres.SkuArgs(name=size.sku, tier=self._tier),
            storage=postgres.StorageArgs(
                storage_size_gb=size.storage_gib, auto_grow=postgres.StorageAutoGrow.ENABLED
            ),
            availability_zone=place.zones[0],
            high_availability=self._availability(primary),
            backup=None if primary else self._backup(recovery),
            network=postgres.NetworkArgs(
                delegated_subnet_resource_id=self._network.facts.data_subnets[0],
                private_dns_zone_arm_resource_id=self._network.postgres_zone,
                public_network_access=postgres.ServerPublicNetworkAccessState.DISABLED,
            ),
            auth_config=postgres.AuthConfigArgs(
                active_directory_auth=postgres.MicrosoftEntraAuth.ENABLED,
                password_auth=postgres.PasswordBasedAuth.DISABLED,
                tenant_id=self._keys.tenant,
            ),
            identity=_acting_as(self._keys.data, recovery),
            data_encryption=_encryption(self._keys.data, recovery),
            maintenance_window=postgres.MaintenanceWindowArgs(
                custom_window="Enabled",
                day_of_week=WEEKDAYS[day],
                start_hour=int(time[:2]),
                start_minute=int(time[3:]),
            ),
            tags=place.tags,
            opts=pulumi.ResourceOptions(
                parent=self,
                protect=place.protect,
                depends_on=[
                    *(wrapping.granted for wrapping in (self._keys.data, recovery) if wrapping),
                    *self._network.joined,
                ],
                # A failover changes the zones round, and a disk that was full has grown.
                ignore_changes=[
                    "availabilityZone",
                    "highAvailability.standbyAvailabilityZone",
                    "storage.storageSizeGB",
                ],
            ),
        )

    def _availability(self, primary: Database | None) -> postgres.HighAvailabilityArgs:
        """A standby in another zone, where asked for; a replica is a standby itself."""
        modes = postgres.PostgreSqlFlexibleServerHighAvailabilityMode
        if primary is not None or not self._intent.highly_available:
            return postgres.HighAvailabilityArgs(mode=modes.DISABLED)
        return postgres.HighAvailabilityArgs(
            mode=modes.ZONE_REDUNDANT, standby_availability_zone=self._place.zones[1]
        )

    def _backup(self, recovery: Wrapping | None) -> postgres.BackupArgs:
        geo = postgres.GeographicallyRedundantBackup
        return postgres.BackupArgs(
            backup_retention_days=self._intent.backup_days,
            geo_redundant_backup=geo.ENABLED if recovery else geo.DISABLED,
        )

    def _prepare(self, name: str, identity: Identity) -> pulumi.Resource:
        """The database, and who may administer it; the others get their rights by SQL."""
        database = postgres.Database(
            name,
            database_name=NAME,
            resource_group_name=self._group.name,
            server_name=self.server.name,
            charset="UTF8",
            collation="en_US.utf8",
            opts=pulumi.ResourceOptions(parent=self, protect=self._place.protect),
        )
        return postgres.AdministratorsMicrosoftEntra(
            f"{name}-migrations",
            resource_group_name=self._group.name,
            server_name=self.server.name,
            object_id=identity.principal("migrations"),
            principal_name=identity.identities["migrations"].name,
            principal_type=postgres.PrincipalType.SERVICE_PRINCIPAL,
            tenant_id=self._keys.tenant,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[database]),
        )


def _acting_as(data: Wrapping, recovery: Wrapping | None) -> postgres.UserAssignedIdentityArgs:
    """The identities that encrypt; Azure wants them as keys of a mapping."""
    ids = [wrapping.identity.id for wrapping in (data, recovery) if wrapping]
    return postgres.UserAssignedIdentityArgs(
        type=postgres.IdentityType.USER_ASSIGNED,
        user_assigned_identities=pulumi.Output.all(*ids).apply(
            lambda known: {each: postgres.UserIdentityArgs() for each in known}
        ),
    )


def _encryption(data: Wrapping, recovery: Wrapping | None) -> postgres.DataEncryptionArgs:
    """Keys without version: the server follows their rotation by itself."""
    return postgres.DataEncryptionArgs(
        type=postgres.DataEncryptionType.AZURE_KEY_VAULT,
        primary_key_uri=data.key.key_uri,
        primary_user_assigned_identity_id=data.identity.id,
        geo_backup_key_uri=recovery.key.key_uri if recovery else None,
        geo_backup_user_assigned_identity_id=recovery.identity.id if recovery else None,
    )
