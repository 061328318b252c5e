"""Where the data stores stand: a namespace of their own that only the product's pods reach."""

from __future__ import annotations

import pulumi

from infra.kubernetes.accounts import PRODUCT
from infra.kubernetes.flows import CLUSTER_DNS, DNS, MONITORING, Flow, NetworkPolicies, Peer, pods
from infra.kubernetes.namespace import Namespace
from infra.kubernetes.priorities import DATA, Priorities

NAMESPACE = "costate-data"
OPERATOR = "cnpg-system"
POSTGRES, VALKEY = "postgres", "valkey"
POSTGRES_PORT, VALKEY_PORT = 5432, 6379
METRICS_PORT, STATUS_PORT = 9187, 8000
"""Of CloudNativePG's servers: metrics, and what the operator asks for their health."""

ANYWHERE = Peer(ranges=("0.0.0.0/0",))


class Network(pulumi.ComponentResource):
    """Namespace, network policies and priority of the data stores."""

    def __init__(self, name: str, *, operated: bool, opts: pulumi.ResourceOptions) -> None:
        """`operated` says whether the servers of the database are CloudNativePG's."""
        super().__init__("costate:existing:Network", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.namespace = Namespace(
            f"{name}-namespace", namespace=NAMESPACE, pods=12, cpu=32, memory_gib=96, opts=child
        ).name
        Priorities(f"{name}-priorities", priorities=DATA, opts=child)
        NetworkPolicies(f"{name}-flows", namespace=self.namespace, flows=flows(operated), opts=child)
        self.register_outputs({})


def labels(server: str) -> dict[str, str]:
    """Labels of a server's pods."""
    return dict(pods(server).pods or {})


def flows(operated: bool) -> list[Flow]:
    """Who may talk to the data stores, and to whom these may talk."""
    product = Peer(namespace=PRODUCT, pods={"app.kubernetes.io/part-of": "costate"})
    postgres, valkey = pods(POSTGRES), pods(VALKEY)
    found = [Flow(product, postgres, POSTGRES_PORT), Flow(product, valkey, VALKEY_PORT)]
    if not operated:
        return found
    operator = Peer(namespace=OPERATOR)
    found += [Flow(postgres, CLUSTER_DNS, DNS, protocol) for protocol in ("UDP", "TCP")]
    found += [Flow(operator, postgres, port) for port in (POSTGRES_PORT, STATUS_PORT)]
    found += [Flow(postgres, postgres, port) for port in (POSTGRES_PORT, STATUS_PORT)]
    # Each server watches its own Cluster through the API of Kubernetes, which has an address of no pod.
    found += [Flow(postgres, ANYWHERE, port) for port in (443, 6443)]
    return [*found, Flow(MONITORING, postgres, METRICS_PORT)]
