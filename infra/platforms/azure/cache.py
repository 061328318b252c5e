"""Azure Managed Redis (it speaks Redis 7.4; Azure sells no Valkey): TLS and tokens of Entra only."""

from __future__ import annotations

from typing import Literal

import pulumi
from pulumi_azure_native import redisenterprise as redis

from infra.catalog.azure import CATALOG
from infra.config import stores
from infra.contracts import Account, CacheFacts
from infra.place import Place
from infra.platforms.azure.firewall import REDIS_PORT
from infra.platforms.azure.group import Group
from infra.platforms.azure.identity import Identity
from infra.platforms.azure.keys import Keys
from infra.platforms.azure.locks import lock
from infra.platforms.azure.network import Network
from infra.platforms.azure.private_endpoint import private_endpoint

CLIENTS: tuple[Account, ...] = ("api", "worker")

DATABASE: Literal["default"] = "default"
"""The one database that a server has, and the one access policy that Azure offers."""


class Cache(pulumi.ComponentResource):
    """A Redis server that keeps what it holds over a restart: the queue is in it."""

    facts: CacheFacts

    def __init__(
        self,
        name: str,
        *,
        place: Place,
        cache: stores.Cache,
        group: Group,
        network: Network,
        keys: Keys,
        identity: Identity,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("costate:azure:Cache", name, None, opts)
        server = redis.RedisEnterprise(
            place.name,
            resource_group_name=group.name,
            location=group.location,
            sku=redis.SkuArgs(name=CATALOG.caches[cache.size].sku),
            # With it Azure keeps a replica in another zone.
            high_availability=(
                redis.HighAvailability.ENABLED if cache.highly_available else redis.HighAvailability.DISABLED
            ),
            minimum_tls_version=redis.TlsVersion.TLS_VERSION_1_2,
            public_network_access=redis.PublicNetworkAccess.DISABLED,
            identity=redis.ManagedServiceIdentityArgs(
                type=redis.ManagedServiceIdentityType.USER_ASSIGNED,
                user_assigned_identities=[keys.data.identity.id],
            ),
            encryption=redis.ClusterPropertiesEncryptionArgs(
                customer_managed_key_encryption=redis.ClusterPropertiesCustomerManagedKeyEncryptionArgs(
                    # With its version: Redis takes no other. After a rotation the next `up` hands it over.
                    key_encryption_key_url=keys.data.key.key_uri_with_version,
                    key_encryption_key_identity=redis.ClusterPropertiesKeyEncryptionKeyIdentityArgs(
                        identity_type=redis.CmkIdentityType.USER_ASSIGNED_IDENTITY,
                        user_assigned_identity_resource_id=keys.data.identity.id,
                    ),
                )
            ),
            tags=place.tags,
            opts=keys.data.after(self, protect=place.protect),
        )
        database = redis.Database(
            name,
            database_name=DATABASE,
            cluster_name=server.name,
            resource_group_name=group.name,
            port=int(REDIS_PORT),
            client_protocol=redis.Protocol.ENCRYPTED,
            access_keys_authentication=redis.AccessKeysAuthentication.DISABLED,
            # Celery changes several keys in one transaction, which a clustered database refuses.
            clustering_policy=redis.ClusteringPolicy.NO_CLUSTER,
            eviction_policy=redis.EvictionPolicy.NO_EVICTION,
            persistence=redis.PersistenceArgs(
                aof_enabled=True, aof_frequency=redis.AofFrequency.AOF_FREQUENCY_1S, rdb_enabled=False
            ),
            opts=pulumi.ResourceOptions(parent=self, protect=place.protect),
        )
        last: pulumi.Resource = database
        for account in CLIENTS:
            # One after the other: a database takes one change at a time.
            last = redis.AccessPolicyAssignment(
                f"{name}-{account}",
                access_policy_assignment_name=account,
                access_policy_name=DATABASE,
                cluster_name=server.name,
                database_name=database.name,
                resource_group_name=group.name,
                user=redis.AccessPolicyAssignmentPropertiesUserArgs(object_id=identity.principal(account)),
                opts=pulumi.ResourceOptions(parent=self, depends_on=[last]),
            )
        private_endpoint(
            name,
            service="redis",
            target=server.id,
            subnet=network.facts.data_subnets[1],
            zone_id=network.private_zone("redis"),
            place=place,
            group=group,
            parent=self,
        )
        lock(name, place=place, target=server.id, parent=self)
        self.facts = CacheFacts(
            host=server.host_name,
            port=int(REDIS_PORT),
            # A client signs in as the object in Entra that its token is of: `oid`, another for each account.
            user=pulumi.Output.from_input(""),
            authentication="identity",
            secret=pulumi.Output.from_input(""),
        )
        self.register_outputs({"host": self.facts.host})
