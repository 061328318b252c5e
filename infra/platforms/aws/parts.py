"""All parts of a cell on AWS, declared when first asked for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import pulumi
import pulumi_aws as aws

from infra.config.stack import StackConfig
from infra.contracts import Endpoint
from infra.place import Place
from infra.platforms.aws.backup import Backup
from infra.platforms.aws.cache import Cache
from infra.platforms.aws.cluster import Cluster
from infra.platforms.aws.database import Database
from infra.platforms.aws.edge import Edge
from infra.platforms.aws.governance import Governance
from infra.platforms.aws.identity import Identity
from infra.platforms.aws.keys import Keys
from infra.platforms.aws.network import Network
from infra.platforms.aws.registry import Registry
from infra.platforms.aws.routing import Routing
from infra.platforms.aws.storage import Storage


class AwsParts:
    """Implements `contracts.Parts`; `primary` are the parts of the cell that this one follows."""

    def __init__(
        self,
        stack: StackConfig,
        place: Place,
        parent: pulumi.Resource,
        primary: AwsParts | None = None,
    ) -> None:
        self._stack, self._place, self._primary = stack, place, primary
        # Explicit, so that nothing is made with whatever credentials and region happen to be around.
        provider = aws.Provider(
            place.name,
            region=place.region,
            allowed_account_ids=[place.account] if place.account else None,
            default_tags=aws.ProviderDefaultTagsArgs(tags=dict(place.tags)),
            opts=pulumi.ResourceOptions(parent=parent),
        )
        self._opts = pulumi.ResourceOptions(parent=parent, providers=[provider])

    @cached_property
    def keys(self) -> Keys:
        """See `contracts.Parts`, as for the others."""
        return Keys(self._named("keys"), place=self._place, opts=self._opts)

    @cached_property
    def network(self) -> Network:
        """The VPC."""
        return Network(
            self._named("network"),
            place=self._place,
            keys=self.keys,
            log_days=self._stack.log_days,
            opts=self._opts,
        )

    @cached_property
    def registry(self) -> Registry:
        """ECR."""
        return Registry(
            self._named("registry"),
            place=self._place,
            keys=self.keys,
            primary=self._primary.registry if self._primary else None,
            opts=self._opts,
        )

    @cached_property
    def cluster(self) -> Cluster:
        """EKS with its node groups."""
        return Cluster(
            self._named("cluster"),
            place=self._place,
            cluster=self._stack.cluster,
            nodes=self._stack.nodes,
            gpu=self._stack.gpu,
            log_days=self._stack.log_days,
            network=self.network,
            keys=self.keys,
            opts=self._opts,
        )

    @cached_property
    def identity(self) -> Identity:
        """Roles of the service accounts."""
        return Identity(
            self._named("identity"),
            place=self._place,
            domain=self._stack.domain,
            cluster=self.cluster,
            database=self.database,
            cache=self.cache,
            storage=self.storage,
            keys=self.keys,
            opts=self._opts,
        )

    @cached_property
    def database(self) -> Database:
        """RDS."""
        return Database(
            self._named("database"),
            place=self._place,
            database=self._stack.database,
            log_days=self._stack.log_days,
            network=self.network,
            nodes=self.cluster.security_group,
            keys=self.keys,
            primary=self._primary.database if self._primary else None,
            opts=self._opts,
        )

    @cached_property
    def cache(self) -> Cache:
        """ElastiCache."""
        return Cache(
            self._named("cache"),
            place=self._place,
            cache=self._stack.cache,
            log_days=self._stack.log_days,
            network=self.network,
            nodes=self.cluster.security_group,
            keys=self.keys,
            opts=self._opts,
        )

    @cached_property
    def storage(self) -> Storage:
        """S3."""
        return Storage(
            self._named("storage"),
            place=self._place,
            keys=self.keys,
            primary=self._primary.storage if self._primary else None,
            opts=self._opts,
        )

    @cached_property
    def edge(self) -> Edge:
        """The load balancer."""
        first = self._stack.cells[0]
        return Edge(
            self._named("edge"),
            place=self._place,
            network=self.network,
            nodes=self.cluster.security_group,
            scaling=self.cluster.pools.system_scaling,
            # The first cell's cloud has the routing, and with it what stands before all cells.
            behind_front=bool(self._stack.domain) and first.platform == "aws",
            opts=self._opts,
        )

    def backup(self) -> None:
        """AWS Backup; the replica of a standby is backed up where it comes from."""
        Backup(
            self._named("backup"),
            place=self._place,
            keys=self.keys,
            databases=[] if self._primary else [self.database.facts.id],
            buckets=[self.storage.facts.id],
            days=self._stack.database.backup_days,
            opts=self._opts,
        )

    def governance(self) -> None:
        """Budget, CloudTrail and schedules."""
        Governance(
            self._named("governance"),
            place=self._place,
            budget=self._stack.budget,
            shutdown=self._stack.shutdown,
            log_days=self._stack.log_days,
            keys=self.keys,
            results=self.storage.facts.id,
            pools=self.cluster.pools,
            database=self.database,
            opts=self._opts,
        )

    def routing(self, domain: str, endpoints: Sequence[Endpoint]) -> None:
        """Route 53 and CloudFront."""
        Routing(
            self._named("routing"),
            place=self._place,
            domain=domain,
            endpoints=endpoints,
            account=self.keys.account,
            log_days=self._stack.log_days,
            opts=self._opts,
        )

    def _named(self, part: str) -> str:
        return f"{self._place.name}-{part}"
