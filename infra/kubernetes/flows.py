"""Who may talk to whom: one matrix, from which network policies are made and against which they are tested."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes import meta, networking

from infra.contracts import ServerPods

DNS = 53


@dataclass(frozen=True)
class Peer:
    """One end of a flow: pods by labels, in a namespace by name, or ranges outside the cluster."""

    pods: Mapping[str, str] | None = None
    namespace: str = ""
    """Empty is the product's own."""
    ranges: tuple[str, ...] = ()


@dataclass(frozen=True)
class Flow:
    """`source` may open connections to `target` on a port."""

    source: Peer
    target: Peer
    port: int
    protocol: str = "TCP"


def pods(name: str) -> Peer:
    """Pods of the product."""
    return Peer(pods={"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "costate"})


def data_store(found: ServerPods | None, ranges: Sequence[str]) -> Peer:
    """A data store: pods of the cluster, or somewhere in the ranges of the cell's network for data."""
    return Peer(pods=found.labels, namespace=found.namespace) if found else Peer(ranges=tuple(ranges))


GATEWAY = Peer(namespace="envoy-gateway-system")
MONITORING = Peer(namespace="monitoring")
AUTOSCALER = Peer(namespace="keda")
COLLECTOR = Peer(namespace="opentelemetry")
CLUSTER_DNS = Peer(namespace="kube-system", pods={"k8s-app": "kube-dns"})


def matrix(
    processes: Mapping[str, int],
    *,
    data: Mapping[int, Peer],
    issuers: Mapping[int, Sequence[str]],
    outside: Mapping[int, Sequence[str]],
    entry: int | None = None,
    traces: int | None = None,
    tasks: Sequence[str] = ("migrations",),
    drills: Sequence[str] = (),
) -> tuple[Flow, ...]:
    """All flows of the product.

    `processes` gives the port that each listens on. `data` gives, by port, where databases and caches are;
    `issuers`, by port, where pods ask for tokens of their identity, `outside` the ranges that hold object storage
    and the cloud's own interfaces.
    `entry` is the port of the API where ports of the nodes lead straight to it.
    `traces` is the port of the collector of traces, where there is one.
    `tasks` are processes that listen to nobody; `drills` are such as have no business with the data stores.
    """
    flows = [Flow(GATEWAY, pods("api"), processes["api"]), Flow(AUTOSCALER, pods("api"), processes["api"])]
    if entry is not None:
        flows.append(Flow(Peer(ranges=("0.0.0.0/0",)), pods("api"), entry))
    flows += [Flow(MONITORING, pods(name), port) for name, port in processes.items()]
    if traces is not None:
        flows += [Flow(pods(name), COLLECTOR, traces) for name in processes]
    everybody = [*processes, *tasks, *drills]
    flows += [
        Flow(pods(name), CLUSTER_DNS, DNS, protocol) for name in everybody for protocol in ("UDP", "TCP")
    ]
    flows += [Flow(pods(name), peer, port) for name in (*processes, *tasks) for port, peer in data.items()]
    flows += [
        Flow(pods(name), Peer(ranges=tuple(ranges)), port)
        for name in everybody
        for port, ranges in (*issuers.items(), *outside.items())
    ]
    return tuple(flows)


class NetworkPolicies(pulumi.ComponentResource):
    """Nothing may talk to anything but what the matrix says."""

    def __init__(
        self,
        name: str,
        *,
        namespace: pulumi.Input[str],
        flows: Sequence[Flow],
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("costate:kubernetes:NetworkPolicies", name, None, opts)
        self._name, self._namespace, self._child = name, namespace, pulumi.ResourceOptions(parent=self)
        self._policy("deny-all", {}, ["Ingress", "Egress"])
        names = sorted(
            {
                end.pods["app.kubernetes.io/name"]
                for flow in flows
                for end in (flow.source, flow.target)
                if end.pods and not end.namespace
            }
        )
        for found in names:
            own = pods(found)
            self._policy(
                found,
                dict(own.pods or {}),
                ["Ingress", "Egress"],
                [
                    networking.v1.NetworkPolicyIngressRuleArgs(
                        from_=[_peer(flow.source)], ports=[_port(flow)]
                    )
                    for flow in flows
                    if flow.target == own
                ],
                [
                    networking.v1.NetworkPolicyEgressRuleArgs(
                        to=[_peer(Peer(ranges=(one,))) for one in flow.target.ranges] or [_peer(flow.target)],
                        ports=[_port(flow)],
                    )
                    for flow in flows
                    if flow.source == own
                ],
            )
        self.register_outputs({})

    def _policy(
        self,
        name: str,
        labels: dict[str, str],
        types: list[str],
        ingress: list[networking.v1.NetworkPolicyIngressRuleArgs] | None = None,
        egress: list[networking.v1.NetworkPolicyEgressRuleArgs] | None = None,
    ) -> None:
        networking.v1.NetworkPolicy(
            f"{self._name}-{name}",
            metadata=meta.v1.ObjectMetaArgs(name=name, namespace=self._namespace),
            spec=networking.v1.NetworkPolicySpecArgs(
                pod_selector=meta.v1.LabelSelectorArgs(match_labels=labels or None),
                policy_types=types,
                ingress=ingress,
                egress=egress,
            ),
            opts=self._child,
        )


def _peer(peer: Peer) -> networking.v1.NetworkPolicyPeerArgs:
    if peer.ranges:
        return networking.v1.NetworkPolicyPeerArgs(ip_block=networking.v1.IPBlockArgs(cidr=peer.ranges[0]))
    return networking.v1.NetworkPolicyPeerArgs(
        pod_selector=meta.v1.LabelSelectorArgs(match_labels=dict(peer.pods)) if peer.pods else None,
        namespace_selector=meta.v1.LabelSelectorArgs(
            match_labels={"kubernetes.io/metadata.name": peer.namespace}
        )
        if peer.namespace
        else None,
    )


def _port(flow: Flow) -> networking.v1.NetworkPolicyPortArgs:
    return networking.v1.NetworkPolicyPortArgs(port=flow.port, protocol=flow.protocol)
