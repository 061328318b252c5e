"""The database's address and name in the cell's network."""

from __future__ import annotations

import pulumi
from pulumi_gcp import compute, dns, sql

from infra.place import Place
from infra.platforms.gcp.network import Network


class DatabaseEndpoint(pulumi.ComponentResource):
    """Private Service Connect: an address of ours that leads to the instance and nowhere else.

    The name is the one in the server's certificate, so that clients can insist on it (`verify-full`).
    """

    host: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        *,
        place: Place,
        network: Network,
        instance: sql.DatabaseInstance,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("costate:gcp:DatabaseEndpoint", name, None, opts)
        address = compute.Address(
            f"{place.name}-postgres",
            region=place.region,
            address_type="INTERNAL",
            subnetwork=network.data.id,
            labels=dict(place.tags),
            opts=pulumi.ResourceOptions(parent=self),
        )
        compute.ForwardingRule(
            f"{place.name}-postgres",
            region=place.region,
            network=network.network.id,
            ip_address=address.self_link,
            target=instance.psc_service_attachment_link,
            # An endpoint has no scheme, which is written as an empty one.
            load_balancing_scheme="",
            labels=dict(place.tags),
            opts=pulumi.ResourceOptions(parent=self),
        )
        domain = instance.dns_name.apply(lambda host: host.rstrip(".") + ".")
        zone = dns.ManagedZone(
            f"{place.name}-postgres",
            dns_name=domain,
            description=f"Database of {place.name}",
            visibility="private",
            private_visibility_config=dns.ManagedZonePrivateVisibilityConfigArgs(
                networks=[
                    dns.ManagedZonePrivateVisibilityConfigNetworkArgs(network_url=network.network.id),
                ]
            ),
            labels=dict(place.tags),
            opts=pulumi.ResourceOptions(parent=self),
        )
        dns.RecordSet(
            f"{place.name}-postgres",
            managed_zone=zone.name,
            name=domain,
            type="A",
            ttl=60,
            rrdatas=[address.address],
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.host = domain.apply(lambda host: host.rstrip("."))
        self.register_outputs({})
