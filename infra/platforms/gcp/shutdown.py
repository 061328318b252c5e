"""Sleep of a development cell: nodes and database stop in the evening and start in the morning.

An `up` while the cell sleeps wakes it: that it is awake is configuration.
"""

from __future__ import annotations

from typing import Any

import pulumi

from infra.config import nodes
from infra.place import Place
from infra.platforms.gcp.cluster import Cluster
from infra.platforms.gcp.database import Database
from infra.platforms.gcp.node_pools import Pool
from infra.platforms.gcp.scheduled_workflow import ScheduledWorkflow

POOLS = "googleapis.container.v1.projects.locations.clusters.nodePools"

PERMISSIONS = (
    "cloudsql.instances.get",
    "cloudsql.instances.update",
    "container.clusters.get",
    "container.clusters.update",
    "container.operations.get",
)


class Shutdown(pulumi.ComponentResource):
    """One workflow with two schedules. The control plane stays: it cannot be stopped."""

    def __init__(
        self,
        name: str,
        *,
        place: Place,
        shutdown: nodes.Shutdown,
        cluster: Cluster,
        database: Database,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("costate:gcp:Shutdown", name, None, opts)
        pools = [
            {
                "name": pulumi.Output.concat(cluster.cluster.id, "/nodePools/", pool.name),
                "first": definition.first,
                "autoscaling": _autoscaling(definition),
            }
            for definition, pool in cluster.pools.pools
        ]
        ScheduledWorkflow(
            f"{name}-workflow",
            place=place,
            purpose="shutdown",
            steps=pulumi.Output.json_dumps(_workflow(place.account, database.instance.name, pools)),
            permissions=PERMISSIONS,
            # Kubernetes Engine knows no condition on a single cluster, so the role is on the project; it is of
            # development cells only, and changes nothing but what runs.
            condition=None,
            schedules={
                "stop": (_cron(shutdown.stop, "*"), {"asleep": True}),
                "start": (_cron(shutdown.start, "1-5"), {"asleep": False}),
            },
            timezone=shutdown.timezone,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})


def _autoscaling(pool: Pool) -> dict[str, Any]:
    return {
        "enabled": True,
        "totalMinNodeCount": pool.least,
        "totalMaxNodeCount": pool.most,
        "locationPolicy": pool.spread,
    }


def _cron(time: str, days: str) -> str:
    hour, minute = time.split(":")
    return f"{int(minute)} {int(hour)} * * {days}"


def _workflow(project: str, instance: pulumi.Output[str], pools: list[dict[str, Any]]) -> dict[str, Any]:
    """Nodes go before the database and come after it. The autoscaler rests while a pool sleeps."""
    asleep = {"asleep": "${args.asleep}"}
    to_sleep = [_step("stop-nodes", "nodes", asleep), _step("stop-database", "database", asleep)]
    to_wake = [_step("start-database", "database", asleep), _step("start-nodes", "nodes", asleep)]
    ways = [{"condition": "${args.asleep}", "steps": to_sleep}, {"condition": True, "steps": to_wake}]
    return {
        "main": {"params": ["args"], "steps": [{"way": {"switch": ways}}]},
        "database": {
            "params": ["asleep"],
            "steps": [
                _step(
                    "patch",
                    "googleapis.sqladmin.v1.instances.patch",
                    {
                        "project": project,
                        "instance": instance,
                        "body": {"settings": {"activationPolicy": '${if(asleep, "NEVER", "ALWAYS")}'}},
                    },
                )
            ],
        },
        "nodes": {
            "params": ["asleep"],
            "steps": [
                {"pools": {"assign": [{"pools": pools}]}},
                {"each": {"for": {"value": "pool", "in": "${pools}", "steps": _one_pool()}}},
            ],
        },
    }


def _one_pool() -> list[dict[str, Any]]:
    size = _step(
        "size",
        f"{POOLS}.setSize",
        {"name": "${pool.name}", "body": {"nodeCount": "${if(asleep, 0, pool.first)}"}},
    )
    rest = _step(
        "rest",
        f"{POOLS}.setAutoscaling",
        {"name": "${pool.name}", "body": {"autoscaling": {"enabled": False}}},
    )
    wake = _step(
        "resume",
        f"{POOLS}.setAutoscaling",
        {"name": "${pool.name}", "body": {"autoscaling": "${pool.autoscaling}"}},
    )
    return [
        {"before": {"switch": [{"condition": "${asleep}", "steps": [rest]}]}},
        size,
        {"after": {"switch": [{"condition": "${not(asleep)}", "steps": [wake]}]}},
    ]


def _step(name: str, call: str, args: dict[str, Any]) -> dict[str, Any]:
    return {name: {"call": call, "args": args}}
