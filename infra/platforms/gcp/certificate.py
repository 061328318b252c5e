"""The certificate of the domain, issued and renewed by Google."""

from __future__ import annotations

import pulumi
from pulumi_gcp import certificatemanager

from infra.contracts import DnsRecord
from infra.place import Place


class DomainCertificate(pulumi.ComponentResource):
    """Authorised by a DNS record rather than by the address that the domain has.

    The domain leads to several cells on several clouds, so Google would often look at another one; and the
    certificate is there before the first request is.
    """

    def __init__(self, name: str, *, place: Place, domain: str, opts: pulumi.ResourceOptions) -> None:
        super().__init__("costate:gcp:DomainCertificate", name, None, opts)
        authorization = certificatemanager.DnsAuthorization(
            f"{place.name}-domain",
            domain=domain,
            # The record's name has the project in it: cells of other projects and clouds have their own.
            type="PER_PROJECT_RECORD",
            location="global",
            labels=dict(place.tags),
            opts=pulumi.ResourceOptions(parent=self),
        )
        certificate = certificatemanager.Certificate(
            f"{place.name}-domain",
            location="global",
            managed=certificatemanager.CertificateManagedArgs(
                domains=[domain], dns_authorizations=[authorization.id]
            ),
            labels=dict(place.tags),
            opts=pulumi.ResourceOptions(parent=self),
        )
        certificates = certificatemanager.CertificateMap(
            f"{place.name}-domain",
            description=f"Certificates of {domain}",
            labels=dict(place.tags),
            opts=pulumi.ResourceOptions(parent=self),
        )
        # Also for who names no host, as the health checks of the domain's records do.
        for kind, hostname, matcher in (("named", domain, None), ("unnamed", None, "PRIMARY")):
            certificatemanager.CertificateMapEntry(
                f"{place.name}-{kind}",
                map=certificates.name,
                hostname=hostname,
                matcher=matcher,
                certificates=[certificate.id],
                labels=dict(place.tags),
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.map: pulumi.Output[str] = pulumi.Output.concat(
            "//certificatemanager.googleapis.com/", certificates.id
        )
        self.record = DnsRecord(
            name=authorization.dns_resource_records.apply(lambda records: records[0].name or ""),
            type="CNAME",
            value=authorization.dns_resource_records.apply(lambda records: records[0].data or ""),
        )
        self.register_outputs({})
