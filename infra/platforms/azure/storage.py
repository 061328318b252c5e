"""The object store: results, and what people back up themselves; versions and deleted objects are kept a while."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
from pulumi_azure_native import storage

from infra.contracts import Account, ObjectStoreFacts
from infra.place import Place
from infra.platforms.azure.account import storage_account, versioned
from infra.platforms.azure.grants import Role, grant
from infra.platforms.azure.group import Group
from infra.platforms.azure.identity import Identity
from infra.platforms.azure.keys import Keys
from infra.platforms.azure.locks import lock
from infra.platforms.azure.network import Network
from infra.platforms.azure.private_endpoint import private_endpoint

RESULTS, BACKUPS = "results", "backups"

RIGHTS: Mapping[Account, tuple[str, Role]] = {
    "api": (RESULTS, "Storage Blob Data Reader"),
    "worker": (RESULTS, "Storage Blob Data Contributor"),
    "backup": (BACKUPS, "Storage Blob Data Contributor"),
}
"""Container and role of each account. Azure has no role to write without deleting: versions are kept instead."""

KEPT_DAYS = 30
"""Days that old versions and deleted objects are kept."""

COOL_DAYS = 30
"""Days after which an unread result moves to the cheaper tier."""


class Storage(pulumi.ComponentResource):
    """A storage account with two containers; a standby cell's takes copies of the primary's objects."""

    facts: ObjectStoreFacts

    def __init__(
        self,
        name: str,
        *,
        place: Place,
        group: Group,
        network: Network,
        keys: Keys,
        identity: Identity,
        primary: Storage | None,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("costate:azure:Storage", name, None, opts)
        self._name, self._place, self.group = name, place, group
        self.account = storage_account("data", place=place, group=group, key=keys.data, parent=self)
        self.versioned = versioned(
            name, group=group, account=self.account, days=KEPT_DAYS, replicated=True, parent=self
        )
        self.containers = {part: self._container(part) for part in (RESULTS, BACKUPS)}
        self._lifecycle()
        private_endpoint(
            name,
            service="blob",
            target=self.account.id,
            subnet=network.facts.data_subnets[2],
            zone_id=network.private_zone("blob"),
            place=place,
            group=group,
            parent=self,
        )
        for account, (container, role) in RIGHTS.items():
            grant(
                f"{name}-{account}",
                role=role,
                principal=identity.principal(account),
                scope=self.containers[container].id,
                parent=self,
            )
        if primary is not None:
            self._follow(primary)
        lock(name, place=place, target=self.account.id, parent=self)
        self.facts = ObjectStoreFacts(
            id=self.containers[RESULTS].id,
            # Not `az://`, which names the container only and leaves the account to the environment.
            url=pulumi.Output.format("https://{0}.blob.core.windows.net/{1}", self.account.name, RESULTS),
        )
        self.register_outputs({"url": self.facts.url})

    def _container(self, part: str) -> storage.BlobContainer:
        return storage.BlobContainer(
            f"{self._name}-{part}",
            container_name=part,
            resource_group_name=self.group.name,
            account_name=self.account.name,
            public_access=storage.PublicAccess.NONE,
            opts=pulumi.ResourceOptions(
                parent=self, protect=self._place.protect, depends_on=[self.versioned]
            ),
        )

    def _lifecycle(self) -> None:
        """Unread results get cheaper; what has been replaced goes."""
        actions = storage.ManagementPolicyActionArgs(
            base_blob=storage.ManagementPolicyBaseBlobArgs(
                tier_to_cool=storage.DateAfterModificationArgs(days_after_modification_greater_than=COOL_DAYS)
            ),
            version=storage.ManagementPolicyVersionArgs(
                delete=storage.DateAfterCreationArgs(days_after_creation_greater_than=KEPT_DAYS)
            ),
            snapshot=storage.ManagementPolicySnapShotArgs(
                delete=storage.DateAfterCreationArgs(days_after_creation_greater_than=KEPT_DAYS)
            ),
        )
        storage.ManagementPolicy(
            self._name,
            management_policy_name="default",
            resource_group_name=self.group.name,
            account_name=self.account.name,
            policy=storage.ManagementPolicySchemaArgs(
                rules=[
                    storage.ManagementPolicyRuleArgs(
                        name="age",
                        enabled=True,
                        type=storage.RuleType.LIFECYCLE,
                        definition=storage.ManagementPolicyDefinitionArgs(
                            filters=storage.ManagementPolicyFilterArgs(blob_types=["blockBlob"]),
                            actions=actions,
                        ),
                    )
                ]
            ),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self.versioned]),
        )

    def _follow(self, primary: Storage) -> None:
        """Copy the primary's objects here: Azure wants the same policy at both ends, here first."""
        parts = (RESULTS, BACKUPS)
        here = storage.ObjectReplicationPolicy(
            f"{self._name}-from-primary",
            object_replication_policy_id="default",  # Azure makes the id
            resource_group_name=self.group.name,
            account_name=self.account.name,
            rules=[
                storage.ObjectReplicationPolicyRuleArgs(source_container=part, destination_container=part)
                for part in parts
            ],
            source_account=primary.account.id,
            destination_account=self.account.id,
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[primary.versioned, *self.containers.values(), *primary.containers.values()],
            ),
        )
        storage.ObjectReplicationPolicy(
            f"{self._name}-to-standby",
            object_replication_policy_id=here.policy_id,
            resource_group_name=primary.group.name,
            account_name=primary.account.name,
            rules=[
                storage.ObjectReplicationPolicyRuleArgs(
                    rule_id=_rule_id(here, index), source_container=part, destination_container=part
                )
                for index, part in enumerate(parts)
            ],
            source_account=primary.account.id,
            destination_account=self.account.id,
            opts=pulumi.ResourceOptions(parent=self),
        )


def _rule_id(policy: storage.ObjectReplicationPolicy, index: int) -> pulumi.Output[str | None]:
    """The id that Azure has given a rule of the policy at the destination."""
    return policy.rules.apply(lambda rules: rules[index].rule_id if rules else None)
