"""What network policies let through, by the rules of the Kubernetes API.

A connection passes when the policies of its source let it out and those of its target let it in; a pod that no
policy of a direction selects is open in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any


@dataclass(frozen=True)
class Pod:
    """A pod, by its namespace's name and its labels."""

    namespace: str
    labels: Mapping[str, str]


Host = Pod | str
"""A pod, or an address outside the cluster."""


def passes(
    policies: Sequence[Mapping[str, Any]], source: Host, target: Host, port: int, protocol: str = "TCP"
) -> bool:
    """Whether the source may open a connection to that port of the target."""
    out = _open(policies, source, target, "Egress", "to", port, protocol)
    return out and _open(policies, target, source, "Ingress", "from", port, protocol)


def _open(
    policies: Sequence[Mapping[str, Any]],
    here: Host,
    there: Host,
    direction: str,
    side: str,
    port: int,
    protocol: str,
) -> bool:
    if isinstance(here, str):
        return True  # nobody's policies are on the other side of the cluster's edge
    chosen = [
        policy
        for policy in policies
        if policy["metadata"]["namespace"] == here.namespace
        and direction in policy["spec"]["policyTypes"]
        and _selected(policy["spec"]["podSelector"], here.labels)
    ]
    rules = [
        (rule, here.namespace) for policy in chosen for rule in policy["spec"].get(direction.lower()) or ()
    ]
    return not chosen or any(_ruled(rule, own, there, side, port, protocol) for rule, own in rules)


def _ruled(rule: Mapping[str, Any], own: str, there: Host, side: str, port: int, protocol: str) -> bool:
    ports, peers = rule.get("ports"), rule.get(side)
    fits = not ports or any(one["port"] == port and one["protocol"] == protocol for one in ports)
    return fits and (not peers or any(_peer(peer, own, there) for peer in peers))


def _peer(peer: Mapping[str, Any], own: str, there: Host) -> bool:
    if isinstance(there, str):
        block = peer.get("ipBlock")
        if block is None:
            return False
        assert block.keys() == {"cidr"}, "exceptions are not read"
        inside: bool = ip_address(there) in ip_network(block["cidr"])
        return inside
    if "ipBlock" in peer:
        return False  # whether a pod's address counts is left open by the API: nothing may rest on it
    spaces = peer.get("namespaceSelector")
    space = {"kubernetes.io/metadata.name": there.namespace}
    known = there.namespace == own if spaces is None else _selected(spaces, space)
    return known and _selected(peer.get("podSelector") or {}, there.labels)


def _selected(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    assert selector.keys() <= {"matchLabels"}, "expressions are not read"
    wanted = selector.get("matchLabels") or {}
    return all(labels.get(key) == value for key, value in wanted.items())
