"""Security group of a data store: the cluster's nodes reach its one port, and it reaches nothing."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws


def data_access(
    name: str,
    *,
    vpc: pulumi.Output[str],
    nodes: pulumi.Output[str],
    port: int,
    parent: pulumi.Resource,
) -> aws.ec2.SecurityGroup:
    """A group without way out, open to the group `nodes` on `port`."""
    child = pulumi.ResourceOptions(parent=parent)
    group = aws.ec2.SecurityGroup(
        name, description=f"Port {port} from the nodes of the cluster", vpc_id=vpc, opts=child
    )
    aws.vpc.SecurityGroupIngressRule(
        f"{name}-nodes",
        security_group_id=group.id,
        description="Nodes of the cluster",
        referenced_security_group_id=nodes,
        ip_protocol="tcp",
        from_port=port,
        to_port=port,
        opts=child,
    )
    return group
