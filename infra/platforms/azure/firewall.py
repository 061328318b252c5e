"""What may talk to what in a cell's network, as data: every group ends with rules that deny all the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pulumi_azure_native import network

from infra.cidr import NetworkPlan

Tier = Literal["nodes", "public", "postgres", "cache", "storage", "endpoints", "control-plane"]
"""What a subnet is for: each has a network security group of its own."""

REDIS_PORT = "10000"
POSTGRES_PORTS = ("5432", "6432")


@dataclass(frozen=True)
class Rule:
    """Traffic that is allowed; ranges are addresses or Azure's service tags."""

    name: str
    direction: Literal["Inbound", "Outbound"]
    source: tuple[str, ...]
    destination: tuple[str, ...]
    ports: tuple[str, ...]
    why: str
    protocol: Literal["Tcp", "Udp", "*"] = "Tcp"


def rules(
    plan: NetworkPlan, public_access: Sequence[str], *, behind_front: bool
) -> Mapping[Tier, tuple[Rule, ...]]:
    """Rules by tier; `public_access` are the ranges that may reach the control plane from outside.

    `behind_front` is whether Front Door stands before the cell: then it alone may enter.
    """
    nodes, control = plan.private, (plan.control_plane,)
    cluster = (*nodes, plan.pods)
    postgres, cache, storage = ((subnet,) for subnet in plan.data)
    endpoints = (plan.endpoints,)
    anywhere = ("0.0.0.0/0",)
    users = "AzureFrontDoor.Backend" if behind_front else "Internet"
    return {
        "nodes": (
            _in("cluster", cluster, cluster, ("*",), "nodes and pods among each other", "*"),
            _in("control-plane", control, nodes, ("*",), "kubelet and webhooks"),
            _in("probes", ("AzureLoadBalancer",), anywhere, ("*",), "health probes"),
            # The load balancer keeps its own address as the destination, which the network does not know.
            _in("users", (users,), anywhere, ("443",), "the service's public entry"),
            _in("acme", ("Internet",), anywhere, ("80",), "proof of the origin's certificate (HTTP-01)"),
            _out("cluster", cluster, cluster, ("*",), "nodes and pods among each other", "*"),
            _out("control-plane", nodes, control, ("443", "4443"), "the API server and its tunnel"),
            _out("postgres", nodes, postgres, POSTGRES_PORTS, "the database"),
            _out("cache", nodes, cache, (REDIS_PORT,), "the cache"),
            _out("stores", nodes, (*storage, *endpoints), ("443",), "blobs, images, secrets"),
            _out("internet", nodes, ("Internet",), ("443",), "Entra, Azure's control plane, ACME, alerts"),
            _out("time", nodes, ("Internet",), ("123",), "NTP", "Udp"),
        ),
        # Nothing of the platform stands there: load balancers front on public addresses, not in subnets.
        "public": (),
        "postgres": (
            _in("clients", ("VirtualNetwork",), postgres, POSTGRES_PORTS, "nodes, and replicas in peers"),
            _in("standby", postgres, postgres, ("*",), "the standby in another zone"),
            _out("replicas", postgres, ("VirtualNetwork",), POSTGRES_PORTS, "a primary in a peer"),
            _out("standby", postgres, postgres, ("*",), "the standby in another zone"),
            _out("log-archive", postgres, ("Storage",), ("443",), "write-ahead log to Azure's storage"),
            _out("entra", postgres, ("AzureActiveDirectory",), ("443",), "checks of tokens"),
        ),
        "cache": (_in("nodes", nodes, cache, (REDIS_PORT,), "clients"),),
        "storage": (_in("nodes", nodes, storage, ("443",), "clients"),),
        "endpoints": (_in("cluster", (*nodes, *control), endpoints, ("443",), "clients, and KMS"),),
        "control-plane": (
            _in("nodes", nodes, control, ("443", "4443"), "kubelets and pods"),
            _in("probes", ("AzureLoadBalancer",), control, ("9988",), "health probes"),
            *(
                (_in("operators", tuple(public_access), control, ("443",), "costate:cluster.public_access"),)
                if public_access
                else ()
            ),
            _out("nodes", control, nodes, ("*",), "kubelet and webhooks"),
            _out("kms", control, endpoints, ("443",), "our key of the secrets"),
            _out("azure", control, ("AzureCloud",), ("443",), "Azure's own part of the control plane"),
        ),
    }


def security_rules(allowed: Sequence[Rule]) -> list[network.SecurityRuleArgs]:
    """The rules as Azure takes them: first what is allowed, last a denial in either direction."""
    listed = [
        network.SecurityRuleArgs(
            name=f"allow-{rule.direction.lower()}-{rule.name}",
            description=rule.why,
            access=network.SecurityRuleAccess.ALLOW,
            direction=rule.direction,
            priority=100 + 10 * place,
            protocol=rule.protocol,
            source_port_range="*",
            destination_port_ranges=list(rule.ports),
            source_address_prefix=_single(rule.source),
            source_address_prefixes=_several(rule.source),
            destination_address_prefix=_single(rule.destination),
            destination_address_prefixes=_several(rule.destination),
        )
        for place, rule in enumerate(allowed)
    ]
    # Azure's own last rules allow everything inside the network and out to the Internet: ours stand before.
    denied = [
        network.SecurityRuleArgs(
            name=f"deny-{direction.lower()}-rest",
            access=network.SecurityRuleAccess.DENY,
            direction=direction,
            priority=4096,
            protocol=network.SecurityRuleProtocol.ASTERISK,
            source_address_prefix="*",
            source_port_range="*",
            destination_address_prefix="*",
            destination_port_range="*",
        )
        for direction in ("Inbound", "Outbound")
    ]
    return listed + denied


def _single(ranges: tuple[str, ...]) -> str | None:
    """Azure takes one range, or a tag, in the singular input."""
    return ranges[0] if len(ranges) == 1 else None


def _several(ranges: tuple[str, ...]) -> list[str] | None:
    return list(ranges) if len(ranges) > 1 else None


def _in(
    name: str,
    source: tuple[str, ...],
    destination: tuple[str, ...],
    ports: tuple[str, ...],
    why: str,
    protocol: Literal["Tcp", "Udp", "*"] = "Tcp",
) -> Rule:
    return Rule(name, "Inbound", source, destination, ports, why, protocol)


def _out(
    name: str,
    source: tuple[str, ...],
    destination: tuple[str, ...],
    ports: tuple[str, ...],
    why: str,
    protocol: Literal["Tcp", "Udp", "*"] = "Tcp",
) -> Rule:
    return Rule(name, "Outbound", source, destination, ports, why, protocol)
