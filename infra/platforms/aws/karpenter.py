"""What Karpenter needs of AWS: an identity, its nodes' profile, and word of interruptions."""

from __future__ import annotations

import json

import pulumi
import pulumi_aws as aws

from infra.place import Place
from infra.platforms.aws import iam
from infra.platforms.aws.node_role import NodeRole
from infra.platforms.aws.pod_identity import associate, pod_trust

EVENTS = {
    "spot": ("aws.ec2", "EC2 Spot Instance Interruption Warning"),
    "rebalance": ("aws.ec2", "EC2 Instance Rebalance Recommendation"),
    "state": ("aws.ec2", "EC2 Instance State-change Notification"),
    "health": ("aws.health", "AWS Health Event"),
}


class Karpenter(pulumi.ComponentResource):
    """Nodes are made from the cluster's own subnets and groups, found by the tag `karpenter.sh/discovery`."""

    def __init__(
        self,
        name: str,
        *,
        place: Place,
        cluster: aws.eks.Cluster,
        account: pulumi.Output[str],
        role: NodeRole,
        key: pulumi.Output[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("costate:aws:Karpenter", name, None, opts)
        self._name, self._place, self._account = name, place, account
        child = pulumi.ResourceOptions(parent=self)
        queue = self._queue()
        # A profile made here, so that Karpenter needs no rights over profiles and roles.
        profile = aws.iam.InstanceProfile(f"{place.name}-node", role=role.name, opts=child)
        # The role is the system pool's too: EKS has let its nodes in with that node group.
        aws.ec2.Tag(
            f"{name}-discovery",
            resource_id=cluster.vpc_config.cluster_security_group_id.apply(str),
            key="karpenter.sh/discovery",
            value=place.name,
            opts=child,
        )
        controller = iam.Role(
            f"{place.name}-karpenter",
            description=f"Karpenter of {place.name}",
            trusts=pod_trust(),
            statements=[
                *self._node_statements(role),
                iam.allow(
                    ["sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage"],
                    queue.arn,
                ),
                iam.allow(["iam:GetInstanceProfile"], profile.arn),
                iam.allow(["eks:DescribeCluster"], cluster.arn),
                iam.allow(["kms:Decrypt", "kms:GenerateDataKeyWithoutPlaintext", "kms:CreateGrant"], key),
            ],
            opts=child,
        )
        associate(
            name,
            cluster=cluster.name,
            namespace="kube-system",
            account="karpenter",
            role=controller,
            parent=self,
        )
        self.queue, self.profile, self.key = queue.name, profile.name, key
        self.register_outputs({"queue": self.queue, "profile": self.profile})

    def _queue(self) -> aws.sqs.Queue:
        child = pulumi.ResourceOptions(parent=self)
        queue = aws.sqs.Queue(
            self._name,
            name=self._place.name,
            message_retention_seconds=300,
            sqs_managed_sse_enabled=True,
            opts=child,
        )
        aws.sqs.QueuePolicy(
            self._name,
            queue_url=queue.url,
            policy=iam.document(
                iam.allow(
                    ["sqs:SendMessage"],
                    queue.arn,
                    who={"Service": "events.amazonaws.com"},
                    when={"StringEquals": {"aws:SourceAccount": self._account}},
                ),
                iam.deny(["sqs:*"], queue.arn, who="*", when={"Bool": {"aws:SecureTransport": "false"}}),
            ),
            opts=child,
        )
        for event, (source, kind) in EVENTS.items():
            rule = aws.cloudwatch.EventRule(
                f"{self._place.name}-{event}",
                description=f"{kind}, for Karpenter of {self._place.name}",
                event_pattern=json.dumps({"source": [source], "detail-type": [kind]}),
                opts=child,
            )
            aws.cloudwatch.EventTarget(f"{self._name}-{event}", rule=rule.name, arn=queue.arn, opts=child)
        return queue

    def _node_statements(self, role: NodeRole) -> list[iam.Statement]:
        region, name = self._place.region, self._place.name
        here = f"arn:aws:ec2:{region}:*"
        made = (
            "instance",
            "fleet",
            "volume",
            "network-interface",
            "launch-template",
            "spot-instances-request",
        )
        requested = {
            "StringEquals": {
                f"aws:RequestTag/kubernetes.io/cluster/{name}": "owned",
                "aws:RequestTag/eks:eks-cluster-name": name,
            },
            "StringLike": {"aws:RequestTag/karpenter.sh/nodepool": "*"},
        }
        owned = {
            "StringEquals": {f"aws:ResourceTag/kubernetes.io/cluster/{name}": "owned"},
            "StringLike": {"aws:ResourceTag/karpenter.sh/nodepool": "*"},
        }
        launch = ["ec2:RunInstances", "ec2:CreateFleet"]
        return [
            # To launch touches what is there already (images, subnets, groups, templates) ...
            iam.allow(
                launch,
                [
                    f"arn:aws:ec2:{region}::image/*",
                    f"arn:aws:ec2:{region}::snapshot/*",
                    *(f"{here}:{kind}/*" for kind in ("security-group", "subnet", "capacity-reservation")),
                ],
            ),
            iam.allow(launch, f"{here}:launch-template/*", when=owned),
            # ... and makes what carries this cluster's tags from the first moment.
            iam.allow(
                [*launch, "ec2:CreateLaunchTemplate"], [f"{here}:{kind}/*" for kind in made], when=requested
            ),
            iam.allow(
                ["ec2:CreateTags"],
                [f"{here}:{kind}/*" for kind in made],
                when={
                    **requested,
                    "StringEquals": {
                        **requested["StringEquals"],
                        "ec2:CreateAction": ["RunInstances", "CreateFleet", "CreateLaunchTemplate"],
                    },
                },
            ),
            iam.allow(
                ["ec2:CreateTags"],
                f"{here}:instance/*",
                when={
                    **owned,
                    "ForAllValues:StringEquals": {
                        "aws:TagKeys": ["eks:eks-cluster-name", "karpenter.sh/nodeclaim", "Name"]
                    },
                },
            ),
            iam.allow(
                ["ec2:TerminateInstances", "ec2:DeleteLaunchTemplate"],
                [f"{here}:instance/*", f"{here}:launch-template/*"],
                when=owned,
            ),
            # To describe knows no resource: AWS takes only "*" here.
            iam.allow(
                [
                    "ec2:DescribeCapacityReservations",
                    "ec2:DescribeImages",
                    "ec2:DescribeInstances",
                    "ec2:DescribeInstanceTypeOfferings",
                    "ec2:DescribeInstanceTypes",
                    "ec2:DescribeLaunchTemplates",
                    "ec2:DescribeSecurityGroups",
                    "ec2:DescribeSpotPriceHistory",
                    "ec2:DescribeSubnets",
                ],
                "*",
                when={"StringEquals": {"aws:RequestedRegion": region}},
            ),
            # Names of images and prices, both public.
            iam.allow(["ssm:GetParameter"], f"arn:aws:ssm:{region}::parameter/aws/service/*"),
            iam.allow(
                ["pricing:GetProducts"],
                "*",
                # The only regions that answer.
                when={"StringEquals": {"aws:RequestedRegion": ["us-east-1", "eu-central-1", "ap-south-1"]}},
            ),
            iam.allow(
                ["iam:PassRole"],
                role.arn,
                when={"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}},
            ),
        ]
