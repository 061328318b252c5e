"""Private endpoints: what nodes and pods ask of AWS does not leave the network."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from infra.place import Place
from infra.platforms.aws import iam

SERVICES = (
    "ec2",
    "ecr.api",
    "ecr.dkr",
    "eks-auth",
    "elasticloadbalancing",
    "logs",
    "secretsmanager",
    "sts",
)
"""Interface endpoints; S3 has a gateway endpoint, which costs nothing."""


class Endpoints(pulumi.ComponentResource):
    """Endpoints that serve this account's principals only: credentials of another account lead nowhere."""

    def __init__(
        self,
        name: str,
        *,
        place: Place,
        account: pulumi.Output[str],
        vpc: pulumi.Output[str],
        subnets: Sequence[pulumi.Output[str]],
        tables: Sequence[pulumi.Output[str]],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("costate:aws:Endpoints", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        own = {"StringEquals": {"aws:PrincipalAccount": account}}
        group = aws.ec2.SecurityGroup(
            name, description="HTTPS from the network to the endpoints", vpc_id=vpc, opts=child
        )
        aws.vpc.SecurityGroupIngressRule(
            f"{name}-https",
            security_group_id=group.id,
            description="HTTPS from the network",
            cidr_ipv4=place.network.cidr,
            ip_protocol="tcp",
            from_port=443,
            to_port=443,
            opts=child,
        )
        self.s3 = aws.ec2.VpcEndpoint(
            f"{name}-s3",
            vpc_id=vpc,
            service_name=f"com.amazonaws.{place.region}.s3",
            vpc_endpoint_type="Gateway",
            route_table_ids=list(tables),
            policy=iam.document(
                # Any action and bucket, but only for this account's principals: their own policies decide.
                iam.allow(["s3:*"], "*", who="*", when=own),
                # Layers of images lie in a bucket of ECR's and are fetched with ECR's signature.
                iam.allow(
                    ["s3:GetObject"],
                    f"arn:aws:s3:::prod-{place.region}-starport-layer-bucket/*",
                    who="*",
                    when={"StringEquals": {"aws:SourceVpc": vpc}},
                ),
            ),
            tags={**place.tags, "Name": f"{name}-s3"},
            opts=child,
        )
        for service in SERVICES:
            aws.ec2.VpcEndpoint(
                f"{name}-{service.replace('.', '-')}",
                vpc_id=vpc,
                service_name=f"com.amazonaws.{place.region}.{service}",
                vpc_endpoint_type="Interface",
                subnet_ids=list(subnets),
                security_group_ids=[group.id],
                private_dns_enabled=True,
                # Any action of the one service, but only for this account's principals.
                policy=iam.document(iam.allow(["*"], "*", who="*", when=own)),
                tags={**place.tags, "Name": f"{name}-{service}"},
                opts=child,
            )
        self.register_outputs({})
