"""Valkey on ElastiCache: TLS only, and a workload identity instead of a password."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from infra import naming
from infra.catalog.aws import CATALOG
from infra.config import stores
from infra.contracts import CacheFacts
from infra.place import Place
from infra.platforms.aws.data_access import data_access
from infra.platforms.aws.keys import Keys
from infra.platforms.aws.logs import log_group
from infra.platforms.aws.network import Network
from infra.versions import VALKEY

PORT = 6379
ACCESS = "on ~* &* +@all -@admin -@dangerous +info"
"""All keys and channels; no command that could stop the server or read its configuration."""


class Cache(pulumi.ComponentResource):
    """A standby cell has its own: what is in the cache is a hint, and the database has the truth."""

    def __init__(
        self,
        name: str,
        *,
        place: Place,
        cache: stores.Cache,
        log_days: int,
        network: Network,
        nodes: pulumi.Output[str],
        keys: Keys,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("costate:aws:Cache", name, None, opts)
        self._name, self._child = name, pulumi.ResourceOptions(parent=self)
        tier = CATALOG.caches[cache.size]
        # With a password out of the question, user id and name must be the same.
        self.user = aws.elasticache.User(
            f"{name}-user",
            user_id=naming.named("aws:cache", place.name),
            user_name=place.name,
            engine="valkey",
            access_string=ACCESS,
            authentication_mode=aws.elasticache.UserAuthenticationModeArgs(type="iam"),
            opts=self._child,
        )
        users = aws.elasticache.UserGroup(
            f"{name}-users",
            user_group_id=naming.named("aws:cache", place.name),
            engine="valkey",
            user_ids=[self.user.user_id],
            opts=self._child,
        )
        self.group = aws.elasticache.ReplicationGroup(
            name,
            replication_group_id=naming.named("aws:cache", place.name),
            description=f"Queue and cache of {place.name}",
            engine="valkey",
            engine_version=VALKEY["aws"],
            node_type=tier.sku,
            port=PORT,
            num_cache_clusters=2 if cache.highly_available else 1,
            automatic_failover_enabled=cache.highly_available,
            multi_az_enabled=cache.highly_available,
            subnet_group_name=self._subnets(place, network),
            security_group_ids=[
                data_access(name, vpc=network.facts.id, nodes=nodes, port=PORT, parent=self).id
            ],
            parameter_group_name=self._parameters(place),
            at_rest_encryption_enabled=True,
            kms_key_id=keys.data,
            transit_encryption_enabled=True,
            transit_encryption_mode="required",
            user_group_ids=[users.user_group_id],
            snapshot_retention_limit=7 if place.production else 1,
            snapshot_window="01:00-02:00",
            maintenance_window="sun:02:30-sun:03:30",
            auto_minor_version_upgrade=True,
            final_snapshot_identifier=f"{place.name}-final" if place.production else None,
            log_delivery_configurations=self._logs(place, log_days, keys),
            opts=pulumi.ResourceOptions(parent=self, protect=place.protect),
        )
        self.facts = CacheFacts(
            host=self.group.primary_endpoint_address,
            port=PORT,
            user=self.user.user_name,
            authentication="identity",
            secret=pulumi.Output.from_input(""),
        )
        self.register_outputs({"host": self.facts.host})

    def _subnets(self, place: Place, network: Network) -> pulumi.Output[str]:
        return aws.elasticache.SubnetGroup(
            self._name,
            description=f"Data subnets of {place.name}",
            subnet_ids=list(network.facts.data_subnets),
            opts=self._child,
        ).name

    def _parameters(self, place: Place) -> pulumi.Output[str]:
        """What has an end may go early when memory is short; the queue, which has none, may not."""
        return aws.elasticache.ParameterGroup(
            self._name,
            description=f"Valkey of {place.name}",
            family=f"valkey{VALKEY['aws'].split('.')[0]}",
            parameters=[
                aws.elasticache.ParameterGroupParameterArgs(name="maxmemory-policy", value="volatile-lru")
            ],
            opts=self._child,
        ).name

    def _logs(
        self, place: Place, days: int, keys: Keys
    ) -> list[aws.elasticache.ReplicationGroupLogDeliveryConfigurationArgs]:
        return [
            aws.elasticache.ReplicationGroupLogDeliveryConfigurationArgs(
                destination=log_group(
                    f"{self._name}-{kind}",
                    f"/costate/{place.name}/cache/{kind}",
                    days=days,
                    key=keys.logs,
                    parent=self,
                ).name,
                destination_type="cloudwatch-logs",
                log_format="json",
                log_type=kind,
            )
            for kind in ("slow-log", "engine-log")
        ]
