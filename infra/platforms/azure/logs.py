"""Where Azure's own logs go: a workspace to ask, and an archive that nobody can change."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
from pulumi_azure_native import monitor, operationalinsights, storage

from infra.place import Place
from infra.platforms.azure.account import storage_account, versioned
from infra.platforms.azure.group import Group
from infra.platforms.azure.keys import Keys

WORKSPACE_DAYS = 30
"""Shortest retention that a workspace takes."""

DELETED_DAYS = 7
"""Days that the archive keeps what has been deleted."""


class Logs(pulumi.ComponentResource):
    """A Log Analytics workspace and a storage account whose blobs are written once.

    The workspace is encrypted with Azure's own key: one of ours needs a dedicated cluster, which is sold from
    100 GB a day on.
    """

    def __init__(
        self, name: str, *, place: Place, group: Group, keys: Keys, days: int, opts: pulumi.ResourceOptions
    ) -> None:
        super().__init__("costate:azure:Logs", name, None, opts)
        self.workspace = operationalinsights.Workspace(
            name,
            resource_group_name=group.name,
            location=group.location,
            sku=operationalinsights.WorkspaceSkuArgs(
                name=operationalinsights.WorkspaceSkuNameEnum.PER_GB2018
            ),
            retention_in_days=max(days, WORKSPACE_DAYS),
            features=operationalinsights.WorkspaceFeaturesArgs(
                disable_local_auth=True, enable_log_access_using_only_resource_permissions=True
            ),
            tags=place.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.archive = storage_account(
            "logs",
            place=place,
            group=group,
            key=keys.data,
            immutable=storage.ImmutableStorageAccountArgs(
                enabled=True,
                immutability_policy=storage.AccountImmutabilityPolicyPropertiesArgs(
                    # Locked cannot be undone before the days are over: not for a stack that is to be destroyed.
                    state=(
                        storage.AccountImmutabilityPolicyState.LOCKED
                        if place.protect
                        else storage.AccountImmutabilityPolicyState.UNLOCKED
                    ),
                    immutability_period_since_creation_in_days=days,
                    allow_protected_append_writes=True,
                ),
            ),
            parent=self,
        )
        self._expire(name, group, days)
        self.register_outputs({"workspace": self.workspace.id, "archive": self.archive.id})

    def collect(
        self,
        name: str,
        *,
        target: pulumi.Input[str],
        searched: Sequence[str],
        archived: Sequence[str] = (),
        parent: pulumi.Resource,
    ) -> None:
        """Send log categories of a resource to the workspace (`searched`) and to the archive (`archived`)."""
        if searched:
            monitor.DiagnosticSetting(
                f"{name}-workspace",
                resource_uri=target,
                workspace_id=self.workspace.id,
                logs=_enabled(searched),
                opts=pulumi.ResourceOptions(parent=parent),
            )
        if archived:
            monitor.DiagnosticSetting(
                f"{name}-archive",
                resource_uri=target,
                storage_account_id=self.archive.id,
                logs=_enabled(archived),
                opts=pulumi.ResourceOptions(parent=parent),
            )

    def _expire(self, name: str, group: Group, days: int) -> None:
        """Delete what has been kept long enough."""
        kept = versioned(name, group=group, account=self.archive, days=DELETED_DAYS, parent=self)
        storage.ManagementPolicy(
            f"{name}-expiry",
            resource_group_name=group.name,
            account_name=self.archive.name,
            management_policy_name="default",
            policy=storage.ManagementPolicySchemaArgs(
                rules=[
                    storage.ManagementPolicyRuleArgs(
                        name="expire",
                        enabled=True,
                        type=storage.RuleType.LIFECYCLE,
                        definition=storage.ManagementPolicyDefinitionArgs(
                            filters=storage.ManagementPolicyFilterArgs(
                                blob_types=["blockBlob", "appendBlob"]
                            ),
                            actions=storage.ManagementPolicyActionArgs(
                                base_blob=storage.ManagementPolicyBaseBlobArgs(
                                    delete=storage.DateAfterModificationArgs(
                                        days_after_modification_greater_than=days + 1
                                    )
                                ),
                                version=storage.ManagementPolicyVersionArgs(
                                    delete=storage.DateAfterCreationArgs(
                                        days_after_creation_greater_than=days + 1
                                    )
                                ),
                            ),
                        ),
                    )
                ]
            ),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[kept]),
        )


def _enabled(categories: Sequence[str]) -> list[monitor.DiagnosticsLogSettingsArgs]:
    return [monitor.DiagnosticsLogSettingsArgs(category=category, enabled=True) for category in categories]
