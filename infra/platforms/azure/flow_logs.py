"""Flow logs of the cell's network: who spoke to whom, archived, and summed up in the workspace."""

from __future__ import annotations

import pulumi
from pulumi_azure_native import managedidentity
from pulumi_azure_native import network as azure_network

from infra.place import Place
from infra.platforms.azure.grants import grant
from infra.platforms.azure.group import Group
from infra.platforms.azure.logs import Logs
from infra.platforms.azure.network import Network

WATCHERS = "NetworkWatcherRG"
"""Azure makes this group, and one watcher a region in it, with the first network of a subscription there."""

SUMMARY_MIN = 60
"""Minutes between two summaries; ten is the other choice, and dearer."""


class FlowLogs(pulumi.ComponentResource):
    """A flow log of the virtual network, written by an identity of its own."""

    def __init__(
        self,
        name: str,
        *,
        place: Place,
        group: Group,
        network: Network,
        logs: Logs,
        days: int,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("costate:azure:FlowLogs", name, None, opts)
        writer = managedidentity.UserAssignedIdentity(
            name,
            resource_group_name=group.name,
            location=group.location,
            tags=place.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
        granted = grant(
            name,
            role="Storage Blob Data Contributor",
            principal=writer.principal_id,
            scope=logs.archive.id,
            parent=self,
        )
        azure_network.FlowLog(
            name,
            network_watcher_name=f"NetworkWatcher_{place.region}",
            resource_group_name=WATCHERS,
            location=place.region,
            target_resource_id=network.vnet.id,
            storage_id=logs.archive.id,
            enabled=True,
            format=azure_network.FlowLogFormatParametersArgs(
                type=azure_network.FlowLogFormatType.JSON, version=2
            ),
            identity=azure_network.ManagedServiceIdentityArgs(
                type=azure_network.ResourceIdentityType.USER_ASSIGNED, user_assigned_identities=[writer.id]
            ),
            retention_policy=azure_network.RetentionPolicyParametersArgs(enabled=True, days=days),
            flow_analytics_configuration=azure_network.TrafficAnalyticsPropertiesArgs(
                network_watcher_flow_analytics_configuration=(
                    azure_network.TrafficAnalyticsConfigurationPropertiesArgs(
                        enabled=True,
                        workspace_id=logs.workspace.customer_id,
                        workspace_region=place.region,
                        workspace_resource_id=logs.workspace.id,
                        traffic_analytics_interval=SUMMARY_MIN,
                    )
                )
            ),
            tags=place.tags,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[granted]),
        )
        self.register_outputs({})
