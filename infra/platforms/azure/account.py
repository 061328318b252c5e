"""A storage account as every one of ours is: private, without keys to hand out, encrypted with our own."""

from __future__ import annotations

import pulumi
from pulumi_azure_native import storage

from infra import naming
from infra.place import Place
from infra.platforms.azure.group import Group
from infra.platforms.azure.keys import Wrapping


def storage_account(
    part: str,
    *,
    place: Place,
    group: Group,
    key: Wrapping,
    immutable: storage.ImmutableStorageAccountArgs | None = None,
    parent: pulumi.Resource,
) -> storage.StorageAccount:
    """An account in three zones that Entra identities alone may use, through private endpoints alone."""
    return storage.StorageAccount(
        naming.named("azure:storage-account", place.name, part, suffix=naming.AUTO_SUFFIX),
        resource_group_name=group.name,
        location=group.location,
        kind=storage.Kind.STORAGE_V2,
        sku=storage.SkuArgs(name=storage.SkuName.STANDARD_ZRS),
        access_tier=storage.AccessTier.HOT,
        allow_blob_public_access=False,
        allow_shared_key_access=False,
        default_to_o_auth_authentication=True,
        allow_cross_tenant_replication=False,
        allowed_copy_scope=storage.AllowedCopyScope.AAD,
        is_local_user_enabled=False,
        enable_https_traffic_only=True,
        minimum_tls_version=storage.MinimumTlsVersion.TLS1_2,
        public_network_access=storage.PublicNetworkAccess.DISABLED,
        network_rule_set=storage.NetworkRuleSetArgs(
            default_action=storage.DefaultAction.DENY,
            # Azure's own log writers and backup vaults, which act with identities that have been given rights.
            bypass=storage.Bypass.AZURE_SERVICES,
        ),
        identity=storage.IdentityArgs(
            type=storage.IdentityType.USER_ASSIGNED, user_assigned_identities=[key.identity.id]
        ),
        encryption=storage.EncryptionArgs(
            key_source=storage.KeySource.MICROSOFT_KEYVAULT,
            require_infrastructure_encryption=True,
            encryption_identity=storage.EncryptionIdentityArgs(
                encryption_user_assigned_identity=key.identity.id
            ),
            # No version: the account follows the rotation of the key by itself.
            key_vault_properties=storage.KeyVaultPropertiesArgs(
                key_name=key.key.name, key_vault_uri=key.vault.properties.vault_uri
            ),
            services=storage.EncryptionServicesArgs(
                blob=storage.EncryptionServiceArgs(enabled=True, key_type=storage.KeyType.ACCOUNT),
                file=storage.EncryptionServiceArgs(enabled=True, key_type=storage.KeyType.ACCOUNT),
            ),
        ),
        immutable_storage_with_versioning=immutable,
        tags=place.tags,
        opts=pulumi.ResourceOptions.merge(
            key.after(parent, protect=place.protect),
            # A lock is for good: it stays as the account was made, whatever the stack's protection becomes.
            pulumi.ResourceOptions(
                ignore_changes=["immutableStorageWithVersioning.immutabilityPolicy.state"]
                if immutable
                else None
            ),
        ),
    )


def versioned(
    name: str,
    *,
    group: Group,
    account: storage.StorageAccount,
    days: int,
    replicated: bool = False,
    parent: pulumi.Resource,
) -> storage.BlobServiceProperties:
    """Keep what is replaced or deleted for so many days; `replicated` keeps the feed that copies are made from."""
    kept = storage.DeleteRetentionPolicyArgs(enabled=True, days=days)
    return storage.BlobServiceProperties(
        name,
        blob_services_name="default",
        resource_group_name=group.name,
        account_name=account.name,
        is_versioning_enabled=True,
        change_feed=storage.ChangeFeedArgs(enabled=True, retention_in_days=days) if replicated else None,
        delete_retention_policy=kept,
        container_delete_retention_policy=kept,
        opts=pulumi.ResourceOptions(parent=parent),
    )
