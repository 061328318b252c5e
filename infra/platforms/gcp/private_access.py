"""Ways to Google's own services that do not leave Google's network."""

from __future__ import annotations

from ipaddress import IPv4Network

import pulumi
from pulumi_gcp import compute, dns, networkconnectivity

from infra.place import Place

GOOGLE_APIS = "199.36.153.8/30"
"""Addresses of private.googleapis.com: reached over the route out, but never outside Google's network."""

ADDRESSES = [str(address) for address in IPv4Network(GOOGLE_APIS)]

DOMAINS = {"googleapis.com.": "private.googleapis.com.", "pkg.dev.": "pkg.dev.", "gke.goog.": "gke.goog."}
"""Domains of APIs, images and control planes, and the name in each that has the addresses."""

TTL_S = 300


class PrivateAccess(pulumi.ComponentResource):
    """Names of Google's APIs resolve to private addresses; data stores get endpoints in the data subnet.

    Peering with Google's network is not used: a peering cannot be taken down while a data store lingers, and
    a replica in the network of another cell could not follow its primary.
    """

    def __init__(
        self,
        name: str,
        *,
        place: Place,
        network: compute.Network,
        data: compute.Subnetwork,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("costate:gcp:PrivateAccess", name, None, opts)
        self._place, self._network = place, network
        for domain, holder in DOMAINS.items():
            self._names(domain, holder)
        dns.Policy(
            f"{place.name}-queries",
            description="Logs what the network asks names for",
            enable_logging=True,
            networks=[dns.PolicyNetworkArgs(network_url=network.id)],
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.cache_policy = networkconnectivity.ServiceConnectionPolicy(
            f"{place.name}-memorystore",
            location=place.region,
            service_class="gcp-memorystore",
            description="Lets Memorystore make its endpoints in the data subnet",
            network=network.id,
            psc_config=networkconnectivity.ServiceConnectionPolicyPscConfigArgs(subnetworks=[data.id]),
            labels=dict(place.tags),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})

    def _names(self, domain: str, holder: str) -> None:
        label = domain.strip(".").replace(".", "-")
        zone = dns.ManagedZone(
            f"{self._place.name}-{label}",
            dns_name=domain,
            description=f"{domain} by private addresses",
            visibility="private",
            private_visibility_config=dns.ManagedZonePrivateVisibilityConfigArgs(
                networks=[
                    dns.ManagedZonePrivateVisibilityConfigNetworkArgs(network_url=self._network.id),
                ]
            ),
            labels=dict(self._place.tags),
            opts=pulumi.ResourceOptions(parent=self),
        )
        records = {"addresses": (holder, "A", ADDRESSES), "others": (f"*.{domain}", "CNAME", [holder])}
        for kind, (record, record_type, data) in records.items():
            dns.RecordSet(
                f"{self._place.name}-{label}-{kind}",
                managed_zone=zone.name,
                name=record,
                type=record_type,
                ttl=TTL_S,
                rrdatas=data,
                opts=pulumi.ResourceOptions(parent=self),
            )
