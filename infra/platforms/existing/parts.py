"""All parts of a cell on an existing cluster, declared when first asked for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import pulumi

from infra.config.stack import StackConfig
from infra.contracts import Endpoint
from infra.place import Place
from infra.platforms.existing.cache import Cache
from infra.platforms.existing.cluster import Cluster
from infra.platforms.existing.database import Database
from infra.platforms.existing.edge import Edge
from infra.platforms.existing.identity import Identity
from infra.platforms.existing.network import Network
from infra.platforms.existing.operator import Operator
from infra.platforms.existing.registry import Registry
from infra.platforms.existing.storage import Storage


class ExistingParts:
    """Implements `contracts.Parts` where nobody sells managed parts; it has no standby."""

    def __init__(
        self,
        stack: StackConfig,
        place: Place,
        parent: pulumi.Resource,
        primary: ExistingParts | None = None,
    ) -> None:
        if primary is not None:
            raise TypeError(f"{place.name} is on an existing cluster and follows nobody")
        self._stack, self._place, self._parent = stack, place, parent
        self._cell = next(
            cell for cell in stack.cells if cell.platform == "existing" and cell.region == place.region
        )

    @property
    def _opts(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self._parent, providers=[self.cluster.provider])

    @cached_property
    def cluster(self) -> Cluster:
        """See `contracts.Parts`, as for the others. The cluster that is there."""
        return Cluster(
            self._place.name,
            place=self._place,
            cell=self._cell,
            opts=pulumi.ResourceOptions(parent=self._parent),
        )

    @cached_property
    def network(self) -> Network:
        """Namespace of the data stores and who may reach them."""
        return Network(
            self._named("network"), operated=self._stack.existing.database == "operator", opts=self._opts
        )

    @cached_property
    def registry(self) -> Registry:
        """Wherever `costate:image` is."""
        return Registry(self._stack.image)

    @cached_property
    def identity(self) -> Identity:
        """Plain service accounts."""
        return Identity()

    @cached_property
    def database(self) -> Database:
        """PostgreSQL, by CloudNativePG or plain."""
        operated = self._stack.existing.database == "operator"
        return Database(
            self._named("database"),
            place=self._place,
            stack=self._stack,
            network=self.network,
            operator=Operator(self._named("operator"), opts=self._opts) if operated else None,
            opts=self._opts,
        )

    @cached_property
    def cache(self) -> Cache:
        """Valkey."""
        return Cache(
            self._named("cache"),
            place=self._place,
            stack=self._stack,
            network=self.network,
            opts=self._opts,
        )

    @cached_property
    def storage(self) -> Storage:
        """A shared volume or a store that speaks S3."""
        return Storage(self._stack.existing)

    @cached_property
    def edge(self) -> Edge:
        """The way in."""
        return Edge(cell=self._cell, domain=self._stack.domain)

    def backup(self) -> None:
        """Dumps and drills are pods of the product's namespace (`infra/kubernetes/schedules.py`)."""

    def governance(self) -> None:
        """Nobody sends a bill, and who watches the cluster is its owner's affair."""

    def routing(self, domain: str, endpoints: Sequence[Endpoint]) -> None:
        """The zone of the domain is kept elsewhere: its record shall lead to the edge's address."""
        del domain, endpoints

    def _named(self, part: str) -> str:
        return f"{self._place.name}-{part}"
