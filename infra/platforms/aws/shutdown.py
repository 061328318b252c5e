"""Shutdown of a development cell: nodes and database are stopped in the evening and started in the morning.

An `up` while the cell sleeps wakes its nodes: their least number is configuration.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_aws as aws

from infra.config import nodes
from infra.place import Place
from infra.platforms.aws import iam
from infra.platforms.aws.database import Database
from infra.platforms.aws.keys import Keys
from infra.platforms.aws.node_pools import NodePools, Pool

SDK = "arn:aws:scheduler:::aws-sdk"


class Shutdown(pulumi.ComponentResource):
    """Schedules that call AWS's own API: no function to be kept."""

    def __init__(
        self,
        name: str,
        *,
        place: Place,
        shutdown: nodes.Shutdown,
        pools: NodePools,
        database: Database,
        keys: Keys,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("costate:aws:Shutdown", name, None, opts)
        self._name, self._shutdown, self._key = name, shutdown, keys.data
        self._child = pulumi.ResourceOptions(parent=self)
        self._group = aws.scheduler.ScheduleGroup(place.name, opts=self._child)
        self._role = iam.Role(
            f"{place.name}-shutdown",
            description=f"Sleep of {place.name}",
            trusts=iam.trust("scheduler.amazonaws.com", account=keys.account),
            statements=[
                iam.allow(["rds:StopDBInstance", "rds:StartDBInstance"], database.instance.arn),
                iam.allow(["eks:UpdateNodegroupConfig"], [group.arn for _, group in pools.groups]),
                iam.allow(
                    ["kms:Decrypt"],
                    keys.data,
                    when={"StringEquals": {"kms:ViaService": f"scheduler.{place.region}.amazonaws.com"}},
                ),
            ],
            opts=self._child,
        )
        instance = {"DbInstanceIdentifier": database.identifier}
        self._call("stop", "database", "rds:stopDBInstance", instance)
        self._call("start", "database", "rds:startDBInstance", instance)
        for pool, group in pools.groups:
            for moment, least in (("stop", 0), ("start", pool.least)):
                given = _scaled(pool, least)
                target = {"ClusterName": group.cluster_name, "NodegroupName": group.node_group_name}
                self._call(moment, pool.name, "eks:updateNodegroupConfig", {**target, "ScalingConfig": given})
        self.register_outputs({})

    def _call(self, moment: str, what: str, action: str, given: Mapping[str, Any]) -> None:
        """Once a day: a database that was started by AWS itself, after a week, is stopped again."""
        hour, minute = getattr(self._shutdown, moment).split(":")
        days = "*" if moment == "stop" else "MON-FRI"
        aws.scheduler.Schedule(
            f"{self._name}-{moment}-{what}",
            description=f"{moment} {what}",
            group_name=self._group.name,
            schedule_expression=f"cron({int(minute)} {int(hour)} ? * {days} *)",
            schedule_expression_timezone=self._shutdown.timezone,
            kms_key_arn=self._key,
            flexible_time_window=aws.scheduler.ScheduleFlexibleTimeWindowArgs(mode="OFF"),
            target=aws.scheduler.ScheduleTargetArgs(
                arn=f"{SDK}:{action}",
                role_arn=self._role.arn,
                input=pulumi.Output.all(**given).apply(json.dumps),
                retry_policy=aws.scheduler.ScheduleTargetRetryPolicyArgs(
                    maximum_event_age_in_seconds=3600, maximum_retry_attempts=5
                ),
            ),
            opts=self._child,
        )


def _scaled(pool: Pool, least: int) -> dict[str, int]:
    return {"MinSize": least, "DesiredSize": least, "MaxSize": pool.most}
