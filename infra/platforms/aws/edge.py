"""The cell's entry: a network load balancer with fixed addresses before the gateway in the cluster.

It is made here and not by a controller in the cluster, so that its name is known before any workload is there,
destroying the stack leaves nothing behind, and nothing in the cluster may make load balancers. TLS ends at the
gateway, as in every cloud. What has a domain is reached through CloudFront with WAF (`front.py`): the entry
then is open to CloudFront and to the health checks of Route 53 only.
"""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from infra import naming
from infra.contracts import EdgeFacts
from infra.place import Place
from infra.platforms.aws.network import Network

NODE_PORT = 30443
"""Where the gateway listens on every node."""

CLOUDFRONT: dict[str, str] = {
    "us-east-1": "pl-3b927c52",
    "us-east-2": "pl-b6a144df",
    "us-west-2": "pl-82a045eb",
    "eu-west-1": "pl-4fa04526",
    "eu-west-2": "pl-93a247fa",
    "eu-central-1": "pl-a3a144ca",
    "ap-northeast-1": "pl-58a04531",
    "ap-southeast-2": "pl-b8a742d1",
}
"""AWS's own prefix lists `com.amazonaws.global.cloudfront.origin-facing`."""

HEALTH_CHECKS = (
    "15.177.0.0/18",
    "54.183.255.128/26",
    "54.228.16.0/26",
    "54.232.40.64/26",
    "54.241.32.64/26",
    "54.243.31.192/26",
    "54.244.52.192/26",
    "54.245.168.0/26",
    "54.248.220.0/26",
    "54.250.253.192/26",
    "54.251.31.128/26",
    "54.252.79.128/26",
    "54.252.254.192/26",
    "54.255.254.192/26",
    "107.23.255.0/26",
    "176.34.159.192/26",
    "177.71.207.128/26",
)
"""ROUTE53_HEALTHCHECKS of https://ip-ranges.amazonaws.com/ip-ranges.json."""


class Edge(pulumi.ComponentResource):
    """`behind_front`: whether CloudFront stands before the cell."""

    def __init__(
        self,
        name: str,
        *,
        place: Place,
        network: Network,
        nodes: pulumi.Output[str],
        scaling: pulumi.Output[str],
        behind_front: bool,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`nodes` is the security group of nodes, `scaling` the group of those that take requests."""
        super().__init__("costate:aws:Edge", name, None, opts)
        self._name, self._place, self._vpc = name, place, network.facts.id
        self._child = pulumi.ResourceOptions(parent=self)
        groups = self._from_front() if behind_front else [self._from_anywhere()]
        for index, group in enumerate(groups):
            self._to_nodes(index, group.id, nodes)
        balancer = aws.lb.LoadBalancer(
            name,
            name=naming.named("aws:load-balancer", place.name),
            load_balancer_type="network",
            internal=False,
            security_groups=[group.id for group in groups],
            subnet_mappings=[
                aws.lb.LoadBalancerSubnetMappingArgs(
                    subnet_id=subnet,
                    allocation_id=aws.ec2.Eip(f"{name}-{zone}", domain="vpc", opts=self._child).id,
                )
                for zone, subnet in zip(place.zones, network.facts.public_subnets, strict=True)
            ],
            enable_cross_zone_load_balancing=True,
            enable_deletion_protection=place.protect,
            opts=self._child,
        )
        self._forward(balancer, scaling)
        nothing: dict[str, str] = {}
        self.facts = EdgeFacts(
            address=balancer.dns_name,
            annotations=pulumi.Output.from_input(nothing),
            node_port=NODE_PORT,
        )
        self.register_outputs({"address": self.facts.address})

    def _forward(self, balancer: aws.lb.LoadBalancer, scaling: pulumi.Output[str]) -> None:
        target = aws.lb.TargetGroup(
            self._name,
            name=naming.named("aws:load-balancer", self._place.name, "gateway"),
            vpc_id=self._vpc,
            target_type="instance",
            protocol="TCP",
            port=NODE_PORT,
            preserve_client_ip="true",
            # A worker's answer to a waiting request may take a minute.
            deregistration_delay=90,
            health_check=aws.lb.TargetGroupHealthCheckArgs(
                protocol="TCP", interval=10, healthy_threshold=2, unhealthy_threshold=2
            ),
            # Its name is fixed (32 characters), so the old one has to go first.
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
        )
        aws.lb.Listener(
            self._name,
            load_balancer_arn=balancer.arn,
            port=443,
            # Passed through: the certificate is the gateway's.
            protocol="TCP",
            default_actions=[aws.lb.ListenerDefaultActionArgs(type="forward", target_group_arn=target.arn)],
            opts=self._child,
        )
        aws.autoscaling.Attachment(
            self._name, autoscaling_group_name=scaling, lb_target_group_arn=target.arn, opts=self._child
        )

    def _group(self, use: str, description: str) -> aws.ec2.SecurityGroup:
        return aws.ec2.SecurityGroup(
            f"{self._name}-{use}", description=description, vpc_id=self._vpc, opts=self._child
        )

    def _from_anywhere(self) -> aws.ec2.SecurityGroup:
        """Open to the Internet on 443: it is the public entry of the service."""
        group = self._group("internet", "HTTPS from anywhere")
        aws.vpc.SecurityGroupIngressRule(
            f"{self._name}-internet",
            security_group_id=group.id,
            description="HTTPS from anywhere",
            cidr_ipv4="0.0.0.0/0",
            ip_protocol="tcp",
            from_port=443,
            to_port=443,
            opts=self._child,
        )
        return group

    def _from_front(self) -> list[aws.ec2.SecurityGroup]:
        """Two groups: CloudFront's list alone counts as 55 of the 60 rules that one may have."""
        checks = aws.ec2.ManagedPrefixList(
            f"{self._name}-checks",
            address_family="IPv4",
            max_entries=len(HEALTH_CHECKS),
            entries=[aws.ec2.ManagedPrefixListEntryArgs(cidr=cidr) for cidr in HEALTH_CHECKS],
            opts=self._child,
        )
        lists: dict[str, pulumi.Input[str]] = {
            "cloudfront": CLOUDFRONT[self._place.region],
            "checks": checks.id,
        }
        groups = []
        for use, prefixes in lists.items():
            group = self._group(use, f"HTTPS from {use}")
            aws.vpc.SecurityGroupIngressRule(
                f"{self._name}-{use}",
                security_group_id=group.id,
                description=f"HTTPS from {use}",
                prefix_list_id=prefixes,
                ip_protocol="tcp",
                from_port=443,
                to_port=443,
                opts=self._child,
            )
            groups.append(group)
        return groups

    def _to_nodes(self, index: int, group: pulumi.Output[str], nodes: pulumi.Output[str]) -> None:
        for rule, at, other in (
            (aws.vpc.SecurityGroupEgressRule, group, nodes),
            (aws.vpc.SecurityGroupIngressRule, nodes, group),
        ):
            rule(
                f"{self._name}-gateway-{index}",
                security_group_id=at,
                description="Load balancer to the gateway",
                referenced_security_group_id=other,
                ip_protocol="tcp",
                from_port=NODE_PORT,
                to_port=NODE_PORT,
                opts=self._child,
            )
