"""The cell's network: three subnets, one way out, no way in."""

from __future__ import annotations

import pulumi
from pulumi_gcp import compute

from infra.contracts import NetworkFacts
from infra.place import Place
from infra.platforms.gcp.firewall import Firewall
from infra.platforms.gcp.private_access import PrivateAccess

PODS = "pods"
SERVICES = "services"
"""Names of the secondary ranges of the private subnet."""


class Network(pulumi.ComponentResource):
    """A network of our own.

    A subnet of Google Cloud spans the region, so one stands for all three zones: `private` has nodes and pods,
    `public` the addresses of load balancers, `data` the endpoints of data stores. No machine has a public
    address; what leaves goes through NAT with addresses that do not change.
    """

    facts: NetworkFacts

    def __init__(self, name: str, *, place: Place, opts: pulumi.ResourceOptions) -> None:
        super().__init__("costate:gcp:Network", name, None, opts)
        self._place = place
        self.network = compute.Network(
            place.name,
            description=f"Network of {place.name}",
            auto_create_subnetworks=False,
            # The route out is our own, so that it can be seen.
            delete_default_routes_on_create=True,
            routing_mode="REGIONAL",
            opts=pulumi.ResourceOptions(parent=self),
        )
        plan = place.network
        self.private = self._subnet(
            "private",
            plan.private[0],
            [
                compute.SubnetworkSecondaryIpRangeArgs(range_name=PODS, ip_cidr_range=plan.pods),
                compute.SubnetworkSecondaryIpRangeArgs(range_name=SERVICES, ip_cidr_range=plan.services),
            ],
        )
        self.public = self._subnet("public", plan.public[0])
        self.data = self._subnet("data", plan.data[0])
        self._way_out()
        Firewall(
            f"{name}-firewall",
            place=place,
            network=self.network,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.access = PrivateAccess(
            f"{name}-access",
            place=place,
            network=self.network,
            data=self.data,
            opts=pulumi.ResourceOptions(parent=self),
        )
        zones = len(place.zones)
        self.facts = NetworkFacts(
            id=self.network.id,
            private_subnets=(self.private.id,) * zones,
            public_subnets=(self.public.id,) * zones,
            data_subnets=(self.data.id,) * zones,
        )
        self.register_outputs({})

    def _subnet(
        self, kind: str, cidr: str, secondary: list[compute.SubnetworkSecondaryIpRangeArgs] | None = None
    ) -> compute.Subnetwork:
        return compute.Subnetwork(
            f"{self._place.name}-{kind}",
            network=self.network.id,
            region=self._place.region,
            ip_cidr_range=cidr,
            secondary_ip_ranges=secondary or [],
            private_ip_google_access=True,
            log_config=compute.SubnetworkLogConfigArgs(
                aggregation_interval="INTERVAL_5_MIN",
                flow_sampling=0.5,
                metadata="INCLUDE_ALL_METADATA",
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _way_out(self) -> None:
        """One route, and NAT for the private subnet alone."""
        route = compute.Route(
            f"{self._place.name}-out",
            network=self.network.id,
            dest_range="0.0.0.0/0",
            next_hop_gateway="default-internet-gateway",
            priority=1000,
            opts=pulumi.ResourceOptions(parent=self),
        )
        router = compute.Router(
            f"{self._place.name}-router",
            network=self.network.id,
            region=self._place.region,
            opts=pulumi.ResourceOptions(parent=self),
        )
        addresses = [
            compute.Address(
                f"{self._place.name}-nat-{index}",
                region=self._place.region,
                address_type="EXTERNAL",
                labels=dict(self._place.tags),
                opts=pulumi.ResourceOptions(parent=self),
            )
            for index in range(2 if self._place.production else 1)
        ]
        compute.RouterNat(
            f"{self._place.name}-nat",
            router=router.name,
            region=self._place.region,
            nat_ip_allocate_option="MANUAL_ONLY",
            nat_ips=[address.self_link for address in addresses],
            source_subnetwork_ip_ranges_to_nat="LIST_OF_SUBNETWORKS",
            subnetworks=[
                compute.RouterNatSubnetworkArgs(
                    name=self.private.id, source_ip_ranges_to_nats=["ALL_IP_RANGES"]
                )
            ],
            # Ports are given as needed: a node that opens many connections does not starve, a quiet one holds few.
            enable_dynamic_port_allocation=True,
            enable_endpoint_independent_mapping=False,
            min_ports_per_vm=128,
            max_ports_per_vm=8192,
            log_config=compute.RouterNatLogConfigArgs(enable=True, filter="ERRORS_ONLY"),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[route]),
        )
