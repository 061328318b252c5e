"""The cell's VPC: three zones, each with a private, a public and a data subnet."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from infra.contracts import NetworkFacts
from infra.place import Place
from infra.platforms.aws.endpoints import Endpoints
from infra.platforms.aws.flow_logs import FlowLogs
from infra.platforms.aws.keys import Keys
from infra.platforms.aws.ordering import after


class Network(pulumi.ComponentResource):
    """Nodes are private and leave by NAT; data subnets have no way out at all."""

    def __init__(
        self,
        name: str,
        *,
        place: Place,
        keys: Keys,
        log_days: int,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("costate:aws:Network", name, None, opts)
        self._name, self._place = name, place
        self._child = pulumi.ResourceOptions(parent=self)
        self.vpc = aws.ec2.Vpc(
            name,
            cidr_block=place.network.cidr,
            enable_dns_hostnames=True,
            enable_dns_support=True,
            tags={**place.tags, "Name": name},
            opts=self._child,
        )
        # Without rules: what is put into no other group reaches nothing and is reached by nothing.
        aws.ec2.DefaultSecurityGroup(
            f"{name}-default", vpc_id=self.vpc.id, ingress=[], egress=[], opts=self._child
        )
        # EKS and Karpenter find subnets by these tags.
        self.public = self._subnets("public", place.network.public, {"kubernetes.io/role/elb": "1"})
        self.private = self._subnets(
            "private",
            place.network.private,
            {"kubernetes.io/role/internal-elb": "1", "karpenter.sh/discovery": place.name},
        )
        self.data = self._subnets("data", place.network.data, {})
        self._ways: list[pulumi.CustomResource] = []
        tables = self._routes()
        self.endpoints = Endpoints(
            f"{name}-endpoints",
            place=place,
            account=keys.account,
            vpc=self.vpc.id,
            # A zone's endpoints cost as much as a small node: only production has them in every zone.
            subnets=[subnet.id for subnet in (self.private if place.production else self.private[:1])],
            tables=tables,
            opts=self._child,
        )
        FlowLogs(
            f"{name}-flow",
            place=place,
            account=keys.account,
            vpc=self.vpc.id,
            key=keys.logs,
            days=log_days,
            opts=self._child,
        )
        self.facts = NetworkFacts(
            id=self.vpc.id,
            # Known once traffic has its ways: a balancer is refused in a network without Internet gateway, nodes
            # come up only where they can fetch images, and neither gateway goes while something uses it.
            private_subnets=[after(subnet.id, self._ways) for subnet in self.private],
            public_subnets=[after(subnet.id, self._ways) for subnet in self.public],
            data_subnets=[subnet.id for subnet in self.data],
        )
        self.register_outputs({"id": self.vpc.id})

    def _subnets(self, use: str, ranges: Sequence[str], tags: dict[str, str]) -> list[aws.ec2.Subnet]:
        return [
            aws.ec2.Subnet(
                f"{self._name}-{use}-{zone}",
                vpc_id=self.vpc.id,
                availability_zone_id=zone,
                cidr_block=cidr,
                map_public_ip_on_launch=False,
                tags={**self._place.tags, "Name": f"{self._name}-{use}-{zone}", **tags},
                opts=self._child,
            )
            for zone, cidr in zip(self._place.zones, ranges, strict=True)
        ]

    def _routes(self) -> list[pulumi.Output[str]]:
        """The route tables of private and data subnets."""
        gateway = aws.ec2.InternetGateway(f"{self._name}-internet", vpc_id=self.vpc.id, opts=self._child)
        public = self._table("public", self.public)
        way_out = aws.ec2.Route(
            f"{self._name}-public-out",
            route_table_id=public.id,
            destination_cidr_block="0.0.0.0/0",
            gateway_id=gateway.id,
            opts=self._child,
        )
        self._ways.append(way_out)
        nats = self._nats(way_out)
        tables = [self._table("data", self.data).id]
        for index, (zone, subnet) in enumerate(zip(self._place.zones, self.private, strict=True)):
            table = self._table(f"private-{zone}", [subnet])
            self._ways.append(
                aws.ec2.Route(
                    f"{self._name}-private-{zone}-out",
                    route_table_id=table.id,
                    destination_cidr_block="0.0.0.0/0",
                    nat_gateway_id=nats[index % len(nats)].id,
                    opts=self._child,
                )
            )
            tables.append(table.id)
        return tables

    def _nats(self, way_out: aws.ec2.Route) -> list[aws.ec2.NatGateway]:
        """One in each zone in production: the loss of a zone takes no other's way out."""
        made = []
        for subnet, zone in zip(self.public, self._place.zones, strict=True):
            address = aws.ec2.Eip(f"{self._name}-nat-{zone}", domain="vpc", opts=self._child)
            made.append(
                aws.ec2.NatGateway(
                    f"{self._name}-nat-{zone}",
                    subnet_id=subnet.id,
                    allocation_id=address.id,
                    # A NAT gateway cannot be made before its subnet has a way out.
                    opts=pulumi.ResourceOptions(parent=self, depends_on=[way_out]),
                )
            )
            if not self._place.production:
                break
        return made

    def _table(self, use: str, subnets: Sequence[aws.ec2.Subnet]) -> aws.ec2.RouteTable:
        table = aws.ec2.RouteTable(
            f"{self._name}-{use}",
            vpc_id=self.vpc.id,
            tags={**self._place.tags, "Name": f"{self._name}-{use}"},
            opts=self._child,
        )
        for index, subnet in enumerate(subnets):
            self._ways.append(
                aws.ec2.RouteTableAssociation(
                    f"{self._name}-{use}-{index}",
                    route_table_id=table.id,
                    subnet_id=subnet.id,
                    opts=self._child,
                )
            )
        return table
