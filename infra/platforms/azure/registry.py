"""The registry of images, one for a primary and its standbys: Azure copies it to their regions.

Images are addressed by digest. Azure can lock a tag or an image only once it is there, by whoever pushes it
(`az acr repository update --write-enabled false`), not by a rule for all: the release does so. What is pushed is
scanned by Defender for Containers, which is a setting of the subscription (`docs/azure.md`).
"""

from __future__ import annotations

import pulumi
from pulumi_azure_native import containerregistry as acr

from infra import naming
from infra.contracts import RegistryFacts
from infra.place import Place
from infra.platforms.azure.cluster import Cluster
from infra.platforms.azure.grants import grant
from infra.platforms.azure.group import Group
from infra.platforms.azure.keys import Keys
from infra.platforms.azure.network import Network
from infra.platforms.azure.private_endpoint import private_endpoint

UNTAGGED_DAYS = 30
"""Days after which images without tag go."""


class Registry(pulumi.ComponentResource):
    """A registry reached from inside the network only; a standby cell has a copy of the primary's in its region."""

    facts: RegistryFacts

    def __init__(
        self,
        name: str,
        *,
        place: Place,
        group: Group,
        network: Network,
        keys: Keys,
        cluster: Cluster,
        primary: Registry | None,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("costate:azure:Registry", name, None, opts)
        self._place, self._keys, self.group = place, keys, group
        if primary is None:
            self.registry, near = self._registry(), []
        else:
            self.registry, near = primary.registry, [self._replica(name, primary)]
        grant(
            f"{name}-pull",
            role="AcrPull",
            principal=cluster.kubelet.principal_id,
            scope=self.registry.id,
            parent=self,
        )
        private_endpoint(
            name,
            service="registry",
            target=self.registry.id,
            subnet=network.endpoints,
            zone_id=network.private_zone("registry"),
            place=place,
            group=group,
            after=near,
            parent=self,
        )
        self.facts = RegistryFacts(repository=pulumi.Output.concat(self.registry.login_server, "/costate"))
        self.register_outputs({"repository": self.facts.repository})

    def _registry(self) -> acr.Registry:
        place, wrapping = self._place, self._keys.data
        return acr.Registry(
            naming.named("azure:registry", place.name, suffix=naming.AUTO_SUFFIX),
            resource_group_name=self.group.name,
            location=self.group.location,
            # The only one with private endpoints, our own key and copies in other regions.
            sku=acr.SkuArgs(name=acr.SkuName.PREMIUM),
            admin_user_enabled=False,
            anonymous_pull_enabled=False,
            data_endpoint_enabled=True,
            public_network_access=acr.PublicNetworkAccess.DISABLED,
            network_rule_bypass_options=acr.NetworkRuleBypassOptions.AZURE_SERVICES,
            network_rule_set=acr.NetworkRuleSetArgs(default_action=acr.DefaultAction.DENY),
            zone_redundancy=acr.ZoneRedundancy.ENABLED,
            identity=acr.IdentityPropertiesArgs(
                type=acr.ResourceIdentityType.USER_ASSIGNED,
                user_assigned_identities=wrapping.identity.id.apply(
                    lambda identity: {identity: acr.UserIdentityPropertiesArgs()}
                ),
            ),
            encryption=acr.EncryptionPropertyArgs(
                status=acr.EncryptionStatus.ENABLED,
                key_vault_properties=acr.KeyVaultPropertiesArgs(
                    identity=wrapping.identity.client_id, key_identifier=wrapping.key.key_uri
                ),
            ),
            policies=acr.PoliciesArgs(
                retention_policy=acr.RetentionPolicyArgs(status=acr.PolicyStatus.ENABLED, days=UNTAGGED_DAYS),
                # Nothing may be carried out of the registry but by pulling.
                export_policy=acr.ExportPolicyArgs(status=acr.ExportPolicyStatus.DISABLED),
            ),
            tags=place.tags,
            opts=wrapping.after(self, protect=place.protect),
        )

    def _replica(self, name: str, primary: Registry) -> acr.Replication:
        return acr.Replication(
            name,
            replication_name=self._place.region,
            registry_name=primary.registry.name,
            resource_group_name=primary.group.name,
            location=self._place.region,
            region_endpoint_enabled=True,
            zone_redundancy=acr.ZoneRedundancy.ENABLED,
            tags=self._place.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
