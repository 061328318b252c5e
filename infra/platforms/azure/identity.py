"""Who the workload is in Azure: one identity for each service account, proven by the cluster's own tokens.

An identity may do nothing by itself: each data store gives its own rights, to who needs them.
"""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
from pulumi_azure_native import managedidentity

from infra.contracts import ACCOUNTS, NAMESPACES, Account, IdentityFacts, ServiceAccountFacts
from infra.place import Place
from infra.platforms.azure.cluster import Cluster
from infra.platforms.azure.grants import grant
from infra.platforms.azure.group import Group
from infra.platforms.azure.keys import Keys

AUDIENCE = "api://AzureADTokenExchange"


class Identity(pulumi.ComponentResource):
    """User-assigned identities, by service account, that trust the cluster's issuer for one account each."""

    facts: IdentityFacts

    def __init__(
        self,
        name: str,
        *,
        place: Place,
        group: Group,
        cluster: Cluster,
        keys: Keys,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("costate:azure:Identity", name, None, opts)
        self._place, self._group = place, group
        self.identities = {account: self._identity(name, account, cluster) for account in ACCOUNTS}
        grant(
            f"{name}-secrets",
            role="Key Vault Secrets User",
            principal=self.principal("external-secrets"),
            scope=keys.vault.id,
            parent=self,
        )
        self.facts = IdentityFacts(
            accounts={account: _marks(identity) for account, identity in self.identities.items()}
        )
        self.register_outputs({})

    def principal(self, account: Account) -> pulumi.Output[str]:
        """The object in Entra that rights are given to."""
        return self.identities[account].principal_id

    def _identity(
        self, name: str, account: Account, cluster: Cluster
    ) -> managedidentity.UserAssignedIdentity:
        identity = managedidentity.UserAssignedIdentity(
            f"{self._place.name}-{account}",
            resource_group_name=self._group.name,
            location=self._group.location,
            tags=self._place.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
        managedidentity.FederatedIdentityCredential(
            f"{name}-{account}",
            resource_group_name=self._group.name,
            resource_name_=identity.name,
            issuer=cluster.issuer,
            subject=f"system:serviceaccount:{NAMESPACES[account]}:{account}",
            audiences=[AUDIENCE],
            opts=pulumi.ResourceOptions(parent=self),
        )
        return identity


def _marks(identity: managedidentity.UserAssignedIdentity) -> ServiceAccountFacts:
    """What the webhook of AKS looks for: the identity at the account, the wish at its pods."""

    def annotations(known: list[str]) -> Mapping[str, str]:
        client, tenant = known
        return {
            "azure.workload.identity/client-id": client,
            "azure.workload.identity/tenant-id": tenant,
        }

    labels: Mapping[str, str] = {"azure.workload.identity/use": "true"}
    return ServiceAccountFacts(
        annotations=pulumi.Output.all(identity.client_id, identity.tenant_id).apply(annotations),
        labels=pulumi.Output.from_input(labels),
    )
