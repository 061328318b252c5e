"""Who a node is in the cloud: one that may write logs and metrics and read images, no more."""

from __future__ import annotations

import pulumi
from pulumi_gcp import projects, serviceaccount

from infra import naming
from infra.place import Place


class NodeAccount(pulumi.ComponentResource):
    """The service account of the nodes. Pods never see it: they act as their own (`identity.py`)."""

    email: pulumi.Output[str]
    member: pulumi.Output[str]

    def __init__(self, name: str, *, place: Place, opts: pulumi.ResourceOptions) -> None:
        super().__init__("costate:gcp:NodeAccount", name, None, opts)
        account = serviceaccount.Account(
            f"{place.name}-nodes",
            account_id=naming.named("gcp:service-account", place.name, "nodes"),
            display_name=f"Nodes of {place.name}",
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.email = account.email
        self.member = pulumi.Output.concat("serviceAccount:", account.email)
        # Logs and metrics are not resources that can be named, so the role is on the project: Google's own
        # for nodes, which has nothing else.
        self.role = projects.IAMMember(
            f"{place.name}-nodes",
            project=place.account,
            role="roles/container.defaultNodeServiceAccount",
            member=self.member,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})
