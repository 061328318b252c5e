"""Managed Kubernetes (AKS), reached from inside the network unless the configuration names ranges."""

from __future__ import annotations

from ipaddress import IPv4Network

import pulumi
from pulumi_azure_native import containerservice as aks
from pulumi_azure_native import managedidentity

from infra.config.nodes import Cluster as ClusterConfig
from infra.config.nodes import Gpu, Nodes
from infra.contracts import ClusterFacts
from infra.place import Place
from infra.platforms.azure import node_pools
from infra.platforms.azure.grants import Role, grant
from infra.platforms.azure.group import Group
from infra.platforms.azure.keys import Keys
from infra.platforms.azure.kubeconfig import kubeconfig
from infra.platforms.azure.locks import lock
from infra.platforms.azure.logs import Logs
from infra.platforms.azure.maintenance import maintenance
from infra.platforms.azure.network import Network

SEARCHED = ("kube-audit-admin", "guard", "kube-apiserver", "kube-controller-manager", "cluster-autoscaler")
"""Logs of the control plane to ask: who changed what, who was let in."""

ARCHIVED = ("kube-audit",)
"""Every request, reads too: ten times as much, for the archive."""


class Cluster(pulumi.ComponentResource):
    """The control plane, its identities and all pools of nodes."""

    facts: ClusterFacts

    def __init__(
        self,
        name: str,
        *,
        place: Place,
        cluster: ClusterConfig,
        nodes: Nodes,
        gpu: Gpu | None,
        group: Group,
        network: Network,
        keys: Keys,
        logs: Logs,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("costate:azure:Cluster", name, None, opts)
        self._name, self._place, self._intent = name, place, cluster
        self._group, self._network, self._keys, self._logs = group, network, keys, logs
        self._control, self.kubelet = self._identity("control-plane"), self._identity("nodes")
        self.control_plane = self._control.principal_id
        first, *more = node_pools.system_pools(place)
        self.cluster = self._cluster(first, ordered=gpu is not None and bool(gpu.fallbacks))
        self.pools = node_pools.declare(
            name,
            [*more, *node_pools.worker_pools(place, nodes, gpu)],
            place=place,
            group=group,
            network=network,
            cluster=self.cluster,
            version=cluster.version,
            parent=self,
        )
        maintenance(name, window=cluster.maintenance, group=group, cluster=self.cluster, parent=self)
        logs.collect(name, target=self.cluster.id, searched=SEARCHED, archived=ARCHIVED, parent=self)
        lock(name, place=place, target=self.cluster.id, parent=self)
        self.issuer = self.cluster.oidc_issuer_profile.apply(
            lambda profile: "" if profile is None else profile.issuer_url
        )
        host = self.cluster.fqdn if cluster.public_access else self.cluster.private_fqdn
        self.facts = ClusterFacts(
            name=self.cluster.name,
            endpoint=pulumi.Output.concat("https://", host, ":443"),
            identifier=self.cluster.id,
            kubeconfig=kubeconfig(name, place=place, group=group, cluster=self.cluster, parent=self),
        )
        self.register_outputs({"name": self.facts.name, "endpoint": self.facts.endpoint})

    def _identity(self, part: str) -> managedidentity.UserAssignedIdentity:
        return managedidentity.UserAssignedIdentity(
            f"{self._name}-{part}",
            resource_group_name=self._group.name,
            location=self._group.location,
            tags=self._place.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _rights(self) -> list[pulumi.Resource]:
        """What the control plane must be allowed before it can be made."""
        keys, scopes = self._keys, self._network.vnet.id
        control = self._control.principal_id
        rights: dict[str, tuple[Role, pulumi.Output[str]]] = {
            "network": ("Network Contributor", scopes),  # joins subnets, links its private zone
            "nodes": ("Managed Identity Operator", self.kubelet.id),  # hands nodes their identity
            "etcd": ("Key Vault Crypto User", keys.cluster.id),
            "vault": ("Key Vault Contributor", keys.vault.id),  # approves its own private link to the key
            "disks": ("Reader", keys.disks.id),
        }
        return [
            grant(f"{self._name}-{part}", role=role, principal=control, scope=scope, parent=self)
            for part, (role, scope) in rights.items()
        ]

    def _cluster(self, system: node_pools.Pool, *, ordered: bool) -> aks.ManagedCluster:
        place, intent = self._place, self._intent
        return aks.ManagedCluster(
            place.name,
            resource_group_name=self._group.name,
            location=self._group.location,
            dns_prefix=place.name,
            kubernetes_version=intent.version,
            node_resource_group=f"{place.name}-nodes",
            # Whoever may write to the cell's group may not reach past Kubernetes into its machines.
            node_resource_group_profile=aks.ManagedClusterNodeResourceGroupProfileArgs(
                restriction_level=aks.RestrictionLevel.READ_ONLY
            ),
            sku=aks.ManagedClusterSKUArgs(
                name=aks.ManagedClusterSKUName.BASE,
                tier=aks.ManagedClusterSKUTier.STANDARD
                if place.production
                else aks.ManagedClusterSKUTier.FREE,
            ),
            identity=aks.ManagedClusterIdentityArgs(
                type=aks.ResourceIdentityType.USER_ASSIGNED, user_assigned_identities=[self._control.id]
            ),
            identity_profile={
                "kubeletidentity": aks.UserAssignedIdentityArgs(
                    resource_id=self.kubelet.id,
                    client_id=self.kubelet.client_id,
                    object_id=self.kubelet.principal_id,
                )
            },
            enable_rbac=True,
            disable_local_accounts=True,
            aad_profile=aks.ManagedClusterAADProfileArgs(
                managed=True, enable_azure_rbac=True, tenant_id=self._keys.tenant
            ),
            oidc_issuer_profile=aks.ManagedClusterOIDCIssuerProfileArgs(enabled=True),
            api_server_access_profile=self._access(),
            network_profile=self._addresses(),
            security_profile=self._security(),
            disk_encryption_set_id=self._keys.disks.id,
            addon_profiles={"azurepolicy": aks.ManagedClusterAddonProfileArgs(enabled=True)},
            auto_upgrade_profile=aks.ManagedClusterAutoUpgradeProfileArgs(
                upgrade_channel=aks.UpgradeChannel.PATCH,
                node_os_upgrade_channel=aks.NodeOSUpgradeChannel.NODE_IMAGE,
            ),
            auto_scaler_profile=self._scaling(ordered=ordered),
            agent_pool_profiles=[
                node_pools.inline(system, place=place, network=self._network, version=intent.version)
            ],
            tags=place.tags,
            opts=pulumi.ResourceOptions(
                parent=self,
                protect=place.protect,
                depends_on=[*self._rights(), self._keys.reachable],
                ignore_changes=["agentPoolProfiles[0].count"],  # the autoscaler's to say
            ),
        )

    def _access(self) -> aks.ManagedClusterAPIServerAccessProfileArgs:
        """The API server stands in our own network, which KMS with a private vault asks for."""
        public = list(self._intent.public_access)
        return aks.ManagedClusterAPIServerAccessProfileArgs(
            enable_vnet_integration=True,
            subnet_id=self._network.control_plane,
            enable_private_cluster=not public,
            enable_private_cluster_public_fqdn=False,
            private_dns_zone=None if public else "system",
            authorized_ip_ranges=public or None,
            disable_run_command=True,
        )

    def _addresses(self) -> aks.ContainerServiceNetworkProfileArgs:
        services = IPv4Network(self._place.network.services)
        return aks.ContainerServiceNetworkProfileArgs(
            network_plugin=aks.NetworkPlugin.AZURE,
            network_plugin_mode=aks.NetworkPluginMode.OVERLAY,
            network_dataplane=aks.NetworkDataplane.CILIUM,
            network_policy=aks.NetworkPolicy.CILIUM,
            load_balancer_sku=aks.LoadBalancerSku.STANDARD,
            outbound_type=aks.OutboundType.USER_ASSIGNED_NAT_GATEWAY,
            pod_cidr=self._place.network.pods,
            service_cidr=str(services),
            dns_service_ip=str(services[10]),
        )

    def _security(self) -> aks.ManagedClusterSecurityProfileArgs:
        defender = aks.ManagedClusterSecurityProfileDefenderArgs(
            log_analytics_workspace_resource_id=self._logs.workspace.id,
            security_monitoring=aks.ManagedClusterSecurityProfileDefenderSecurityMonitoringArgs(enabled=True),
        )
        return aks.ManagedClusterSecurityProfileArgs(
            workload_identity=aks.ManagedClusterSecurityProfileWorkloadIdentityArgs(enabled=True),
            azure_key_vault_kms=aks.AzureKeyVaultKmsArgs(
                enabled=True,
                # With its version: after a rotation the next `up` hands the new one over.
                key_id=self._keys.cluster.key_uri_with_version,
                key_vault_network_access=aks.KeyVaultNetworkAccessTypes.PRIVATE,
                key_vault_resource_id=self._keys.vault.id,
            ),
            image_cleaner=aks.ManagedClusterSecurityProfileImageCleanerArgs(enabled=True, interval_hours=168),
            defender=defender if self._place.production else None,
        )

    def _scaling(self, *, ordered: bool) -> aks.ManagedClusterPropertiesAutoScalerProfileArgs:
        """How nodes come and go; `ordered` where one accelerator is preferred to another."""
        return aks.ManagedClusterPropertiesAutoScalerProfileArgs(
            expander=aks.Expander.PRIORITY if ordered else aks.Expander.LEAST_WASTE,
            balance_similar_node_groups="true",
            scale_down_delay_after_add="10m",
            scale_down_unneeded_time="10m",
            max_graceful_termination_sec="600",
            skip_nodes_with_local_storage="false",
            skip_nodes_with_system_pods="true",
        )
