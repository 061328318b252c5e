"""What a platform must give: intents in, connection facts out. No cloud's name stands here.

Facts are plain strings behind Outputs, none of them a password, so that they can be exported by a stack of
layer `platform` and read by one of layer `workload`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeVar

import pulumi

from infra.versions import AddonName

Account = Literal["api", "worker", "migrations", "backup", "external-secrets", "cert-manager", "external-dns"]
"""Kubernetes service accounts that act in the cloud; each gets rights of its own."""

ACCOUNTS: tuple[Account, ...] = (
    "api",
    "worker",
    "migrations",
    "backup",
    "external-secrets",
    "cert-manager",
    "external-dns",
)

NAMESPACES: Mapping[Account, str] = {
    "api": "costate",
    "worker": "costate",
    "migrations": "costate",
    "backup": "costate",
    "external-secrets": "external-secrets",
    "cert-manager": "cert-manager",
    "external-dns": "external-dns",
}
"""Where each account is: a cloud ties its identity to account and namespace."""


@dataclass(frozen=True)
class KeyFacts:
    """Our own keys, rotated yearly or sooner: `data` encrypts data stores, `cluster` the secrets of Kubernetes."""

    data: pulumi.Output[str]
    cluster: pulumi.Output[str]


@dataclass(frozen=True)
class NetworkFacts:
    """The cell's network; subnets by zone, in the order of `Place.zones`."""

    id: pulumi.Output[str]
    private_subnets: Sequence[pulumi.Output[str]]
    public_subnets: Sequence[pulumi.Output[str]]
    data_subnets: Sequence[pulumi.Output[str]]


@dataclass(frozen=True)
class ClusterObject:
    """An object of Kubernetes without namespace that an add-on of the platform's own is told by."""

    api_version: str
    kind: str
    name: str
    spec: pulumi.Input[Mapping[str, Any]]


@dataclass(frozen=True)
class NodeMakerFacts:
    """What makes nodes one by one instead of a pool's size being changed: an add-on, and what it is told."""

    addon: AddonName
    values: Mapping[str, Any]
    """Of its chart, with Outputs inside."""
    objects: Sequence[ClusterObject]


@dataclass(frozen=True)
class ClusterFacts:
    """How to reach Kubernetes. `kubeconfig` asks the cloud's own command for a token: it holds none."""

    name: pulumi.Output[str]
    endpoint: pulumi.Output[str]
    identifier: pulumi.Output[str]
    """What `cluster_identifier` of the Kubernetes provider is set to: changes only when the cluster is another."""
    kubeconfig: pulumi.Output[str]
    provider: pulumi.ProviderResource | None = None
    """What reaches it, where the platform has made one already for objects of its own."""
    node_maker: NodeMakerFacts | None = None
    """Where there is one."""


@dataclass(frozen=True)
class ServiceAccountFacts:
    """What a Kubernetes service account carries so that its pods act as a workload identity of the cloud."""

    annotations: pulumi.Output[Mapping[str, str]]
    labels: pulumi.Output[Mapping[str, str]]


@dataclass(frozen=True)
class IdentityFacts:
    """Workload identities by service account; no long-lived key anywhere."""

    accounts: Mapping[Account, ServiceAccountFacts]
    secret_store: pulumi.Output[Mapping[str, Any]] | None = None
    """Provider of the External Secrets store; there is one where the database's authentication is `secret`."""


@dataclass(frozen=True)
class ServerPods:
    """A data store in pods of the cell's own cluster: network policies name these, and backups are ours to make."""

    namespace: str
    labels: Mapping[str, str]
    tools: str = ""
    """Image with the server's own programs, such as `pg_dump`."""
    disk_gib: int = 0
    """What its data may take."""


Authentication = Literal["secret", "identity", "password"]
"""How a process proves to a data store who it is.

`secret`: user and password stand under the fact `secret` in the cloud's secret store. `identity`: a token of the
workload identity is the password, and `secret` is empty. `password`: the fact `password` is it, because there is
neither store nor identity; such facts are never exported.
"""


@dataclass(frozen=True)
class DatabaseFacts:
    """How to reach PostgreSQL over TLS."""

    id: pulumi.Output[str]
    host: pulumi.Output[str]
    port: int
    name: str
    user: pulumi.Output[str]
    authentication: Authentication
    secret: pulumi.Output[str]
    users: Mapping[Account, pulumi.Output[str]] = field(default_factory=dict)
    """Who each service account logs in as, where each has a user of its own; `user` owns the tables."""
    authority: pulumi.Output[str] | None = None
    """PEM certificates of who signed the server's, where that is none that every system trusts."""
    password: pulumi.Output[str] | None = None
    """A secret of Pulumi's."""
    pods: ServerPods | None = None


@dataclass(frozen=True)
class CacheFacts:
    """How to reach Valkey or Redis over TLS; all as for the database."""

    host: pulumi.Output[str]
    port: int
    user: pulumi.Output[str]
    authentication: Authentication
    secret: pulumi.Output[str]
    authority: pulumi.Output[str] | None = None
    password: pulumi.Output[str] | None = None
    pods: ServerPods | None = None


@dataclass(frozen=True)
class SharedVolume:
    """A volume that all processes of the product share."""

    path: str
    """Where it is mounted."""
    size_gib: int
    access: Literal["ReadWriteOnce", "ReadWriteMany"]
    storage_class: str
    """Empty is the cluster's default."""


@dataclass(frozen=True)
class ObjectStoreFacts:
    """Where results are kept: `url` (`s3://...`, `gs://...`, `az://...`; `file:///...` on a volume)."""

    id: pulumi.Output[str]
    url: pulumi.Output[str]
    volume: SharedVolume | None = None
    variables: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    """What a process is told to reach a store that is not the cloud's own."""
    secrets: Mapping[str, pulumi.Output[str]] = field(default_factory=dict)
    """The same, secrets of Pulumi's."""
    port: int = 443


@dataclass(frozen=True)
class RegistryFacts:
    """Where images are: `repository` without tag."""

    repository: pulumi.Output[str]


@dataclass(frozen=True)
class DnsRecord:
    """A record that the zone of the domain must have, whichever cloud keeps the zone."""

    name: pulumi.Output[str]
    type: Literal["CNAME", "TXT"]
    value: pulumi.Output[str]


@dataclass(frozen=True)
class EdgeFacts:
    """The cell's entry from outside.

    `address` is a host name or an IP address, known before any workload is there; `annotations` are what the
    gateway's Service needs to take it. Where `node_port` is given the cloud's balancer is there already and
    sends to that port of the nodes: the Service then is of type NodePort with it, else of type LoadBalancer.
    """

    address: pulumi.Output[str]
    annotations: pulumi.Output[Mapping[str, str]]
    node_port: int | None = None
    records: Sequence[DnsRecord] = ()
    """What proves to the cloud that the domain is ours, so that it issues the edge's certificate."""
    plain_port: int | None = None
    """Port of the nodes at which the API answers, where there is no domain."""
    tls: bool = True
    """Whether the address is asked over TLS."""


@dataclass(frozen=True)
class CellFacts:
    """All that a workload is bound to."""

    cluster: ClusterFacts
    identity: IdentityFacts
    database: DatabaseFacts
    cache: CacheFacts
    store: ObjectStoreFacts
    registry: RegistryFacts
    edge: EdgeFacts


Facts = TypeVar("Facts", covariant=True)


class Part(Protocol[Facts]):
    """A component of a cell that has facts."""

    @property
    def facts(self) -> Facts:
        """What others need of it."""
        ...


class Parts(Protocol):
    """A cloud's components for one cell, declared when first asked for; those they need are declared before.

    The same properties, files and class names in every cloud: `infra/platforms/<cloud>/<property>.py`.
    """

    @property
    def keys(self) -> Part[KeyFacts]: ...  # noqa: D102 - the facts say what each is
    @property
    def network(self) -> Part[NetworkFacts]: ...  # noqa: D102
    @property
    def registry(self) -> Part[RegistryFacts]: ...  # noqa: D102
    @property
    def cluster(self) -> Part[ClusterFacts]: ...  # noqa: D102
    @property
    def identity(self) -> Part[IdentityFacts]: ...  # noqa: D102
    @property
    def database(self) -> Part[DatabaseFacts]: ...  # noqa: D102
    @property
    def cache(self) -> Part[CacheFacts]: ...  # noqa: D102
    @property
    def storage(self) -> Part[ObjectStoreFacts]: ...  # noqa: D102
    @property
    def edge(self) -> Part[EdgeFacts]: ...  # noqa: D102

    def backup(self) -> None:
        """Vault and policies with copies in another region, for what the data stores do not back up themselves."""
        ...

    def governance(self) -> None:
        """Budget with alerts, audit trail, and the schedule that shuts a development cell down."""
        ...

    def routing(self, domain: str, endpoints: Sequence[Endpoint]) -> None:
        """DNS zone of the domain and health-checked records over all cells; asked of the first cell's cloud."""
        ...


@dataclass(frozen=True)
class Endpoint:
    """One cell as the global routing sees it."""

    cell: str
    region: str
    platform: str
    role: Literal["primary", "standby"]
    address: pulumi.Output[str]
    records: Sequence[DnsRecord] = ()
    """What the cell's edge asks for in the zone of the domain; the routing writes it there."""


@dataclass(frozen=True)
class WorkloadFacts:
    """Where the service answers."""

    url: pulumi.Output[str]


class Platform(Protocol):
    """A place where a cell can run."""

    def build(self) -> WorkloadFacts | None:
        """Declare all that the stack's layer asks for; no workload in layer `platform`."""
        ...

    def outputs(self) -> dict[str, pulumi.Input[Any]]:
        """Stack outputs that help whoever runs the cell, and what layer `workload` reads."""
        ...
