"""The cell's entry: from outside where the stack has a domain, else from its own network only."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pulumi
from pulumi_gcp import compute

from infra.contracts import EdgeFacts
from infra.place import Place
from infra.platforms.gcp.certificate import DomainCertificate
from infra.platforms.gcp.load_balancer import LoadBalancer
from infra.platforms.gcp.network import Network
from infra.platforms.gcp.node_account import NodeAccount


class Edge(pulumi.ComponentResource):
    """One address that does not change.

    Nobody can be sure whom he talks to without a name, so nothing is public without one. The Service's own
    load balancer is internal in both cases: the public one sends to the gateway's pods directly.
    """

    facts: EdgeFacts
    certificate: DomainCertificate | None

    def __init__(
        self,
        name: str,
        *,
        place: Place,
        domain: str,
        fronted: bool,
        network: Network,
        account: NodeAccount,
        primary: Edge | None,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("costate:gcp:Edge", name, None, opts)
        self._place, self._fronted = place, fronted
        inside: Mapping[str, pulumi.Input[str]] = {
            "networking.gke.io/load-balancer-type": "Internal",
            "networking.gke.io/internal-load-balancer-subnet": network.public.name,
        }
        if domain:
            self.facts = self._public(name, domain, network, account, primary, inside)
        else:
            self.certificate = None
            self.facts = self._private(network, inside)
        self.register_outputs({})

    def _private(self, network: Network, inside: Mapping[str, pulumi.Input[str]]) -> EdgeFacts:
        address = compute.Address(
            f"{self._place.name}-entry",
            region=self._place.region,
            address_type="INTERNAL",
            subnetwork=network.public.id,
            labels=dict(self._place.tags),
            opts=pulumi.ResourceOptions(parent=self),
        )
        return EdgeFacts(
            address=address.address,
            annotations=pulumi.Output.all(
                **inside, **{"networking.gke.io/load-balancer-ip-addresses": address.name}
            ),
        )

    def _public(
        self,
        name: str,
        domain: str,
        network: Network,
        account: NodeAccount,
        primary: Edge | None,
        inside: Mapping[str, pulumi.Input[str]],
    ) -> EdgeFacts:
        address = compute.GlobalAddress(
            f"{self._place.name}-entry",
            address_type="EXTERNAL",
            ip_version="IPV4",
            labels=dict(self._place.tags),
            opts=pulumi.ResourceOptions(parent=self),
        )
        followed = primary.certificate if primary is not None else None
        # It is global, and a project has one record for a domain: a standby's is its primary's.
        self.certificate = followed or DomainCertificate(
            f"{name}-certificate",
            place=self._place,
            domain=domain,
            opts=pulumi.ResourceOptions(parent=self),
        )
        balancer = LoadBalancer(
            f"{name}-balancer",
            place=self._place,
            domain=domain,
            fronted=self._fronted,
            certificates=self.certificate.map,
            address=address,
            network=network,
            account=account,
            opts=pulumi.ResourceOptions(parent=self),
        )
        groups = {"exposed_ports": {"443": {"name": balancer.group}}}
        return EdgeFacts(
            address=address.address,
            annotations=pulumi.Output.all(**inside, **{"cloud.google.com/neg": json.dumps(groups)}),
            records=[] if followed else [self.certificate.record],
        )
