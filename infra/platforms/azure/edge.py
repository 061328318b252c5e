"""The cell's entry: a fixed public address in all zones, with a name, for the gateway's load balancer.

TLS ends at the gateway, as in every cloud. Before it, where the stack has a domain and its first cell is on
Azure, stands Front Door with the WAF and the cache of static assets (`front.py`): one for the domain and not one
a cell, because a domain can belong to one Front Door only. Then the network lets in Front Door alone.
"""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
from pulumi_azure_native import network

from infra import naming
from infra.contracts import EdgeFacts
from infra.place import Place
from infra.platforms.azure.cluster import Cluster
from infra.platforms.azure.grants import grant
from infra.platforms.azure.group import Group

SERVICE = "service.beta.kubernetes.io"


class Edge(pulumi.ComponentResource):
    """A public IP address; the gateway's Service takes it by annotation."""

    facts: EdgeFacts

    def __init__(
        self, name: str, *, place: Place, group: Group, cluster: Cluster, opts: pulumi.ResourceOptions
    ) -> None:
        super().__init__("costate:azure:Edge", name, None, opts)
        address = network.PublicIPAddress(
            name,
            resource_group_name=group.name,
            location=group.location,
            sku=network.PublicIPAddressSkuArgs(name=network.PublicIPAddressSkuName.STANDARD),
            public_ip_allocation_method=network.IPAllocationMethod.STATIC,
            zones=list(place.zones),
            dns_settings=network.PublicIPAddressDnsSettingsArgs(
                domain_name_label=naming.named("azure:front-door-endpoint", place.name),
                # Azure adds a digest, so that nobody else has the name, or takes it once it is free.
                domain_name_label_scope=network.PublicIpAddressDnsSettingsDomainNameLabelScope.TENANT_REUSE,
            ),
            tags=place.tags,
            opts=pulumi.ResourceOptions(parent=self, protect=place.protect),
        )
        grant(
            f"{name}-join",
            role="Network Contributor",
            principal=cluster.control_plane,
            scope=address.id,
            parent=self,
        )
        self.facts = EdgeFacts(
            address=address.dns_settings.apply(_name),
            annotations=pulumi.Output.all(address.name, group.name).apply(_annotations),
        )
        self.register_outputs({"address": self.facts.address})


def _name(settings: network.outputs.PublicIPAddressDnsSettingsResponse | None) -> str:
    if settings is None or not settings.fqdn:
        raise ValueError("the public address has no DNS name")
    return settings.fqdn


def _annotations(known: list[str]) -> Mapping[str, str]:
    address, group = known
    return {
        f"{SERVICE}/azure-pip-name": address,
        f"{SERVICE}/azure-load-balancer-resource-group": group,
        f"{SERVICE}/azure-load-balancer-health-probe-protocol": "tcp",
    }
