"""The two halves of a split stack: facts that layer `platform` exports, and layer `workload` reads back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from infra.config.stack import StackConfig
from infra.contracts import (
    ACCOUNTS,
    Account,
    Authentication,
    CacheFacts,
    CellFacts,
    ClusterFacts,
    ClusterObject,
    DatabaseFacts,
    EdgeFacts,
    IdentityFacts,
    NodeMakerFacts,
    ObjectStoreFacts,
    RegistryFacts,
    ServiceAccountFacts,
)


@dataclass(frozen=True)
class Shape:
    """What of a cell's facts is plain: it decides which objects there are, so it must be known before any output.

    The same for every cell of a cloud; a contract test holds it against what the cloud's parts say.
    """

    database_port: int
    database_name: str
    database_authentication: Authentication
    database_users: tuple[Account, ...]
    database_authority: bool
    cache_port: int
    cache_authority: bool
    node_port: int | None


USERS: tuple[Account, ...] = ("api", "backup", "migrations", "worker")

SHAPES: Mapping[str, Shape] = {
    "aws": Shape(5432, "costate", "secret", (), True, 6379, False, 30443),
    "gcp": Shape(5432, "costate", "identity", USERS, True, 6379, True, None),
    "azure": Shape(5432, "costate", "identity", USERS, False, 10000, False, None),
}


def shape(facts: CellFacts) -> Shape:
    """The plain part of facts."""
    database, cache = facts.database, facts.cache
    return Shape(
        database_port=database.port,
        database_name=database.name,
        database_authentication=database.authentication,
        database_users=tuple(sorted(database.users)),
        database_authority=database.authority is not None,
        cache_port=cache.port,
        cache_authority=cache.authority is not None,
        node_port=facts.edge.node_port,
    )


def _told(maker: NodeMakerFacts | None) -> dict[str, Any]:
    if maker is None:
        return {}
    return {"values": maker.values, "objects": {f"{one.kind} {one.name}": one.spec for one in maker.objects}}


def output_prefix(stack: StackConfig, platform: str, region: str) -> str:
    """What stands before the names of a cell's outputs: nothing in a stack of one cell."""
    return f"{platform}-{region}-" if len(stack.cells) > 1 else ""


def exported(facts: CellFacts) -> dict[str, Any]:
    """Facts as one stack output; no password is among them."""
    database, cache = facts.database, facts.cache
    return {
        "cluster": {
            "name": facts.cluster.name,
            "endpoint": facts.cluster.endpoint,
            "identifier": facts.cluster.identifier,
            "node_maker": _told(facts.cluster.node_maker),
        },
        "identity": {
            account: {"annotations": found.annotations, "labels": found.labels}
            for account, found in facts.identity.accounts.items()
        },
        "secret_store": facts.identity.secret_store or {},
        "database": {
            "id": database.id,
            "host": database.host,
            "user": database.user,
            "secret": database.secret,
            "users": dict(database.users),
            "authority": database.authority or "",
        },
        "cache": {"host": cache.host, "user": cache.user, "authority": cache.authority or ""},
        "store": {"id": facts.store.id, "url": facts.store.url},
        "registry": {"repository": facts.registry.repository},
        "edge": {"address": facts.edge.address, "annotations": facts.edge.annotations},
    }


def node_objects(stack: StackConfig) -> tuple[tuple[str, str, str], ...]:
    """Version, kind and name of what the maker of a cell's nodes is told, in order; none where pools are sized."""
    if stack.cluster.node_autoscaler != "karpenter":
        return ()
    pools = ("cpu", *(f"gpu-{name}" for name in (stack.gpu.kept if stack.gpu else ())))
    machine = ("karpenter.k8s.aws/v1", "EC2NodeClass", "costate")
    return (machine, *(("karpenter.sh/v1", "NodePool", pool) for pool in pools))


def imported(
    given: pulumi.Output[Mapping[str, Any]],
    kubeconfig: pulumi.Output[str],
    known: Shape,
    stack: StackConfig,
) -> CellFacts:
    """The inverse of `exported`, for a stack of the same configuration."""

    def at(*path: str) -> pulumi.Output[Any]:
        def find(found: Any) -> Any:
            for part in path:
                found = found[part]
            return found

        return given.apply(find)

    return CellFacts(
        cluster=ClusterFacts(
            name=at("cluster", "name"),
            endpoint=at("cluster", "endpoint"),
            identifier=at("cluster", "identifier"),
            kubeconfig=kubeconfig,
            node_maker=NodeMakerFacts(
                "karpenter",
                {key: at("cluster", "node_maker", "values", key) for key in ("settings", "serviceAccount")},
                [
                    ClusterObject(
                        version, kind, name, at("cluster", "node_maker", "objects", f"{kind} {name}")
                    )
                    for version, kind, name in node_objects(stack)
                ],
            )
            if node_objects(stack)
            else None,
        ),
        identity=IdentityFacts(
            {
                account: ServiceAccountFacts(
                    annotations=at("identity", account, "annotations"),
                    labels=at("identity", account, "labels"),
                )
                for account in ACCOUNTS
            },
            secret_store=at("secret_store") if known.database_authentication == "secret" else None,
        ),
        database=DatabaseFacts(
            id=at("database", "id"),
            host=at("database", "host"),
            port=known.database_port,
            name=known.database_name,
            user=at("database", "user"),
            authentication=known.database_authentication,
            secret=at("database", "secret"),
            users={account: at("database", "users", account) for account in known.database_users},
            authority=at("database", "authority") if known.database_authority else None,
        ),
        cache=CacheFacts(
            host=at("cache", "host"),
            port=known.cache_port,
            user=at("cache", "user"),
            authentication="identity",
            secret=pulumi.Output.from_input(""),
            authority=at("cache", "authority") if known.cache_authority else None,
        ),
        store=ObjectStoreFacts(id=at("store", "id"), url=at("store", "url")),
        registry=RegistryFacts(at("registry", "repository")),
        edge=EdgeFacts(
            address=at("edge", "address"),
            annotations=at("edge", "annotations"),
            node_port=known.node_port,
        ),
    )
