"""Which pods go before which when a cluster is full."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
from pulumi_kubernetes import meta, scheduling

PRIORITIES = {
    "costate-serving": (100_000, "Answers requests: goes before work."),
    "costate-work": (10_000, "Solves jobs; another attempt loses little."),
    "costate-headroom": (-10, "Keeps nodes warm; gives way to everything."),
}
"""By name: value and what it is for."""

DATA = {"costate-data": (200_000, "Keeps data: goes before all that reads them.")}


class Priorities(pulumi.ComponentResource):
    """Priority classes of the cluster; one below zero puts nobody out."""

    def __init__(
        self, name: str, *, priorities: Mapping[str, tuple[int, str]], opts: pulumi.ResourceOptions
    ) -> None:
        super().__init__("costate:kubernetes:Priorities", name, None, opts)
        for priority, (value, purpose) in priorities.items():
            scheduling.v1.PriorityClass(
                f"{name}-{priority}",
                metadata=meta.v1.ObjectMetaArgs(name=priority),
                value=value,
                description=purpose,
                global_default=False,
                preemption_policy="Never" if value < 0 else "PreemptLowerPriority",
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({})
