"""Managed Kubernetes: the control plane, who may use it, and what is installed before and after its nodes."""

from __future__ import annotations

import json
from dataclasses import replace

import pulumi
import pulumi_aws as aws

from infra import naming
from infra.config.nodes import Cluster as ClusterConfig
from infra.config.nodes import Gpu, Nodes
from infra.contracts import ClusterFacts, NodeMakerFacts
from infra.place import Place
from infra.platforms.aws import iam
from infra.platforms.aws.addons import Addons
from infra.platforms.aws.autoscaler import ClusterAutoscaler
from infra.platforms.aws.karpenter import Karpenter
from infra.platforms.aws.karpenter_pools import told
from infra.platforms.aws.keys import Keys
from infra.platforms.aws.logs import log_group
from infra.platforms.aws.network import Network
from infra.platforms.aws.node_pools import NodePools
from infra.platforms.aws.node_role import NodeRole

LOGS = ("api", "audit", "authenticator", "controllerManager", "scheduler")


class Cluster(pulumi.ComponentResource):
    """EKS with a private endpoint, access entries and pod identities; nothing of its own choosing inside."""

    def __init__(
        self,
        name: str,
        *,
        place: Place,
        cluster: ClusterConfig,
        nodes: Nodes,
        gpu: Gpu | None,
        log_days: int,
        network: Network,
        keys: Keys,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("costate:aws:Cluster", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        # The name is known before the cluster is: log group, tags and policies are made of it.
        self.cluster_name = naming.named("aws:cluster", place.name)
        logs = log_group(
            f"{name}-logs",
            f"/aws/eks/{self.cluster_name}/cluster",
            days=log_days,
            key=keys.logs,
            parent=self,
        )
        self.control_plane = self._control_plane(name, place, cluster, network, keys, logs)
        self.security_group = self.control_plane.vpc_config.cluster_security_group_id.apply(str)
        """Of every node: data stores let it in and nobody else."""
        self.admin = self._admin(name, place)
        before = Addons(
            f"{name}-addons",
            place=place,
            cluster=self.control_plane.name,
            version=cluster.version,
            key=keys.data,
            opts=child,
        )
        role = NodeRole(f"{place.name}-node", place=place, opts=child)
        self.pools = NodePools(
            f"{name}-pools",
            place=place,
            cluster=self.control_plane.name,
            addons=before.first,
            version=cluster.version,
            nodes=nodes,
            gpu=gpu,
            # With Karpenter only the system pool is a node group.
            fixed=cluster.node_autoscaler == "karpenter",
            role=role,
            network=network,
            key=keys.data,
            opts=child,
        )
        before.after_nodes(self.control_plane.name, self.pools.system)
        nodes_by: NodeMakerFacts | None = None
        if cluster.node_autoscaler == "karpenter":
            karpenter = Karpenter(
                f"{name}-karpenter",
                place=place,
                cluster=self.control_plane,
                account=keys.account,
                role=role,
                key=keys.data,
                opts=child,
            )
            nodes_by = told(
                karpenter,
                place=place,
                cluster=self.cluster_name,
                version=cluster.version,
                nodes=nodes,
                gpu=gpu,
            )
        else:
            ClusterAutoscaler(
                f"{name}-autoscaler",
                place=place,
                cluster=self.control_plane.name,
                opts=child,
            )
        self.facts = replace(self._facts(place), node_maker=nodes_by)
        self.register_outputs({"name": self.facts.name, "endpoint": self.facts.endpoint})

    def _control_plane(
        self,
        name: str,
        place: Place,
        cluster: ClusterConfig,
        network: Network,
        keys: Keys,
        logs: aws.cloudwatch.LogGroup,
    ) -> aws.eks.Cluster:
        role = iam.Role(
            f"{name}-role",
            description=f"Control plane of {place.name}",
            trusts=iam.trust("eks.amazonaws.com"),
            managed=["AmazonEKSClusterPolicy"],
            opts=pulumi.ResourceOptions(parent=self),
        )
        public = list(cluster.public_access)
        return aws.eks.Cluster(
            name,
            name=self.cluster_name,
            version=cluster.version,
            role_arn=role.own_arn,
            access_config=aws.eks.ClusterAccessConfigArgs(
                authentication_mode="API",
                # Whoever happens to create the cluster is nobody in it: see `_admin`.
                bootstrap_cluster_creator_admin_permissions=False,
            ),
            bootstrap_self_managed_addons=False,
            vpc_config=aws.eks.ClusterVpcConfigArgs(
                subnet_ids=list(network.facts.private_subnets),
                endpoint_private_access=True,
                endpoint_public_access=bool(public),
                public_access_cidrs=public or None,
            ),
            kubernetes_network_config=aws.eks.ClusterKubernetesNetworkConfigArgs(
                ip_family="ipv4", service_ipv4_cidr=place.network.services
            ),
            encryption_config=aws.eks.ClusterEncryptionConfigArgs(
                provider=aws.eks.ClusterEncryptionConfigProviderArgs(key_arn=keys.cluster),
                resources=["secrets"],
            ),
            enabled_cluster_log_types=list(LOGS),
            # Extended support costs six times as much: an old version is upgraded instead.
            upgrade_policy=aws.eks.ClusterUpgradePolicyArgs(support_type="STANDARD"),
            zonal_shift_config=aws.eks.ClusterZonalShiftConfigArgs(enabled=True),
            deletion_protection=place.protect,
            opts=pulumi.ResourceOptions(
                parent=self,
                protect=place.protect,
                # EKS would make the log group itself, without key or end, were it not there, and acts in its
                # role at once.
                depends_on=[logs, *role.rights],
            ),
        )

    def _admin(self, name: str, place: Place) -> iam.Role:
        """A role that is administrator of the cluster and has no right in AWS itself.

        Who may take it is decided by IAM policies of the account (`sts:AssumeRole` on it): people and
        pipelines come and go without any change to the cluster.
        """
        account = self.control_plane.arn.apply(lambda arn: arn.split(":")[4])
        role = iam.Role(
            f"{name}-admin",
            description=f"Administrators of Kubernetes in {place.name}",
            trusts=iam.document(
                {
                    "Effect": "Allow",
                    "Action": ["sts:AssumeRole"],
                    "Principal": {"AWS": pulumi.Output.format("arn:aws:iam::{0}:root", account)},
                }
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        child = pulumi.ResourceOptions(parent=self)
        entry = aws.eks.AccessEntry(
            f"{name}-admin", cluster_name=self.control_plane.name, principal_arn=role.arn, opts=child
        )
        aws.eks.AccessPolicyAssociation(
            f"{name}-admin",
            cluster_name=self.control_plane.name,
            principal_arn=entry.principal_arn,
            policy_arn="arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy",
            access_scope=aws.eks.AccessPolicyAssociationAccessScopeArgs(type="cluster"),
            opts=child,
        )
        return role

    def _facts(self, place: Place) -> ClusterFacts:
        made = self.control_plane
        authority = made.certificate_authority.apply(lambda given: given.data)
        known = pulumi.Output.all(made.name, made.endpoint, authority, self.admin.arn)
        return ClusterFacts(
            name=made.name,
            endpoint=made.endpoint,
            # A cluster made anew has the same name and ARN, and another day of birth.
            identifier=pulumi.Output.format("{0}@{1}", made.arn, made.created_at),
            kubeconfig=known.apply(lambda values: _kubeconfig(place.region, *values)),
        )


def _kubeconfig(region: str, name: str, endpoint: str, authority: str | None, role: str) -> str:
    """A kubeconfig that asks `aws` for a token in the administrators' role."""
    get_token = ["eks", "get-token", "--output", "json", "--region", region, "--cluster-name", name]
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "clusters": [
            {"name": name, "cluster": {"server": endpoint, "certificate-authority-data": authority}}
        ],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "users": [
            {
                "name": name,
                "user": {
                    "exec": {
                        "apiVersion": "client.authentication.k8s.io/v1",
                        "command": "aws",
                        "args": [*get_token, "--role-arn", role],
                        "interactiveMode": "IfAvailable",
                    }
                },
            }
        ],
    }
    return json.dumps(document)
