"""EKS Pod Identity: pods of one service account act in one role, with credentials that last hours."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from infra.platforms.aws import iam


def pod_trust() -> pulumi.Output[str]:
    """Who may assume a role of pods: the agent on the nodes, and nobody else."""
    return iam.trust("pods.eks.amazonaws.com", tagged=True)


def associate(
    name: str,
    *,
    cluster: pulumi.Output[str],
    namespace: str,
    account: str,
    role: iam.Role,
    parent: pulumi.Resource,
) -> aws.eks.PodIdentityAssociation:
    """Tie a Kubernetes service account to a role."""
    return aws.eks.PodIdentityAssociation(
        name,
        cluster_name=cluster,
        namespace=namespace,
        service_account=account,
        role_arn=role.arn,
        opts=pulumi.ResourceOptions(parent=parent),
    )
