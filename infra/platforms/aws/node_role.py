"""The role of nodes: to join the cluster and to pull images, nothing else."""

from __future__ import annotations

import pulumi

from infra.place import Place
from infra.platforms.aws import iam


class NodeRole(iam.Role):
    """Pods do not act in it: they have identities of their own, and metadata is out of their reach."""

    def __init__(self, name: str, *, place: Place, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(
            name,
            description=f"Nodes of {place.name}",
            trusts=iam.trust("ec2.amazonaws.com"),
            managed=["AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly"],
            opts=opts,
        )
