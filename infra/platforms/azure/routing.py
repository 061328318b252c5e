"""DNS of the domain: the zone, the domain itself at Front Door, and a name for each cell behind it.

DOMAIN                      Front Door (an alias, so that the zone's own name can have it)
CELL.origin.DOMAIN          the cell's own host name or address; its gateway has a certificate for this name
"""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
from pulumi_azure_native import dns

from infra.contracts import Account, DnsRecord, Endpoint
from infra.place import Place
from infra.platforms.azure.front import Front
from infra.platforms.azure.grants import grant
from infra.platforms.azure.group import Group
from infra.platforms.azure.identity import Identity
from infra.platforms.azure.logs import Logs

TTL_S = 60
PROOF_TTL_S = 3600
EDITORS: tuple[Account, ...] = ("cert-manager", "external-dns")
"""Who may write into the zone; Azure's role is for a zone, not for names in it."""

ADDRESSED = ("gcp",)
"""Platforms whose cells have an IP address for their entry; the others give a host name."""

ISSUERS = ("digicert.com", "letsencrypt.org", "amazon.com", "pki.goog")
"""Who may issue certificates for the domain: Front Door's, the gateways', and those of the other clouds."""


class Routing(pulumi.ComponentResource):
    """Asked of the first cell's cloud; endpoints of other clouds are addresses to it."""

    def __init__(
        self,
        name: str,
        *,
        place: Place,
        domain: str,
        endpoints: Sequence[Endpoint],
        group: Group,
        identity: Identity,
        logs: Logs,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("costate:azure:Routing", name, None, opts)
        self._name, self._domain, self._group = name, domain, group
        self._child = pulumi.ResourceOptions(parent=self)
        self.zone = dns.Zone(
            name,
            zone_name=domain,
            zone_type=dns.ZoneType.PUBLIC,
            resource_group_name=group.name,
            location="global",
            tags=place.tags,
            opts=pulumi.ResourceOptions(parent=self, protect=place.protect),
        )
        names = {f"{endpoint.cell}.origin": endpoint for endpoint in endpoints}
        records = [self._cell(label, endpoint) for label, endpoint in names.items()]
        front = Front(
            f"{name}-front",
            place=place,
            group=group,
            logs=logs,
            domain=domain,
            zone=self.zone.id,
            origins={f"{label}.{domain}": endpoint for label, endpoint in names.items()},
            needs=records,
            opts=self._child,
        )
        for kind in ("A", "AAAA"):
            self._alias(kind, front.endpoint)
        self._proof(front.proof)
        self._issuers()
        for endpoint in endpoints:
            for index, record in enumerate(endpoint.records):
                self._wanted(f"{endpoint.cell}-{index}", record)
        for account in EDITORS:
            grant(
                f"{name}-{account}",
                role="DNS Zone Contributor",
                principal=identity.principal(account),
                scope=self.zone.id,
                parent=self,
            )
        self.register_outputs({"name_servers": self.zone.name_servers})

    def _cell(self, label: str, endpoint: Endpoint) -> dns.RecordSet:
        """The cell's own name."""
        fixed = endpoint.platform in ADDRESSED
        return dns.RecordSet(
            f"{self._name}-{endpoint.cell}",
            relative_record_set_name=label,
            record_type="A" if fixed else "CNAME",
            zone_name=self.zone.name,
            resource_group_name=self._group.name,
            ttl=TTL_S,
            a_records=[dns.ARecordArgs(ipv4_address=endpoint.address)] if fixed else None,
            cname_record=None if fixed else dns.CnameRecordArgs(cname=endpoint.address),
            opts=self._child,
        )

    def _alias(self, kind: str, target: pulumi.Output[str]) -> None:
        """A record of the domain itself that follows an Azure resource."""
        dns.RecordSet(
            f"{self._name}-{kind.lower()}",
            relative_record_set_name="@",
            record_type=kind,
            zone_name=self.zone.name,
            resource_group_name=self._group.name,
            target_resource=dns.SubResourceArgs(id=target),
            opts=self._child,
        )

    def _proof(self, token: pulumi.Output[str]) -> None:
        """What shows Front Door that the domain is ours."""
        dns.RecordSet(
            f"{self._name}-proof",
            relative_record_set_name="_dnsauth",
            record_type="TXT",
            zone_name=self.zone.name,
            resource_group_name=self._group.name,
            ttl=PROOF_TTL_S,
            txt_records=[dns.TxtRecordArgs(value=[token])],
            opts=self._child,
        )

    def _issuers(self) -> None:
        dns.RecordSet(
            f"{self._name}-issuers",
            relative_record_set_name="@",
            record_type="CAA",
            zone_name=self.zone.name,
            resource_group_name=self._group.name,
            ttl=PROOF_TTL_S,
            caa_records=[dns.CaaRecordArgs(flags=0, tag="issue", value=issuer) for issuer in ISSUERS],
            opts=self._child,
        )

    def _wanted(self, part: str, record: DnsRecord) -> None:
        """What a cell's cloud asks for, so that it issues a certificate of its own."""
        text = record.type == "TXT"
        dns.RecordSet(
            f"{self._name}-{part}",
            relative_record_set_name=record.name.apply(self._relative),
            record_type=record.type,
            zone_name=self.zone.name,
            resource_group_name=self._group.name,
            ttl=PROOF_TTL_S,
            txt_records=[dns.TxtRecordArgs(value=[record.value])] if text else None,
            cname_record=None if text else dns.CnameRecordArgs(cname=record.value),
            opts=self._child,
        )

    def _relative(self, name: str) -> str:
        return name.rstrip(".").removesuffix(f".{self._domain}")
