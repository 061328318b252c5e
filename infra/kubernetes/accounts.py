"""Service accounts: one a process, tied to a workload identity of the cloud, without rights in the cluster."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
from pulumi_kubernetes import core, meta

from infra.contracts import NAMESPACES, Account, ServiceAccountFacts

PRODUCT = NAMESPACES["api"]


class Accounts(pulumi.ComponentResource):
    """Service accounts of the product; their tokens are mounted only where a pod asks for it."""

    def __init__(
        self,
        name: str,
        *,
        namespace: pulumi.Input[str],
        identities: Mapping[Account, ServiceAccountFacts],
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("costate:kubernetes:Accounts", name, None, opts)
        for account, facts in identities.items():
            if NAMESPACES[account] != PRODUCT:
                continue  # an add-on's own, made by its chart
            core.v1.ServiceAccount(
                f"{name}-{account}",
                metadata=meta.v1.ObjectMetaArgs(
                    name=account, namespace=namespace, annotations=facts.annotations, labels=facts.labels
                ),
                automount_service_account_token=False,
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({})
