"""The cell's network: a subnet for each purpose and zone, closed but for what `firewall` allows.

Azure's subnets span zones. There are three of a purpose all the same: a private one for the nodes of each zone,
because a NAT gateway stands in one zone and serves whole subnets, so that the fault of a zone stays in it; of the
data ones the first is delegated to PostgreSQL, the others hold the endpoints of cache and blobs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import network, privatedns

from infra.contracts import NetworkFacts
from infra.place import Place
from infra.platforms.azure.firewall import Rule, Tier, rules, security_rules
from infra.platforms.azure.group import Group
from infra.platforms.azure.private_endpoint import ZONES, Service, link, zone


@dataclass(frozen=True)
class _Subnet:
    """What one subnet shall be."""

    name: str
    cidr: str
    tier: Tier
    nat: int | None = None
    """Index of the NAT gateway; none has no way out."""
    delegation: str = ""


class Network(pulumi.ComponentResource):
    """Virtual network, subnets, NAT gateways, security groups and private DNS zones."""

    facts: NetworkFacts

    def __init__(
        self,
        name: str,
        *,
        place: Place,
        group: Group,
        public_access: tuple[str, ...],
        behind_front: bool,
        primary: Network | None,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("costate:azure:Network", name, None, opts)
        self._name, self._place, self.group = name, place, group
        self.zones = zones_in_use(place)
        self.vnet = network.VirtualNetwork(
            name,
            resource_group_name=group.name,
            location=group.location,
            address_space=network.AddressSpaceArgs(address_prefixes=[place.network.cidr]),
            tags=place.tags,
            opts=self._child(),
        )
        nats = [self._nat(zone) for zone in self.zones]
        guards = self._guards(rules(place.network, public_access, behind_front=behind_front))
        subnets = self._subnets(_planned(place, len(nats)), nats, guards)
        self.endpoints = subnets["endpoints"]
        self.control_plane = subnets["control-plane"]
        self.private_zones = {
            service: zone(
                f"{name}-{service}", domain=domain, place=place, group=group, vnet=self.vnet.id, parent=self
            )[0].id
            for service, domain in ZONES.items()
        }
        postgres, linked = self._postgres_zone()
        self.postgres_zone = postgres.id
        # What PostgreSQL waits for: without it the server is not found, or its replica finds no primary.
        self.joined: list[pulumi.Resource] = [linked, *(self._peer(primary) if primary else ())]
        self.facts = NetworkFacts(
            id=self.vnet.id,
            private_subnets=[subnets[f"private-{zone}"] for zone in place.zones],
            public_subnets=[subnets[f"public-{zone}"] for zone in place.zones],
            data_subnets=[subnets[f"data-{tier}"] for tier in ("postgres", "cache", "storage")],
        )
        self.register_outputs({"id": self.vnet.id})

    def private_zone(self, service: Service) -> pulumi.Output[str]:
        """Id of the private DNS zone of a service."""
        return self.private_zones[service]

    def _child(self, after: Sequence[pulumi.Resource] = ()) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=after)

    def _nat(self, zone: str) -> network.NatGateway:
        """The way out of a zone, with a fixed address that others can allow."""
        name, place, group = f"{self._name}-nat-{zone}", self._place, self.group
        address = network.PublicIPAddress(
            name,
            resource_group_name=group.name,
            location=group.location,
            sku=network.PublicIPAddressSkuArgs(name=network.PublicIPAddressSkuName.STANDARD),
            public_ip_allocation_method=network.IPAllocationMethod.STATIC,
            zones=[zone],
            tags=place.tags,
            opts=self._child(),
        )
        return network.NatGateway(
            name,
            resource_group_name=group.name,
            location=group.location,
            sku=network.NatGatewaySkuArgs(name=network.NatGatewaySkuName.STANDARD),
            public_ip_addresses=[network.SubResourceArgs(id=address.id)],
            idle_timeout_in_minutes=10,
            zones=[zone],
            tags=place.tags,
            opts=self._child(),
        )

    def _guards(self, allowed: Mapping[Tier, tuple[Rule, ...]]) -> dict[Tier, network.NetworkSecurityGroup]:
        return {
            tier: network.NetworkSecurityGroup(
                f"{self._name}-{tier}",
                resource_group_name=self.group.name,
                location=self.group.location,
                security_rules=security_rules(listed),
                tags=self._place.tags,
                opts=self._child(),
            )
            for tier, listed in allowed.items()
        }

    def _subnets(
        self,
        planned: list[_Subnet],
        nats: list[network.NatGateway],
        guards: dict[Tier, network.NetworkSecurityGroup],
    ) -> dict[str, pulumi.Output[str]]:
        """The subnets one after the other: Azure refuses two changes of one network at a time."""
        made: dict[str, network.Subnet] = {}
        for subnet in planned:
            made[subnet.name] = network.Subnet(
                f"{self._name}-{subnet.name}",
                subnet_name=subnet.name,
                resource_group_name=self.group.name,
                virtual_network_name=self.vnet.name,
                address_prefix=subnet.cidr,
                default_outbound_access=False,
                nat_gateway=(None if subnet.nat is None else network.SubResourceArgs(id=nats[subnet.nat].id)),
                network_security_group=network.NetworkSecurityGroupArgs(id=guards[subnet.tier].id),
                # Without this the rules do not hold for private endpoints.
                private_endpoint_network_policies=network.VirtualNetworkPrivateEndpointNetworkPolicies.ENABLED,
                delegations=(
                    [network.DelegationArgs(name="service", service_name=subnet.delegation)]
                    if subnet.delegation
                    else []
                ),
                opts=self._child(after=list(made.values())[-1:]),
            )
        return {name: subnet.id for name, subnet in made.items()}

    def _postgres_zone(self) -> tuple[privatedns.PrivateZone, privatedns.VirtualNetworkLink]:
        """The zone that a PostgreSQL server in a delegated subnet writes its name into."""
        return zone(
            f"{self._name}-postgres",
            domain=f"{self._place.name}.private.postgres.database.azure.com",
            place=self._place,
            group=self.group,
            vnet=self.vnet.id,
            parent=self,
        )

    def _peer(self, primary: Network) -> list[pulumi.Resource]:
        """Join the network to the primary's, both ways: a replica follows its server over private addresses."""
        peerings: list[pulumi.Resource] = [
            network.VirtualNetworkPeering(
                f"{self._name}-{name}",
                resource_group_name=near.group.name,
                virtual_network_name=near.vnet.name,
                virtual_network_peering_name=f"{self._place.name}-{name}",
                remote_virtual_network=network.SubResourceArgs(id=far.vnet.id),
                allow_virtual_network_access=True,
                allow_forwarded_traffic=False,
                allow_gateway_transit=False,
                use_remote_gateways=False,
                opts=self._child(),
            )
            for name, near, far in (("to-primary", self, primary), ("to-standby", primary, self))
        ]
        links = [
            link(
                f"{self._name}-postgres-{name}",
                domain=near.postgres_zone.apply(lambda path: path.split("/")[-1]),
                place=self._place,
                group=near.group,
                vnet=far.vnet.id,
                parent=self,
            )
            for name, near, far in (("from-standby", self, primary), ("from-primary", primary, self))
        ]
        return [*peerings, *links]


def zones_in_use(place: Place) -> tuple[str, ...]:
    """Zones that nodes and NAT gateways stand in: all in production, else one (a third of the cost)."""
    return place.zones if place.production else place.zones[:1]


def _planned(place: Place, nats: int) -> list[_Subnet]:
    """All subnets of a cell, in the order in which they are made."""
    plan = place.network
    return [
        *(
            _Subnet(f"private-{zone}", cidr, "nodes", nat=index % nats)
            for index, (zone, cidr) in enumerate(zip(place.zones, plan.private, strict=True))
        ),
        *(
            _Subnet(f"public-{zone}", cidr, "public")
            for zone, cidr in zip(place.zones, plan.public, strict=True)
        ),
        _Subnet(
            "data-postgres",
            plan.data[0],
            "postgres",
            delegation="Microsoft.DBforPostgreSQL/flexibleServers",
        ),
        _Subnet("data-cache", plan.data[1], "cache"),
        _Subnet("data-storage", plan.data[2], "storage"),
        _Subnet("endpoints", plan.endpoints, "endpoints"),
        _Subnet(
            "control-plane",
            plan.control_plane,
            "control-plane",
            delegation="Microsoft.ContainerService/managedClusters",
        ),
    ]
