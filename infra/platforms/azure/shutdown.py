"""Shutdown of a development cell: cluster and database are stopped in the evening and started in the morning.

A stopped cluster keeps its state and costs no nodes. Azure starts a stopped database by itself after seven days;
the next evening stops it again. An `up` cannot change a cluster that sleeps.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import pulumi
from pulumi_azure_native import authorization, logic

from infra.config import nodes
from infra.place import Place
from infra.platforms.azure.group import Group
from infra.platforms.azure.time_zones import windows_name

Moment = Literal["stop", "start"]

MANAGEMENT = "https://management.azure.com"

API: Mapping[str, str] = {"cluster": "2025-05-01", "database": "2024-08-01"}
"""Version of Azure's API by what is called."""

DAYS: Mapping[Moment, tuple[str, ...]] = {
    "stop": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "start": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday"),
}

ACTIONS: Mapping[str, tuple[str, ...]] = {
    "cluster": (
        "Microsoft.ContainerService/managedClusters/read",
        "Microsoft.ContainerService/managedClusters/start/action",
        "Microsoft.ContainerService/managedClusters/stop/action",
    ),
    "database": (
        "Microsoft.DBforPostgreSQL/flexibleServers/read",
        "Microsoft.DBforPostgreSQL/flexibleServers/start/action",
        "Microsoft.DBforPostgreSQL/flexibleServers/stop/action",
    ),
}
"""All that the schedule may do, each on its one resource."""


class Shutdown(pulumi.ComponentResource):
    """Two workflows that call Azure's own API as themselves: no code to be kept anywhere."""

    def __init__(
        self,
        name: str,
        *,
        place: Place,
        shutdown: nodes.Shutdown,
        group: Group,
        targets: Mapping[str, pulumi.Output[str]],
        opts: pulumi.ResourceOptions,
    ) -> None:
        """`targets` are ids by what they are of (`cluster`, `database`)."""
        super().__init__("costate:azure:Shutdown", name, None, opts)
        self._name, self._place, self._group = name, place, group
        zone = windows_name(shutdown.timezone)
        roles = {what: self._role(what) for what in targets}
        moments: Mapping[Moment, str] = {"stop": shutdown.stop, "start": shutdown.start}
        for moment, time in moments.items():
            workflow = self._workflow(moment, time, zone, targets)
            actor = workflow.identity.apply(lambda identity: identity.principal_id if identity else "")
            for what, role in roles.items():
                authorization.RoleAssignment(
                    f"{name}-{moment}-{what}",
                    principal_id=actor,
                    principal_type=authorization.PrincipalType.SERVICE_PRINCIPAL,
                    role_definition_id=role.id,
                    scope=targets[what],
                    opts=pulumi.ResourceOptions(parent=self),
                )
        self.register_outputs({})

    def _role(self, what: str) -> authorization.RoleDefinition:
        """Start and stop, nothing else: Azure's own roles that may do so may do far more."""
        return authorization.RoleDefinition(
            f"{self._name}-{what}",
            role_name=pulumi.Output.concat("Start and stop of the ", what, " of ", self._group.name),
            role_type="CustomRole",
            description=f"Sleep of {self._place.name}",
            # Azure defines no role below a group; it is given on the one resource.
            scope=self._group.id,
            assignable_scopes=[self._group.id],
            permissions=[authorization.PermissionArgs(actions=list(ACTIONS[what]))],
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _workflow(
        self, moment: Moment, time: str, zone: str, targets: Mapping[str, pulumi.Output[str]]
    ) -> logic.Workflow:
        hour, minute = (int(part) for part in time.split(":"))
        trigger = {
            "type": "Recurrence",
            "recurrence": {
                "frequency": "Week",
                "interval": 1,
                "timeZone": zone,
                "schedule": {"weekDays": list(DAYS[moment]), "hours": [hour], "minutes": [minute]},
            },
        }
        return logic.Workflow(
            f"{self._name}-{moment}",
            resource_group_name=self._group.name,
            location=self._group.location,
            identity=logic.ManagedServiceIdentityArgs(type=logic.ManagedServiceIdentityType.SYSTEM_ASSIGNED),
            state=logic.WorkflowState.ENABLED,
            definition={
                "$schema": (
                    "https://schema.management.azure.com/providers/Microsoft.Logic/schemas"
                    "/2016-06-01/workflowdefinition.json#"
                ),
                "contentVersion": "1.0.0.0",
                "triggers": {"clock": trigger},
                "actions": {
                    f"{moment}-{what}": _call(moment, what, target) for what, target in targets.items()
                },
            },
            tags=self._place.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )


def _call(moment: Moment, what: str, target: pulumi.Output[str]) -> dict[str, Any]:
    """One request to Azure's API; answers in the 400s are final, others are tried again."""
    return {
        "type": "Http",
        # Else the workflow would follow the operation to its end, at an address that it has no right to read.
        "operationOptions": "DisableAsyncPattern",
        "runAfter": {},
        "inputs": {
            "method": "POST",
            "uri": pulumi.Output.format("{0}{1}/{2}?api-version={3}", MANAGEMENT, target, moment, API[what]),
            "authentication": {"type": "ManagedServiceIdentity", "audience": f"{MANAGEMENT}/"},
            "retryPolicy": {"type": "exponential", "count": 4, "interval": "PT1M"},
        },
    }
