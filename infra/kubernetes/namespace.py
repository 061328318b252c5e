"""The namespace of the product: restricted pods, a quota, limits for whoever names none, priorities."""

from __future__ import annotations

import pulumi
from pulumi_kubernetes import core, meta, scheduling

PRIORITIES = {
    "costate-serving": (100_000, "Answers requests: goes before work."),
    "costate-work": (10_000, "Solves jobs; another attempt loses little."),
    "costate-headroom": (-10, "Keeps nodes warm; gives way to everything."),
}
"""By name: value and what it is for."""


class Namespace(pulumi.ComponentResource):
    """A namespace that admits only pods of the standard `restricted`."""

    name: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        *,
        namespace: str,
        pods: int,
        cpu: int,
        memory_gib: int,
        opts: pulumi.ResourceOptions,
    ) -> None:
        """`pods`, `cpu` (cores) and `memory_gib` are what all its pods together may request."""
        super().__init__("costate:kubernetes:Namespace", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        standard = "pod-security.kubernetes.io"
        made = core.v1.Namespace(
            name,
            metadata=meta.v1.ObjectMetaArgs(
                name=namespace,
                labels={f"{standard}/{mode}": "restricted" for mode in ("enforce", "audit", "warn")},
            ),
            opts=child,
        )
        self.name = made.metadata.name
        core.v1.ResourceQuota(
            name,
            metadata=meta.v1.ObjectMetaArgs(name="all", namespace=self.name),
            spec=core.v1.ResourceQuotaSpecArgs(
                hard={
                    "pods": str(pods),
                    "requests.cpu": str(cpu),
                    "requests.memory": f"{memory_gib}Gi",
                    "services.loadbalancers": "0",
                    "services.nodeports": "0",
                }
            ),
            opts=child,
        )
        core.v1.LimitRange(
            name,
            metadata=meta.v1.ObjectMetaArgs(name="default", namespace=self.name),
            spec=core.v1.LimitRangeSpecArgs(
                limits=[
                    core.v1.LimitRangeItemArgs(
                        type="Container",
                        default={"cpu": "500m", "memory": "512Mi"},
                        default_request={"cpu": "100m", "memory": "128Mi"},
                    )
                ]
            ),
            opts=child,
        )
        for priority, (value, purpose) in PRIORITIES.items():
            scheduling.v1.PriorityClass(
                f"{name}-{priority}",
                metadata=meta.v1.ObjectMetaArgs(name=priority),
                value=value,
                description=purpose,
                global_default=False,
                preemption_policy="Never" if value < 0 else "PreemptLowerPriority",
                opts=child,
            )
        self.register_outputs({})
