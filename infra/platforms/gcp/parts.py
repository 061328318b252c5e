"""All parts of a cell on Google Cloud, declared when first asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

import pulumi
import pulumi_gcp as gcp

from infra.config.cells import Cell
from infra.config.stack import StackConfig
from infra.contracts import Endpoint
from infra.place import Place
from infra.platforms.gcp.agents import Agents
from infra.platforms.gcp.backup import Backup
from infra.platforms.gcp.cache import Cache
from infra.platforms.gcp.cluster import Cluster
from infra.platforms.gcp.database import Database
from infra.platforms.gcp.edge import Edge
from infra.platforms.gcp.governance import Governance
from infra.platforms.gcp.identity import Identity
from infra.platforms.gcp.keys import Keys
from infra.platforms.gcp.network import Network
from infra.platforms.gcp.node_account import NodeAccount
from infra.platforms.gcp.registry import Registry
from infra.platforms.gcp.routing import Routing
from infra.platforms.gcp.services import Services, services
from infra.platforms.gcp.storage import Storage


class GcpParts:
    """Implements `contracts.Parts`; `primary` are the parts of the cell that this one follows."""

    def __init__(
        self,
        stack: StackConfig,
        place: Place,
        parent: pulumi.Resource,
        primary: GcpParts | None = None,
    ) -> None:
        self._stack, self._place, self._primary = stack, place, primary
        # APIs and service agents are the project's, and a standby is in its primary's project.
        self.services: Services = primary.services if primary else self._services(parent)
        # Whatever this provider makes waits for the APIs: it is itself made after them.
        provider = self._provider(place.name, parent, self.services)
        self._opts = pulumi.ResourceOptions(parent=parent, providers=[provider])

    @cached_property
    def agents(self) -> Agents:
        """Google's own service accounts in the project."""
        if self._primary is not None:
            return self._primary.agents
        return Agents(self._named("agents"), place=self._place, opts=self._opts)

    @cached_property
    def keys(self) -> Keys:
        """See `contracts.Parts`, as for the others."""
        return Keys(self._named("keys"), place=self._place, agents=self.agents, opts=self._opts)

    @cached_property
    def network(self) -> Network:
        """The VPC."""
        return Network(self._named("network"), place=self._place, opts=self._opts)

    @cached_property
    def node_account(self) -> NodeAccount:
        """Who nodes are."""
        return NodeAccount(self._named("node-account"), place=self._place, opts=self._opts)

    @cached_property
    def registry(self) -> Registry:
        """Artifact Registry."""
        return Registry(
            self._named("registry"),
            place=self._place,
            keys=self.keys,
            agents=self.agents,
            account=self.node_account,
            primary=self._primary.registry if self._primary else None,
            opts=self._opts,
        )

    @cached_property
    def cluster(self) -> Cluster:
        """Kubernetes Engine."""
        return Cluster(
            self._named("cluster"),
            place=self._place,
            cluster=self._stack.cluster,
            nodes=self._stack.nodes,
            gpu=self._stack.gpu,
            network=self.network,
            keys=self.keys,
            account=self.node_account,
            opts=self._opts,
        )

    @cached_property
    def identity(self) -> Identity:
        """Workload identities."""
        return Identity(
            self._named("identity"),
            place=self._place,
            agents=self.agents,
            cluster=self.cluster,
            opts=self._opts,
        )

    @cached_property
    def database(self) -> Database:
        """Cloud SQL."""
        return Database(
            self._named("database"),
            place=self._place,
            database=self._stack.database,
            maintenance=self._stack.cluster.maintenance,
            network=self.network,
            keys=self.keys,
            identity=self.identity,
            primary=self._primary.database if self._primary else None,
            opts=self._opts,
        )

    @cached_property
    def cache(self) -> Cache:
        """Memorystore for Valkey."""
        return Cache(
            self._named("cache"),
            place=self._place,
            cache=self._stack.cache,
            backup_days=self._stack.database.backup_days,
            maintenance=self._stack.cluster.maintenance,
            network=self.network,
            keys=self.keys,
            identity=self.identity,
            opts=self._opts,
        )

    @cached_property
    def storage(self) -> Storage:
        """Cloud Storage."""
        return Storage(
            self._named("storage"),
            place=self._place,
            keys=self.keys,
            agents=self.agents,
            identity=self.identity,
            primary=self._primary.storage if self._primary else None,
            opts=self._opts,
        )

    @cached_property
    def edge(self) -> Edge:
        """The global load balancer, or an address inside."""
        return Edge(
            self._named("edge"),
            place=self._place,
            domain=self._stack.domain,
            # The first cell's cloud keeps the domain, and has a front of its own where it is another.
            fronted=self._stack.cells[0].platform != "gcp",
            network=self.network,
            account=self.node_account,
            primary=self._primary.edge if self._primary else None,
            opts=self._opts,
        )

    def backup(self) -> None:
        """See `contracts.Parts`."""
        if self._place.standby:
            return
        Backup(
            self._named("backup"),
            place=self._place,
            days=self._stack.database.backup_days,
            agents=self.agents,
            identity=self.identity,
            cluster=self.cluster,
            database=self.database,
            results=self.storage,
            opts=self._opts,
        )

    def governance(self) -> None:
        """See `contracts.Parts`."""
        Governance(
            self._named("governance"),
            place=self._place,
            follows=self._primary is not None,
            budget=self._stack.budget,
            billing_account=self._cell.billing_account,
            shutdown=self._stack.shutdown,
            log_days=self._stack.log_days,
            agents=self.agents,
            keys=self.keys,
            cluster=self.cluster,
            database=self.database,
            opts=self._opts,
        )

    def routing(self, domain: str, endpoints: Sequence[Endpoint]) -> None:
        """See `contracts.Parts`."""
        Routing(
            self._named("routing"),
            place=self._place,
            domain=domain,
            endpoints=self._proved_once(endpoints),
            identity=self.identity,
            opts=self._opts,
        )

    @property
    def _cell(self) -> Cell:
        here = ("gcp", self._place.region, self._place.account)
        return next(cell for cell in self._stack.cells if (cell.platform, cell.region, cell.project) == here)

    def _proved_once(self, endpoints: Sequence[Endpoint]) -> list[Endpoint]:
        """Cells of one project prove the domain by the same record, which a zone takes once."""
        projects = {cell.region: cell.project for cell in self._stack.cells if cell.platform == "gcp"}
        proved: set[str] = set()
        found = []
        for endpoint in endpoints:
            project = projects.get(endpoint.region, "") if endpoint.platform == "gcp" else ""
            found.append(replace(endpoint, records=()) if project in proved else endpoint)
            proved |= {project} - {""}
        return found

    def _services(self, parent: pulumi.Resource) -> Services:
        provider = self._provider(f"{self._place.name}-services", parent)
        return Services(
            self._named("services"),
            place=self._place,
            enabled=services(public=bool(self._stack.domain)),
            opts=pulumi.ResourceOptions(parent=parent, providers=[provider]),
        )

    def _named(self, part: str) -> str:
        return f"{self._place.name}-{part}"

    def _provider(
        self, name: str, parent: pulumi.Resource, after: pulumi.Resource | None = None
    ) -> gcp.Provider:
        """Explicit, so that nothing is made with whatever project and region happen to be around."""
        return gcp.Provider(
            name,
            project=self._place.account,
            region=self._place.region,
            # Calls without a project of their own, as to the budget, are made in this one's name.
            billing_project=self._place.account,
            user_project_override=True,
            default_labels=dict(self._place.tags),
            opts=pulumi.ResourceOptions(parent=parent, depends_on=[after] if after else None),
        )
