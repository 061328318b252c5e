"""The way in: a load balancer of the cluster's own, or a port of its nodes."""

from __future__ import annotations

import pulumi

from infra.config.cells import Cell
from infra.contracts import EdgeFacts

INSIDE = "api.costate.svc.cluster.local"
"""How pods of the cluster ask for the API: the address where nothing leads in from outside."""


class Edge:
    """With a domain `node_port` is the gateway's, over TLS; without one it is the API's own."""

    def __init__(self, *, cell: Cell, domain: str) -> None:
        address = cell.address or ("127.0.0.1" if cell.node_port else INSIDE)
        self.facts = EdgeFacts(
            address=pulumi.Output.from_input(address),
            annotations=pulumi.Output.from_input({}),
            node_port=cell.node_port if domain else None,
            plain_port=None if domain else cell.node_port,
            tls=bool(domain),
        )
