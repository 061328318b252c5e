"""All parts of a cell on Azure, declared when first asked for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import pulumi
from pulumi_azure_native import Provider

from infra.config.stack import StackConfig
from infra.contracts import Endpoint
from infra.place import Place
from infra.platforms.azure.backup import Backup
from infra.platforms.azure.cache import Cache
from infra.platforms.azure.cluster import Cluster
from infra.platforms.azure.database import Database
from infra.platforms.azure.edge import Edge
from infra.platforms.azure.governance import Governance
from infra.platforms.azure.group import Group
from infra.platforms.azure.identity import Identity
from infra.platforms.azure.keys import Keys
from infra.platforms.azure.logs import Logs
from infra.platforms.azure.network import Network
from infra.platforms.azure.registry import Registry
from infra.platforms.azure.routing import Routing
from infra.platforms.azure.storage import Storage


class AzureParts:
    """Implements `contracts.Parts`; `primary` are the parts of the cell that this one follows."""

    def __init__(
        self,
        stack: StackConfig,
        place: Place,
        parent: pulumi.Resource,
        primary: AzureParts | None = None,
    ) -> None:
        self._stack, self._place, self._primary = stack, place, primary
        # Explicit, so that nothing is made in whatever subscription happens to be logged in to.
        provider = Provider(
            place.name,
            subscription_id=place.account or None,
            location=place.region,
            opts=pulumi.ResourceOptions(parent=parent),
        )
        self._opts = pulumi.ResourceOptions(parent=parent, providers=[provider])

    @cached_property
    def group(self) -> Group:
        """The resource group: not in the contract, as for `logs`."""
        return Group(self._named("group"), place=self._place, opts=self._opts)

    @cached_property
    def logs(self) -> Logs:
        """Where Azure's own logs go."""
        return Logs(
            self._named("logs"),
            place=self._place,
            group=self.group,
            keys=self.keys,
            days=self._stack.log_days,
            opts=self._opts,
        )

    @cached_property
    def keys(self) -> Keys:
        """See `contracts.Parts`, as for the others. Key Vault."""
        return Keys(
            self._named("keys"), place=self._place, group=self.group, network=self.network, opts=self._opts
        )

    @cached_property
    def network(self) -> Network:
        """The virtual network."""
        first = self._stack.cells[0]
        return Network(
            self._named("network"),
            place=self._place,
            group=self.group,
            public_access=self._stack.cluster.public_access,
            # The first cell's cloud has the routing, and with it what stands before all cells.
            behind_front=bool(self._stack.domain) and first.platform == "azure",
            primary=self._primary.network if self._primary else None,
            opts=self._opts,
        )

    @cached_property
    def registry(self) -> Registry:
        """Container Registry."""
        return Registry(
            self._named("registry"),
            place=self._place,
            group=self.group,
            network=self.network,
            keys=self.keys,
            cluster=self.cluster,
            primary=self._primary.registry if self._primary else None,
            opts=self._opts,
        )

    @cached_property
    def cluster(self) -> Cluster:
        """AKS with its pools of nodes."""
        return Cluster(
            self._named("cluster"),
            place=self._place,
            cluster=self._stack.cluster,
            nodes=self._stack.nodes,
            gpu=self._stack.gpu,
            group=self.group,
            network=self.network,
            keys=self.keys,
            logs=self.logs,
            opts=self._opts,
        )

    @cached_property
    def identity(self) -> Identity:
        """Identities of the service accounts."""
        return Identity(
            self._named("identity"),
            place=self._place,
            group=self.group,
            cluster=self.cluster,
            keys=self.keys,
            opts=self._opts,
        )

    @cached_property
    def database(self) -> Database:
        """PostgreSQL Flexible Server."""
        return Database(
            self._named("database"),
            place=self._place,
            database=self._stack.database,
            maintenance=self._stack.cluster.maintenance,
            group=self.group,
            network=self.network,
            keys=self.keys,
            identity=self.identity,
            logs=self.logs,
            primary=self._primary.database if self._primary else None,
            opts=self._opts,
        )

    @cached_property
    def cache(self) -> Cache:
        """Azure Managed Redis."""
        return Cache(
            self._named("cache"),
            place=self._place,
            cache=self._stack.cache,
            group=self.group,
            network=self.network,
            keys=self.keys,
            identity=self.identity,
            opts=self._opts,
        )

    @cached_property
    def storage(self) -> Storage:
        """Blob storage."""
        return Storage(
            self._named("storage"),
            place=self._place,
            group=self.group,
            network=self.network,
            keys=self.keys,
            identity=self.identity,
            primary=self._primary.storage if self._primary else None,
            opts=self._opts,
        )

    @cached_property
    def edge(self) -> Edge:
        """The public address."""
        return Edge(
            self._named("edge"), place=self._place, group=self.group, cluster=self.cluster, opts=self._opts
        )

    def backup(self) -> None:
        """A backup vault; the replica of a standby is backed up where it comes from."""
        Backup(
            self._named("backup"),
            place=self._place,
            days=self._stack.database.backup_days,
            group=self.group,
            keys=self.keys,
            database=None if self._primary else self.database,
            storage=self.storage,
            opts=self._opts,
        )

    def governance(self) -> None:
        """Budget, audit trail, flow logs and schedules."""
        Governance(
            self._named("governance"),
            place=self._place,
            budget=self._stack.budget,
            shutdown=self._stack.shutdown,
            log_days=self._stack.log_days,
            group=self.group,
            network=self.network,
            logs=self.logs,
            cluster=self.cluster,
            database=self.database,
            opts=self._opts,
        )

    def routing(self, domain: str, endpoints: Sequence[Endpoint]) -> None:
        """Azure DNS and Front Door."""
        Routing(
            self._named("routing"),
            place=self._place,
            domain=domain,
            endpoints=endpoints,
            group=self.group,
            identity=self.identity,
            logs=self.logs,
            opts=self._opts,
        )

    def _named(self, part: str) -> str:
        return f"{self._place.name}-{part}"
