"""DNS of the domain: health-checked records over the cells of all clouds, and CloudFront before them.

Names below the domain, each a CNAME of one kind, because a name has either CNAMEs or addresses:

    origin                  the primaries while any is well, else the standbys
    ROLE.origin             by latency, one record a region
    REGION.ROLE.origin      evenly over the cells of a region, each with a health check
    CELL.origin             the cell's own host name or address
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from ipaddress import ip_address

import pulumi
import pulumi_aws as aws

from infra.catalog.aws import nearest
from infra.contracts import Endpoint
from infra.place import Place
from infra.platforms.aws.front import Front

TTL_S = 60
HEALTH = "/ready"
"""Fails when the cell cannot take jobs, so that requests go elsewhere; the gateway answers it for any host."""


class Routing(pulumi.ComponentResource):
    """Asked of the first cell's cloud; endpoints of other clouds are addresses to it."""

    def __init__(
        self,
        name: str,
        *,
        place: Place,
        domain: str,
        endpoints: Sequence[Endpoint],
        account: pulumi.Output[str],
        log_days: int,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("costate:aws:Routing", name, None, opts)
        self._name, self._child = name, pulumi.ResourceOptions(parent=self)
        self._origin, self._tags = f"origin.{domain}", place.tags
        self.zone = aws.route53.Zone(
            name,
            name=domain,
            comment=f"Service of {place.stack}",
            force_destroy=not place.production,
            opts=pulumi.ResourceOptions(parent=self, protect=place.protect),
        )
        roles: dict[str, list[Endpoint]] = defaultdict(list)
        for endpoint in endpoints:
            self._own(endpoint)
            roles[endpoint.role].append(endpoint)
        latest = {role: self._by_latency(role, cells) for role, cells in roles.items()}
        self._failover(latest)
        front = Front(
            f"{name}-front",
            place=place,
            domain=domain,
            origin=self._origin,
            zone=self.zone.zone_id,
            account=account,
            log_days=log_days,
            opts=self._child,
        )
        for kind in ("A", "AAAA"):
            aws.route53.Record(
                f"{name}-{kind.lower()}",
                zone_id=self.zone.zone_id,
                name=domain,
                type=kind,
                aliases=[
                    aws.route53.RecordAliasArgs(
                        name=front.domain_name, zone_id=front.zone, evaluate_target_health=False
                    )
                ],
                opts=self._child,
            )
        # Only these may issue certificates for the domain: CloudFront's, the gateways' by cert-manager, and
        # those of the load balancers of cells on Google Cloud.
        aws.route53.Record(
            f"{name}-caa",
            zone_id=self.zone.zone_id,
            name=domain,
            type="CAA",
            ttl=3600,
            records=['0 issue "amazon.com"', '0 issue "letsencrypt.org"', '0 issue "pki.goog"'],
            opts=self._child,
        )
        self.register_outputs({"name_servers": self.zone.name_servers})

    def _own(self, endpoint: Endpoint) -> None:
        aws.route53.Record(
            f"{self._name}-{endpoint.cell}",
            zone_id=self.zone.zone_id,
            name=f"{endpoint.cell}.{self._origin}",
            type=endpoint.address.apply(_record_type),
            records=[endpoint.address],
            ttl=TTL_S,
            opts=self._child,
        )
        for index, record in enumerate(endpoint.records):
            aws.route53.Record(
                f"{self._name}-{endpoint.cell}-proof-{index}",
                zone_id=self.zone.zone_id,
                name=record.name,
                type=record.type,
                records=[record.value],
                ttl=300,
                # Cells of one cloud may prove the domain by the same record.
                allow_overwrite=True,
                opts=self._child,
            )

    def _by_latency(self, role: str, cells: Sequence[Endpoint]) -> list[aws.route53.Record]:
        regions: dict[str, list[Endpoint]] = defaultdict(list)
        for cell in cells:
            regions[nearest(cell.platform, cell.region)].append(cell)
        made = []
        for region, near in regions.items():
            here = f"{region}.{role}.{self._origin}"
            records = [self._weighted(here, cell) for cell in near]
            policy = aws.route53.RecordLatencyRoutingPolicyArgs(region=region)
            name = f"{role}.{self._origin}"
            made.append(self._alias(f"{role}-{region}", name, here, records, latency=policy))
        return made

    def _weighted(self, name: str, cell: Endpoint) -> aws.route53.Record:
        own = f"{cell.cell}.{self._origin}"
        check = aws.route53.HealthCheck(
            f"{self._name}-{cell.cell}",
            type="HTTPS",
            fqdn=own,
            port=443,
            resource_path=HEALTH,
            enable_sni=True,
            request_interval=30,
            failure_threshold=3,
            measure_latency=True,
            tags={**self._tags, "Name": f"{self._name}-{cell.cell}"},
            opts=self._child,
        )
        return aws.route53.Record(
            f"{self._name}-{cell.cell}-weighted",
            zone_id=self.zone.zone_id,
            name=name,
            type="CNAME",
            records=[own],
            ttl=TTL_S,
            set_identifier=cell.cell,
            weighted_routing_policies=[aws.route53.RecordWeightedRoutingPolicyArgs(weight=100)],
            health_check_id=check.id,
            opts=self._child,
        )

    def _failover(self, latest: dict[str, list[aws.route53.Record]]) -> None:
        """Standbys are asked only when no primary is well; "primary" comes before "standby"."""
        if len(latest) == 1:
            ((role, records),) = latest.items()
            self._alias(role, self._origin, f"{role}.{self._origin}", records)
            return
        for role, kind in zip(sorted(latest), ("PRIMARY", "SECONDARY"), strict=False):
            policy = aws.route53.RecordFailoverRoutingPolicyArgs(type=kind)
            self._alias(role, self._origin, f"{role}.{self._origin}", latest[role], failover=policy)

    def _alias(
        self,
        identifier: str,
        name: str,
        target: str,
        after: Sequence[aws.route53.Record],
        latency: aws.route53.RecordLatencyRoutingPolicyArgs | None = None,
        failover: aws.route53.RecordFailoverRoutingPolicyArgs | None = None,
    ) -> aws.route53.Record:
        """A record that is another name of the zone and as well as that is."""
        return aws.route53.Record(
            f"{self._name}-{identifier}",
            zone_id=self.zone.zone_id,
            name=name,
            type="CNAME",
            # A record that is alone under its name has no policy and no identifier.
            set_identifier=identifier if latency or failover else None,
            aliases=[
                aws.route53.RecordAliasArgs(
                    name=target, zone_id=self.zone.zone_id, evaluate_target_health=True
                )
            ],
            latency_routing_policies=[latency] if latency else None,
            failover_routing_policies=[failover] if failover else None,
            # Route 53 refuses an alias of what is not there.
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(after)),
        )


def _record_type(address: str) -> str:
    """What kind of record an address needs."""
    try:
        return "A" if ip_address(address).version == 4 else "AAAA"
    except ValueError:
        return "CNAME"
