"""Rights: Azure's own roles by name, each given to one identity on one resource."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import pulumi
from pulumi_azure_native import authorization

Role = Literal[
    "AcrPull",
    "Storage Account Backup Contributor",
    "DNS Zone Contributor",
    "Key Vault Contributor",
    "Key Vault Crypto Service Encryption User",
    "Key Vault Crypto User",
    "Key Vault Secrets User",
    "Managed Identity Operator",
    "Network Contributor",
    "PostgreSQL Flexible Server Long Term Retention Backup Role",
    "Reader",
    "Storage Blob Data Contributor",
    "Storage Blob Data Reader",
]

ROLES: Mapping[Role, str] = {
    "AcrPull": "7f951dda-4ed3-4680-a7ca-43fe172d538d",
    "Storage Account Backup Contributor": "e5e2a7ff-d759-4cd2-bb51-3152d37e2eb1",
    "DNS Zone Contributor": "befefa01-2a29-4197-83a8-272ff33ce314",
    "Key Vault Contributor": "f25e0fa2-a7c8-4377-a976-54943a77a395",
    "Key Vault Crypto Service Encryption User": "e147488a-f6f5-4113-8e2d-b22465e65bf6",
    "Key Vault Crypto User": "12338af0-0e69-4776-bea7-57ae8d297424",
    "Key Vault Secrets User": "4633458b-17de-408a-b874-0445c86b69e6",
    "Managed Identity Operator": "f1a07417-d97a-45cb-824c-7a7467783830",
    "Network Contributor": "4d97b98b-1d4f-4787-a291-c67834d212e7",
    "PostgreSQL Flexible Server Long Term Retention Backup Role": "c088a766-074b-43ba-90d4-1fb21feae531",
    "Reader": "acdd72a7-3385-48ef-bd42-f606fba81ae7",
    "Storage Blob Data Contributor": "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
    "Storage Blob Data Reader": "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
}
"""Ids of Azure's built-in roles, the same in every tenant."""


def grant(
    name: str,
    *,
    role: Role,
    principal: pulumi.Input[str],
    scope: pulumi.Output[str],
    parent: pulumi.Resource,
) -> authorization.RoleAssignment:
    """Give an identity a role on one resource (`scope`), never on the group or the subscription."""
    definition = scope.apply(
        lambda path: (
            f"/subscriptions/{path.split('/')[2]}/providers/Microsoft.Authorization"
            f"/roleDefinitions/{ROLES[role]}"
        )
    )
    return authorization.RoleAssignment(
        name,
        principal_id=principal,
        # Said outright, so that Azure does not look up an identity that has not reached Entra everywhere yet.
        principal_type=authorization.PrincipalType.SERVICE_PRINCIPAL,
        role_definition_id=definition,
        scope=scope,
        opts=pulumi.ResourceOptions(parent=parent),
    )
