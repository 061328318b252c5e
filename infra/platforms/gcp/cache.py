"""Valkey: an instance of Memorystore, reached at an address of the cell's own network."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
from pulumi_gcp import memorystore, projects
from pulumi_gcp.memorystore import outputs

from infra.catalog.gcp import CATALOG
from infra.config import stores
from infra.contracts import Account, CacheFacts
from infra.errors import InfraError
from infra.place import Place
from infra.platforms.gcp.bucket import DAY_S
from infra.platforms.gcp.identity import Identity
from infra.platforms.gcp.keys import Keys
from infra.platforms.gcp.network import Network
from infra.versions import VALKEY

CLIENTS: Sequence[Account] = ("api", "worker")
DAYS = {
    "mon": "MONDAY", "tue": "TUESDAY", "wed": "WEDNESDAY", "thu": "THURSDAY", "fri": "FRIDAY",
    "sat": "SATURDAY", "sun": "SUNDAY",
}  # fmt: skip


class Cache(pulumi.ComponentResource):
    """One shard, not in cluster mode: a queue must not be spread.

    A token of the workload identity is the password.
    """

    facts: CacheFacts

    def __init__(
        self,
        name: str,
        *,
        place: Place,
        cache: stores.Cache,
        backup_days: int,
        maintenance: str,
        network: Network,
        keys: Keys,
        identity: Identity,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("costate:gcp:Cache", name, None, opts)
        day, time = maintenance.split()
        hour = int(time.split(":")[0])
        instance = memorystore.Instance(
            f"{place.name}-valkey",
            instance_id=place.name,
            location=place.region,
            engine_version=VALKEY["gcp"],
            node_type=CATALOG.caches[cache.size].sku,
            mode="CLUSTER_DISABLED",
            shard_count=1,
            replica_count=1 if cache.highly_available else 0,
            zone_distribution_config=_zones(place, cache),
            authorization_mode="IAM_AUTH",
            transit_encryption_mode="SERVER_AUTHENTICATION",
            kms_key=keys.facts.data,
            # What is queued is never thrown away to make room.
            engine_configs={"maxmemory-policy": "noeviction"},
            persistence_config=memorystore.InstancePersistenceConfigArgs(
                mode="RDB",
                rdb_config=memorystore.InstancePersistenceConfigRdbConfigArgs(rdb_snapshot_period="ONE_HOUR"),
            ),
            automated_backup_config=memorystore.InstanceAutomatedBackupConfigArgs(
                fixed_frequency_schedule=memorystore.InstanceAutomatedBackupConfigFixedFrequencyScheduleArgs(
                    start_time=memorystore.InstanceAutomatedBackupConfigFixedFrequencyScheduleStartTimeArgs(
                        hours=2
                    )
                ),
                retention=f"{backup_days * DAY_S}s",
            ),
            maintenance_policy=memorystore.InstanceMaintenancePolicyArgs(
                weekly_maintenance_windows=[
                    memorystore.InstanceMaintenancePolicyWeeklyMaintenanceWindowArgs(
                        day=DAYS[day],
                        start_time=memorystore.InstanceMaintenancePolicyWeeklyMaintenanceWindowStartTimeArgs(
                            hours=hour
                        ),
                    )
                ]
            ),
            desired_auto_created_endpoints=[
                memorystore.InstanceDesiredAutoCreatedEndpointArgs(
                    network=network.network.id, project_id=place.account
                )
            ],
            deletion_protection_enabled=place.protect,
            labels=dict(place.tags),
            opts=pulumi.ResourceOptions(
                parent=self,
                protect=place.protect,
                depends_on=[keys.grants["cache"], network.access.cache_policy],
                # Its id is given, so there cannot be two at a time.
                delete_before_replace=True,
            ),
        )
        for account in CLIENTS:
            self._client(place, instance, identity, account)
        self.facts = CacheFacts(
            host=instance.endpoints.apply(_address),
            port=6379,
            user=pulumi.Output.from_input("default"),
            authentication="identity",
            secret=pulumi.Output.from_input(""),
            authority=instance.managed_server_cas.apply(_certificates),
        )
        self.register_outputs({})

    def _client(
        self, place: Place, instance: memorystore.Instance, identity: Identity, account: Account
    ) -> None:
        projects.IAMMember(
            f"{place.name}-{account}-valkey",
            project=place.account,
            role="roles/memorystore.dbConnectionUser",
            member=identity.members[account],
            condition=projects.IAMMemberConditionArgs(
                title="cache-of-the-cell",
                expression=pulumi.Output.format(
                    "resource.name == 'projects/{}/locations/{}/instances/{}'",
                    place.account,
                    place.region,
                    instance.instance_id,
                ),
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )


def _zones(place: Place, cache: stores.Cache) -> memorystore.InstanceZoneDistributionConfigArgs:
    if cache.highly_available:
        return memorystore.InstanceZoneDistributionConfigArgs(mode="MULTI_ZONE")
    return memorystore.InstanceZoneDistributionConfigArgs(mode="SINGLE_ZONE", zone=place.zones[0])


def _address(endpoints: Sequence[outputs.InstanceEndpoint]) -> str:
    """Where writes go; a second connection, where there are replicas, is for reading."""
    found = [
        connection.psc_auto_connection
        for endpoint in endpoints
        for connection in endpoint.connections or ()
        if connection.psc_auto_connection
    ]
    found.sort(key=lambda it: it.connection_type != "CONNECTION_TYPE_PRIMARY")
    if not found or not found[0].ip_address:
        raise InfraError("Memorystore has made no endpoint in the network of the cell")
    return found[0].ip_address


def _certificates(authorities: Sequence[outputs.InstanceManagedServerCa]) -> str:
    return "\n".join(
        certificate
        for authority in authorities
        for chain in authority.ca_certs or ()
        for certificate in chain.certificates or ()
    )
