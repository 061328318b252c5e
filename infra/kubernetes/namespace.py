"""A namespace: restricted pods, a quota, limits for whoever names none."""

from __future__ import annotations

import pulumi
from pulumi_kubernetes import core, meta


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
        node_ports: int = 0,
        opts: pulumi.ResourceOptions,
    ) -> None:
        """`pods`, `cpu` (cores) and `memory_gib` are what all its pods together may request.

        `node_ports` is how many ports of the nodes its Services may take.
        """
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
                    "services.nodeports": str(node_ports),
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
        self.register_outputs({})
