"""Flow logs: who spoke to whom in the cell's network."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from infra.place import Place
from infra.platforms.aws import iam
from infra.platforms.aws.logs import log_group


class FlowLogs(pulumi.ComponentResource):
    """All traffic of a VPC, accepted and refused, in an encrypted log group."""

    def __init__(
        self,
        name: str,
        *,
        place: Place,
        account: pulumi.Output[str],
        vpc: pulumi.Output[str],
        key: pulumi.Output[str],
        days: int,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("costate:aws:FlowLogs", name, None, opts)
        group = log_group(name, f"/costate/{place.name}/flow", days=days, key=key, parent=self)
        role = iam.Role(
            name,
            description=f"Flow logs of {place.name}",
            trusts=iam.trust("vpc-flow-logs.amazonaws.com", account=account),
            statements=[
                iam.allow(
                    ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"],
                    # The streams of this one group.
                    pulumi.Output.format("{0}:*", group.arn),
                )
            ],
            opts=pulumi.ResourceOptions(parent=self),
        )
        aws.ec2.FlowLog(
            name,
            vpc_id=vpc,
            traffic_type="ALL",
            log_destination_type="cloud-watch-logs",
            log_destination=group.arn,
            iam_role_arn=role.arn,
            max_aggregation_interval=60,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})
