"""An address inside the cell's network for one of Azure's services, found under the service's own name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import pulumi
from pulumi_azure_native import network, privatedns

from infra.place import Place
from infra.platforms.azure.group import Group

Service = Literal["vault", "blob", "registry", "redis"]

GROUPS: dict[Service, str] = {
    "vault": "vault",
    "blob": "blob",
    "registry": "registry",
    "redis": "redisEnterprise",
}
"""Which part of the service the endpoint is of, as Azure writes it."""

ZONES: dict[Service, str] = {
    "vault": "privatelink.vaultcore.azure.net",
    "blob": "privatelink.blob.core.windows.net",
    "registry": "privatelink.azurecr.io",
    "redis": "privatelink.redis.azure.net",
}
"""Azure's fixed names of the private zones."""


def zone(
    name: str,
    *,
    domain: str,
    place: Place,
    group: Group,
    vnet: pulumi.Output[str],
    parent: pulumi.Resource,
) -> tuple[privatedns.PrivateZone, privatedns.VirtualNetworkLink]:
    """A private DNS zone, and the link by which the cell's network sees it."""
    made = privatedns.PrivateZone(
        name,
        private_zone_name=domain,
        resource_group_name=group.name,
        location="global",
        tags=place.tags,
        opts=pulumi.ResourceOptions(parent=parent),
    )
    linked = link(name, domain=made.name, place=place, group=group, vnet=vnet, parent=parent)
    return made, linked


def link(
    name: str,
    *,
    domain: pulumi.Input[str],
    place: Place,
    group: Group,
    vnet: pulumi.Output[str],
    parent: pulumi.Resource,
) -> privatedns.VirtualNetworkLink:
    """Let a network see a private DNS zone of `group`."""
    return privatedns.VirtualNetworkLink(
        name,
        private_zone_name=domain,
        resource_group_name=group.name,
        location="global",
        registration_enabled=False,
        virtual_network=privatedns.SubResourceArgs(id=vnet),
        tags=place.tags,
        opts=pulumi.ResourceOptions(parent=parent),
    )


def private_endpoint(
    name: str,
    *,
    service: Service,
    target: pulumi.Output[str],
    subnet: pulumi.Output[str],
    zone_id: pulumi.Output[str],
    place: Place,
    group: Group,
    after: Sequence[pulumi.Resource] = (),
    parent: pulumi.Resource,
) -> network.PrivateDnsZoneGroup:
    """An endpoint of the resource `target` and its name in the zone; who needs the service waits for it."""
    endpoint = network.PrivateEndpoint(
        name,
        resource_group_name=group.name,
        location=group.location,
        subnet=network.SubnetArgs(id=subnet),
        private_link_service_connections=[
            network.PrivateLinkServiceConnectionArgs(
                name=service, private_link_service_id=target, group_ids=[GROUPS[service]]
            )
        ],
        tags=place.tags,
        opts=pulumi.ResourceOptions(parent=parent, depends_on=after),
    )
    return network.PrivateDnsZoneGroup(
        name,
        resource_group_name=group.name,
        private_endpoint_name=endpoint.name,
        private_dns_zone_configs=[
            network.PrivateDnsZoneConfigArgs(name=service, private_dns_zone_id=zone_id)
        ],
        opts=pulumi.ResourceOptions(parent=parent),
    )
