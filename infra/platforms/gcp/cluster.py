"""Managed Kubernetes: a regional cluster of private nodes."""

from __future__ import annotations

import pulumi
from pulumi_gcp import container

from infra.config.nodes import Cluster as ClusterConfig
from infra.config.nodes import Gpu, Nodes
from infra.contracts import ClusterFacts
from infra.place import Place
from infra.platforms.gcp import maintenance
from infra.platforms.gcp.keys import Keys
from infra.platforms.gcp.network import PODS, SERVICES, Network
from infra.platforms.gcp.node_account import NodeAccount
from infra.platforms.gcp.node_pools import NodePools

CONTROL_PLANE = ("APISERVER", "CONTROLLER_MANAGER", "SCHEDULER")


class Cluster(pulumi.ComponentResource):
    """Kubernetes Engine, Standard.

    The control plane has no address of its own: it is reached by a DNS name that lets in who may
    `container.clusters.connect`, from wherever they are. `costate:cluster.public_access` adds an address for
    clients that know no other way.
    """

    facts: ClusterFacts

    def __init__(
        self,
        name: str,
        *,
        place: Place,
        cluster: ClusterConfig,
        nodes: Nodes,
        gpu: Gpu | None,
        network: Network,
        keys: Keys,
        account: NodeAccount,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("costate:gcp:Cluster", name, None, opts)
        self.account = account
        self.cluster = self._cluster(place, cluster, network, keys)
        self.pools = NodePools(
            f"{name}-pools",
            place=place,
            cluster=self.cluster,
            nodes=nodes,
            gpu=gpu,
            account=self.account,
            keys=keys,
            opts=pulumi.ResourceOptions(parent=self),
        )
        host = self.cluster.control_plane_endpoints_config.dns_endpoint_config.endpoint
        endpoint = pulumi.Output.concat("https://", host)
        self.facts = ClusterFacts(
            name=self.cluster.name,
            endpoint=endpoint,
            identifier=self.cluster.id,
            kubeconfig=_kubeconfig(self.cluster.name, endpoint),
        )
        self.register_outputs({})

    def _cluster(
        self, place: Place, cluster: ClusterConfig, network: Network, keys: Keys
    ) -> container.Cluster:
        public = bool(cluster.public_access)
        return container.Cluster(
            place.name,
            description=f"Costate, {place.environment}",
            location=place.region,
            node_locations=list(place.zones),
            deletion_protection=place.protect,
            resource_labels=dict(place.tags),
            # Patches come by themselves; the minor version stays what is configured (`maintenance.py`).
            release_channel=container.ClusterReleaseChannelArgs(channel="REGULAR"),
            min_master_version=cluster.version,
            maintenance_policy=maintenance.policy(cluster.maintenance),
            # A cluster is made with a pool; ours come after it, so this one goes at once.
            remove_default_node_pool=True,
            initial_node_count=1,
            node_config=self._first_node(keys),
            ignore_node_count_changes=True,
            network=network.network.id,
            subnetwork=network.private.id,
            networking_mode="VPC_NATIVE",
            ip_allocation_policy=container.ClusterIpAllocationPolicyArgs(
                cluster_secondary_range_name=PODS, services_secondary_range_name=SERVICES
            ),
            datapath_provider="ADVANCED_DATAPATH",
            enable_intranode_visibility=True,
            enable_cilium_clusterwide_network_policy=True,
            enable_l4_ilb_subsetting=True,
            dns_config=container.ClusterDnsConfigArgs(
                cluster_dns="CLOUD_DNS", cluster_dns_scope="CLUSTER_SCOPE"
            ),
            gateway_api_config=container.ClusterGatewayApiConfigArgs(channel="CHANNEL_STANDARD"),
            private_cluster_config=container.ClusterPrivateClusterConfigArgs(
                enable_private_nodes=True, enable_private_endpoint=False if public else None
            ),
            control_plane_endpoints_config=container.ClusterControlPlaneEndpointsConfigArgs(
                dns_endpoint_config=container.ClusterControlPlaneEndpointsConfigDnsEndpointConfigArgs(
                    # "External" is everybody but Google's own services: without it nobody gets in.
                    allow_external_traffic=True,
                    enable_k8s_certs_via_dns=False,
                    enable_k8s_tokens_via_dns=False,
                ),
                ip_endpoints_config=container.ClusterControlPlaneEndpointsConfigIpEndpointsConfigArgs(
                    enabled=public
                ),
            ),
            master_authorized_networks_config=_callers(cluster) if public else None,
            workload_identity_config=container.ClusterWorkloadIdentityConfigArgs(
                workload_pool=f"{place.account}.svc.id.goog"
            ),
            database_encryption=container.ClusterDatabaseEncryptionArgs(
                state="ENCRYPTED", key_name=keys.facts.cluster
            ),
            enable_shielded_nodes=True,
            enable_legacy_abac=False,
            master_auth=container.ClusterMasterAuthArgs(
                client_certificate_config=container.ClusterMasterAuthClientCertificateConfigArgs(
                    issue_client_certificate=False
                )
            ),
            # Without a name, only the health of the control plane is told.
            anonymous_authentication_config=container.ClusterAnonymousAuthenticationConfigArgs(
                mode="LIMITED"
            ),
            rbac_binding_config=container.ClusterRbacBindingConfigArgs(
                enable_insecure_binding_system_authenticated=False,
                enable_insecure_binding_system_unauthenticated=False,
            ),
            security_posture_config=container.ClusterSecurityPostureConfigArgs(
                # Images are scanned where they are kept, by Artifact Registry.
                mode="BASIC",
                vulnerability_mode="VULNERABILITY_DISABLED",
            ),
            logging_config=container.ClusterLoggingConfigArgs(
                enable_components=["SYSTEM_COMPONENTS", "WORKLOADS", *CONTROL_PLANE]
            ),
            monitoring_config=container.ClusterMonitoringConfigArgs(
                enable_components=["SYSTEM_COMPONENTS", *CONTROL_PLANE],
                # The workload brings its own Prometheus, the same on every cloud: metrics are not kept twice.
                managed_prometheus=container.ClusterMonitoringConfigManagedPrometheusArgs(enabled=False),
                advanced_datapath_observability_config=(
                    container.ClusterMonitoringConfigAdvancedDatapathObservabilityConfigArgs(
                        enable_metrics=True, enable_relay=False
                    )
                ),
            ),
            cost_management_config=container.ClusterCostManagementConfigArgs(enabled=True),
            vertical_pod_autoscaling=container.ClusterVerticalPodAutoscalingArgs(enabled=True),
            addons_config=_addons(),
            opts=pulumi.ResourceOptions(
                parent=self,
                protect=place.protect,
                depends_on=[self.account.role, keys.grants["cluster"], keys.grants["disks"]],
                # The first pool is gone, and Google tells of another in its place: no reason to replace a cluster.
                ignore_changes=["nodeConfig", "initialNodeCount"],
            ),
        )

    def _first_node(self, keys: Keys) -> container.ClusterNodeConfigArgs:
        """The pool that is removed at once, made as the others are: organisations refuse what is not."""
        return container.ClusterNodeConfigArgs(
            service_account=self.account.email,
            oauth_scopes=["https://www.googleapis.com/auth/cloud-platform"],
            boot_disk_kms_key=keys.facts.cluster,
            disk_size_gb=50,
            disk_type="pd-balanced",
            workload_metadata_config=container.ClusterNodeConfigWorkloadMetadataConfigArgs(
                mode="GKE_METADATA"
            ),
            shielded_instance_config=container.ClusterNodeConfigShieldedInstanceConfigArgs(
                enable_secure_boot=True, enable_integrity_monitoring=True
            ),
        )


def _callers(cluster: ClusterConfig) -> container.ClusterMasterAuthorizedNetworksConfigArgs:
    """Who may call the address of the control plane; other customers of Google are nobody special."""
    return container.ClusterMasterAuthorizedNetworksConfigArgs(
        cidr_blocks=[
            container.ClusterMasterAuthorizedNetworksConfigCidrBlockArgs(cidr_block=cidr)
            for cidr in cluster.public_access
        ],
        gcp_public_cidrs_access_enabled=False,
    )


def _addons() -> container.ClusterAddonsConfigArgs:
    return container.ClusterAddonsConfigArgs(
        gce_persistent_disk_csi_driver_config=(
            container.ClusterAddonsConfigGcePersistentDiskCsiDriverConfigArgs(enabled=True)
        ),
        dns_cache_config=container.ClusterAddonsConfigDnsCacheConfigArgs(enabled=True),
        gke_backup_agent_config=container.ClusterAddonsConfigGkeBackupAgentConfigArgs(enabled=True),
        # It also keeps the endpoint groups that the edge's load balancer sends to.
        http_load_balancing=container.ClusterAddonsConfigHttpLoadBalancingArgs(disabled=False),
        horizontal_pod_autoscaling=container.ClusterAddonsConfigHorizontalPodAutoscalingArgs(disabled=False),
    )


def _kubeconfig(name: pulumi.Output[str], endpoint: pulumi.Output[str]) -> pulumi.Output[str]:
    """For `kubectl` and Pulumi; the plugin asks `gcloud` for a token. The name's certificate is a public one."""
    return pulumi.Output.json_dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": name, "cluster": {"server": endpoint}}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
            "current-context": name,
            "users": [
                {
                    "name": name,
                    "user": {
                        "exec": {
                            "apiVersion": "client.authentication.k8s.io/v1beta1",
                            "command": "gke-gcloud-auth-plugin",
                            "provideClusterInfo": True,
                            "interactiveMode": "Never",
                        }
                    },
                }
            ],
        }
    )
