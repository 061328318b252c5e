"""The role of whoever runs `pulumi up` on Azure: the least that makes all resources of a stack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from infra.bootstrap.azure.resource_types import TYPES

NAME = "Costate deployer"

KEPT: frozenset[str] = frozenset(
    {
        "Microsoft.KeyVault/vaults/keys",  # goes with its vault
        "Microsoft.DBforPostgreSQL/flexibleServers/configurations",
        "Microsoft.Storage/storageAccounts/blobServices",
    }
)
"""Types that Azure deletes with what they belong to, and not by themselves."""

ACTIONS: Sequence[str] = (
    "Microsoft.Cache/redisEnterprise/PrivateEndpointConnectionsApproval/action",
    "Microsoft.ContainerRegistry/registries/privateEndpointConnectionsApproval/action",
    # The cluster's certificate authority; with local accounts off no credential comes with it.
    "Microsoft.ContainerService/managedClusters/listClusterUserCredential/action",
    "Microsoft.DataProtection/backupVaults/validateForBackup/action",
    "Microsoft.KeyVault/vaults/PrivateEndpointConnectionsApproval/action",
    "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action",
    "Microsoft.Network/natGateways/join/action",
    "Microsoft.Network/networkSecurityGroups/join/action",
    "Microsoft.Network/networkWatchers/read",
    "Microsoft.Network/networkWatchers/configureFlowLog/action",
    "Microsoft.Network/privateDnsZones/join/action",
    "Microsoft.Network/publicIPAddresses/join/action",
    "Microsoft.Network/virtualNetworks/join/action",
    "Microsoft.Network/virtualNetworks/peer/action",
    "Microsoft.Network/virtualNetworks/subnets/join/action",
    "Microsoft.OperationalInsights/workspaces/sharedKeys/action",
    "Microsoft.Resources/deployments/operationStatuses/read",
    "Microsoft.Resources/subscriptions/operationresults/read",
    "Microsoft.Resources/subscriptions/read",
    "Microsoft.Storage/storageAccounts/PrivateEndpointConnectionsApproval/action",
)
"""What making a resource needs beside the right to write it: to join others, and to approve its endpoint."""

FOLLOWED: Sequence[str] = (
    "Microsoft.Cache/locations/*/read",
    "Microsoft.Cdn/operationresults/*/read",
    "Microsoft.ContainerRegistry/locations/operationResults/read",
    "Microsoft.ContainerService/locations/*/read",
    "Microsoft.DataProtection/locations/*/read",
    "Microsoft.DBforPostgreSQL/locations/*/read",
    "Microsoft.KeyVault/locations/*/read",
    "Microsoft.Network/locations/*/read",
    "Microsoft.Storage/locations/*/read",
)
"""Long operations are followed to their end by reading them; their ids are part of the path, hence the wildcard."""

PRIVILEGED: Mapping[str, str] = {
    "Owner": "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
    "User Access Administrator": "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
    "Role Based Access Control Administrator": "f58310d9-a9f6-439a-9e8d-f62e7b8a168a",
}
"""Roles that the deployer may give to nobody: by them it could give itself all others."""


def role(subscription: str) -> dict[str, Any]:
    """The role as `az role definition create --role-definition` takes it."""
    rights = {
        f"{kind}/{right}"
        for kind in TYPES.values()
        for right in ("read", "write", *(() if kind in KEPT else ("delete",)))
    }
    return {
        "Name": NAME,
        "IsCustom": True,
        "Description": "Creates, changes and destroys the resources of Costate's stacks.",
        "Actions": sorted({*rights, *ACTIONS, *FOLLOWED}),
        "NotActions": [],
        "DataActions": [],
        "NotDataActions": [],
        "AssignableScopes": [f"/subscriptions/{subscription}"],
    }


def condition() -> str:
    """Under which the role is assigned: rights go to identities of machines only, and none that gives rights."""
    ids = ", ".join(PRIVILEGED.values())
    clauses = []
    for right, side in (("write", "Request"), ("delete", "Resource")):
        attribute = f"@{side}[Microsoft.Authorization/roleAssignments"
        clauses.append(
            f"((!(ActionMatches{{'Microsoft.Authorization/roleAssignments/{right}'}})) OR "
            f"({attribute}:RoleDefinitionId] ForAnyOfAllValues:GuidNotEquals {{{ids}}} AND "
            f"{attribute}:PrincipalType] StringEqualsIgnoreCase 'ServicePrincipal'))"
        )
    return " AND ".join(clauses)
