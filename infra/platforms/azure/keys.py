"""Keys of our own, rotated yearly, in vaults that nobody reaches from outside."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import compute, keyvault, managedidentity

from infra import naming
from infra.catalog.azure import PAIRS
from infra.contracts import KeyFacts
from infra.place import Place
from infra.platforms.azure.grants import grant
from infra.platforms.azure.group import Group
from infra.platforms.azure.network import Network
from infra.platforms.azure.private_endpoint import private_endpoint


@dataclass(frozen=True)
class Wrapping:
    """What a data store needs to encrypt with our key: the key and the identity that may use it."""

    key: keyvault.Key
    vault: keyvault.Vault
    identity: managedidentity.UserAssignedIdentity
    granted: pulumi.Resource
    """To be waited for: before it the identity may not use the key."""

    def after(self, parent: pulumi.Resource, *, protect: bool) -> pulumi.ResourceOptions:
        """Options of a resource that is encrypted with the key."""
        return pulumi.ResourceOptions(parent=parent, depends_on=[self.granted], protect=protect)


class Keys(pulumi.ComponentResource):
    """A vault with the keys `data` and `cluster`; in production one more in the paired region."""

    facts: KeyFacts

    def __init__(
        self, name: str, *, place: Place, group: Group, network: Network, opts: pulumi.ResourceOptions
    ) -> None:
        super().__init__("costate:azure:Keys", name, None, opts)
        self._place, self._group = place, group
        identity = self._identity(name, place.region)
        self.tenant = identity.tenant_id
        self.vault = self._vault("vault", place.region)
        reachable = private_endpoint(
            f"{name}-vault",
            service="vault",
            target=self.vault.id,
            subnet=network.endpoints,
            zone_id=network.private_zone("vault"),
            place=place,
            group=group,
            parent=self,
        )
        self.data = self._wrapping(name, self.vault, identity)
        self.cluster = self._key(f"{name}-cluster", self.vault)
        self.reachable = reachable
        # Backups copied to the paired region are encrypted there, with a key that stands there.
        self.recovery = self._recovery(f"{name}-recovery") if place.production else None
        self.disks = compute.DiskEncryptionSet(
            f"{name}-disks",
            resource_group_name=group.name,
            location=group.location,
            encryption_type=compute.DiskEncryptionSetType.ENCRYPTION_AT_REST_WITH_CUSTOMER_KEY,
            identity=compute.EncryptionSetIdentityArgs(
                type=compute.DiskEncryptionSetIdentityType.USER_ASSIGNED,
                user_assigned_identities=[identity.id],
            ),
            active_key=compute.KeyForDiskEncryptionSetArgs(key_url=self.data.key.key_uri_with_version),
            rotation_to_latest_key_version_enabled=True,
            tags=place.tags,
            # Which version is the latest is Azure's to say once the keys rotate.
            opts=pulumi.ResourceOptions.merge(
                self.data.after(self, protect=place.protect),
                pulumi.ResourceOptions(ignore_changes=["activeKey.keyUrl"]),
            ),
        )
        self.facts = KeyFacts(data=self.data.key.id, cluster=self.cluster.id)
        self.register_outputs({"data": self.facts.data, "cluster": self.facts.cluster})

    def _vault(self, part: str, region: str) -> keyvault.Vault:
        place = self._place
        return keyvault.Vault(
            naming.named("azure:key-vault", place.name, part, suffix=naming.AUTO_SUFFIX),
            resource_group_name=self._group.name,
            location=region,
            properties=keyvault.VaultPropertiesArgs(
                tenant_id=self.tenant,
                sku=keyvault.SkuArgs(family=keyvault.SkuFamily.A, name=keyvault.SkuName.PREMIUM),
                enable_rbac_authorization=True,
                enable_soft_delete=True,
                # Whatever encrypts with a key of ours asks for it.
                enable_purge_protection=True,
                soft_delete_retention_in_days=90 if place.protect else 7,
                public_network_access="Disabled",
                network_acls=keyvault.NetworkRuleSetArgs(
                    default_action=keyvault.NetworkRuleAction.DENY,
                    # The data stores fetch their keys from outside our network, each with its own identity.
                    bypass=keyvault.NetworkRuleBypassOptions.AZURE_SERVICES,
                ),
            ),
            tags=place.tags,
            opts=pulumi.ResourceOptions(
                parent=self,
                protect=place.protect,
                # Azure lets it be said once: a stack that is no longer protected keeps what it was made with.
                ignore_changes=["properties.softDeleteRetentionInDays"],
            ),
        )

    def _key(self, name: str, vault: keyvault.Vault) -> keyvault.Key:
        """An RSA key in a hardware module; Azure makes a new version every year and warns of none."""
        return keyvault.Key(
            name,
            resource_group_name=self._group.name,
            vault_name=vault.name,
            properties=keyvault.KeyPropertiesArgs(
                kty=keyvault.JsonWebKeyType.RS_A_HSM,
                key_size=3072,
                key_ops=[
                    keyvault.JsonWebKeyOperation.ENCRYPT,
                    keyvault.JsonWebKeyOperation.DECRYPT,
                    keyvault.JsonWebKeyOperation.WRAP_KEY,
                    keyvault.JsonWebKeyOperation.UNWRAP_KEY,
                ],
                rotation_policy=keyvault.RotationPolicyArgs(
                    attributes=keyvault.KeyRotationPolicyAttributesArgs(expiry_time="P2Y"),
                    lifetime_actions=[
                        keyvault.LifetimeActionArgs(
                            action=keyvault.ActionArgs(type=keyvault.KeyRotationPolicyActionType.ROTATE),
                            trigger=keyvault.TriggerArgs(time_after_create="P1Y"),
                        )
                    ],
                ),
            ),
            tags=self._place.tags,
            opts=pulumi.ResourceOptions(parent=self, protect=self._place.protect),
        )

    def _identity(self, name: str, region: str) -> managedidentity.UserAssignedIdentity:
        """Who encrypts: the data stores act as it, and it may do nothing else."""
        return managedidentity.UserAssignedIdentity(
            f"{name}-encryption",
            resource_group_name=self._group.name,
            location=region,
            tags=self._place.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _wrapping(
        self, name: str, vault: keyvault.Vault, identity: managedidentity.UserAssignedIdentity
    ) -> Wrapping:
        key = self._key(f"{name}-data", vault)
        granted = grant(
            f"{name}-data",
            role="Key Vault Crypto Service Encryption User",
            principal=identity.principal_id,
            scope=key.id,
            parent=self,
        )
        return Wrapping(key, vault, identity, granted)

    def _recovery(self, name: str) -> Wrapping:
        region = PAIRS[self._place.region]
        return self._wrapping(name, self._vault("recovery", region), self._identity(name, region))
