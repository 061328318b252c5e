"""The identity in which the cluster-autoscaler adds and removes nodes."""

from __future__ import annotations

import pulumi

from infra.place import Place
from infra.platforms.aws import iam
from infra.platforms.aws.pod_identity import associate, pod_trust


class ClusterAutoscaler(pulumi.ComponentResource):
    """May change the groups of this cluster only; the Deployment itself is a workload."""

    def __init__(
        self,
        name: str,
        *,
        place: Place,
        cluster: pulumi.Output[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("costate:aws:ClusterAutoscaler", name, None, opts)
        # EKS marks the groups of its node groups so.
        own = {"StringEquals": {f"aws:ResourceTag/k8s.io/cluster-autoscaler/{place.name}": "owned"}}
        role = iam.Role(
            f"{place.name}-autoscaler",
            description=f"Cluster-autoscaler of {place.name}",
            trusts=pod_trust(),
            statements=[
                iam.allow(
                    [
                        "autoscaling:SetDesiredCapacity",
                        "autoscaling:TerminateInstanceInAutoScalingGroup",
                    ],
                    f"arn:aws:autoscaling:{place.region}:*:autoScalingGroup:*:autoScalingGroupName/*",
                    when=own,
                ),
                # To describe knows no resource: AWS takes only "*" here.
                iam.allow(
                    [
                        "autoscaling:DescribeAutoScalingGroups",
                        "autoscaling:DescribeAutoScalingInstances",
                        "autoscaling:DescribeLaunchConfigurations",
                        "autoscaling:DescribeScalingActivities",
                        "autoscaling:DescribeTags",
                        "ec2:DescribeImages",
                        "ec2:DescribeInstanceTypes",
                        "ec2:DescribeLaunchTemplateVersions",
                        "ec2:GetInstanceTypesFromInstanceRequirements",
                    ],
                    "*",
                    when={"StringEquals": {"aws:RequestedRegion": place.region}},
                ),
                iam.allow(
                    ["eks:DescribeNodegroup"],
                    f"arn:aws:eks:{place.region}:*:nodegroup/{place.name}/*",
                ),
            ],
            opts=pulumi.ResourceOptions(parent=self),
        )
        associate(
            name,
            cluster=cluster,
            namespace="kube-system",
            account="cluster-autoscaler",
            role=role,
            parent=self,
        )
        self.register_outputs({})
