"""DNS of the domain: the zone, a name for each cell, and the domain itself over all cells that can be checked.

DOMAIN                      an address of a healthy cell: the nearest, or a standby's when no primary is healthy
CELL.origin.DOMAIN          that cell, whatever its health
What a cell's edge asks for, so that its cloud issues its certificate

What Cloud DNS cannot: check endpoints that are known by a host name, or answer the zone's own name with one, and
cells on AWS and Azure are entered by host names (AWS lets in CloudFront only, besides). So from here the domain
leads to cells on Google Cloud; those on other clouds have their names below `origin`. A stack whose domain shall
lead to several clouds has its first cell on AWS or Azure. Nor can one record set both prefer the nearest and keep
a standby back: where there is a standby, primaries take turns.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address

import pulumi
from pulumi_gcp import compute, dns

from infra.contracts import Account, Endpoint
from infra.place import Place
from infra.platforms.gcp.geography import location
from infra.platforms.gcp.identity import Identity

TTL_S = 60
RECORD_TTL_S = 3600
HEALTH = "/ready"
"""Fails when the cell cannot take jobs, so that requests go elsewhere."""

EDITORS: Sequence[Account] = ("cert-manager", "external-dns")
"""Who may write into the zone: Cloud DNS knows rights on a zone, not on names in it."""

CHECKED_FROM = ["us-central1", "europe-west4", "asia-southeast1"]
"""Three regions, as Cloud DNS asks for."""

ISSUERS = ("pki.goog", "letsencrypt.org", "amazon.com", "digicert.com")
"""Who may issue certificates for the domain: every cloud's own, and the gateways'."""


class Routing(pulumi.ComponentResource):
    """Asked of the first cell's cloud; the name servers of `zone` are what the domain is delegated to."""

    def __init__(
        self,
        name: str,
        *,
        place: Place,
        domain: str,
        endpoints: Sequence[Endpoint],
        identity: Identity,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("costate:gcp:Routing", name, None, opts)
        self._place, self._domain = place, domain
        self.zone = dns.ManagedZone(
            f"{place.name}-domain",
            dns_name=f"{domain}.",
            description=f"Costate at {domain}",
            visibility="public",
            dnssec_config=dns.ManagedZoneDnssecConfigArgs(state="on", non_existence="nsec3"),
            cloud_logging_config=dns.ManagedZoneCloudLoggingConfigArgs(enable_logging=True),
            force_destroy=not place.protect,
            labels=dict(place.tags),
            # Another zone would have other name servers, and the domain would be gone until it is delegated anew.
            opts=pulumi.ResourceOptions(parent=self, protect=place.protect),
        )
        self._editors(identity)
        self._record("issuers", f"{domain}.", "CAA", [f'0 issue "{issuer}"' for issuer in ISSUERS])
        for endpoint in endpoints:
            self._cell(endpoint)
        checked = [endpoint for endpoint in endpoints if endpoint.platform == "gcp"]
        self._balanced(checked, self._check())
        self.register_outputs({})

    def _editors(self, identity: Identity) -> None:
        for account in EDITORS:
            dns.DnsManagedZoneIamMember(
                f"{self._place.name}-domain-{account}",
                project=self._place.account,
                managed_zone=self.zone.name,
                role="roles/dns.admin",
                member=identity.members[account],
                opts=pulumi.ResourceOptions(parent=self),
            )

    def _record(
        self,
        kind: str,
        name: pulumi.Input[str],
        record_type: pulumi.Input[str],
        values: Sequence[pulumi.Input[str]],
    ) -> None:
        dns.RecordSet(
            f"{self._place.name}-{kind}",
            managed_zone=self.zone.name,
            name=name,
            type=record_type,
            ttl=RECORD_TTL_S,
            rrdatas=list(values),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _cell(self, endpoint: Endpoint) -> None:
        """Its own name, and what its edge asks for."""
        self._record(
            f"{endpoint.cell}-origin",
            f"{endpoint.cell}.origin.{self._domain}.",
            endpoint.address.apply(_record_type),
            [endpoint.address.apply(_target)],
        )
        for index, record in enumerate(endpoint.records):
            self._record(
                f"{endpoint.cell}-proof-{index}",
                record.name.apply(_absolute),
                record.type,
                [record.value.apply(_absolute) if record.type == "CNAME" else record.value],
            )

    def _check(self) -> compute.HealthCheck:
        """The service itself, by its name, from outside."""
        return compute.HealthCheck(
            f"{self._place.name}-domain",
            check_interval_sec=30,
            timeout_sec=10,
            unhealthy_threshold=3,
            healthy_threshold=2,
            source_regions=CHECKED_FROM,
            https_health_check=compute.HealthCheckHttpsHealthCheckArgs(
                host=self._domain, port=443, request_path=HEALTH
            ),
            log_config=compute.HealthCheckLogConfigArgs(enable=True),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _balanced(self, cells: Sequence[Endpoint], check: compute.HealthCheck) -> None:
        standbys = [cell for cell in cells if cell.role == "standby"]
        primaries = [cell for cell in cells if cell.role == "primary"]
        dns.RecordSet(
            f"{self._place.name}-domain",
            managed_zone=self.zone.name,
            name=f"{self._domain}.",
            type="A",
            ttl=TTL_S,
            routing_policy=_kept_back(primaries, standbys, check) if standbys else _nearest(primaries, check),
            opts=pulumi.ResourceOptions(parent=self),
        )


def _nearest(cells: Sequence[Endpoint], check: compute.HealthCheck) -> dns.RecordSetRoutingPolicyArgs:
    return dns.RecordSetRoutingPolicyArgs(
        health_check=check.id,
        geos=[
            dns.RecordSetRoutingPolicyGeoArgs(
                location=location(cell.region),
                health_checked_targets=dns.RecordSetRoutingPolicyGeoHealthCheckedTargetsArgs(
                    external_endpoints=[cell.address]
                ),
            )
            for cell in cells
        ],
    )


def _kept_back(
    primaries: Sequence[Endpoint], standbys: Sequence[Endpoint], check: compute.HealthCheck
) -> dns.RecordSetRoutingPolicyArgs:
    return dns.RecordSetRoutingPolicyArgs(
        health_check=check.id,
        primary_backup=dns.RecordSetRoutingPolicyPrimaryBackupArgs(
            primary=dns.RecordSetRoutingPolicyPrimaryBackupPrimaryArgs(
                external_endpoints=[cell.address for cell in primaries]
            ),
            backup_geos=[
                dns.RecordSetRoutingPolicyPrimaryBackupBackupGeoArgs(
                    location=location(cell.region),
                    health_checked_targets=(
                        dns.RecordSetRoutingPolicyPrimaryBackupBackupGeoHealthCheckedTargetsArgs(
                            external_endpoints=[cell.address]
                        )
                    ),
                )
                for cell in standbys
            ],
        ),
    )


def _record_type(address: str) -> str:
    try:
        return "A" if ip_address(address).version == 4 else "AAAA"
    except ValueError:
        return "CNAME"


def _target(address: str) -> str:
    """Host names are absolute in a zone, addresses are as they are."""
    return _absolute(address) if _record_type(address) == "CNAME" else address


def _absolute(name: str) -> str:
    return name if name.endswith(".") else f"{name}."
