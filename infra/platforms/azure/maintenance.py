"""When AKS may upgrade a cluster and the images of its nodes."""

from __future__ import annotations

import pulumi
from pulumi_azure_native import containerservice as aks

from infra.platforms.azure.group import Group

HOURS = 4
"""Length of the window; AKS takes no shorter one."""

DAYS = {
    "mon": aks.WeekDay.MONDAY,
    "tue": aks.WeekDay.TUESDAY,
    "wed": aks.WeekDay.WEDNESDAY,
    "thu": aks.WeekDay.THURSDAY,
    "fri": aks.WeekDay.FRIDAY,
    "sat": aks.WeekDay.SATURDAY,
    "sun": aks.WeekDay.SUNDAY,
}

SCHEDULES = {"version": "aksManagedAutoUpgradeSchedule", "image": "aksManagedNodeOSUpgradeSchedule"}
"""AKS knows its two kinds of upgrade by these names."""


def maintenance(
    name: str, *, window: str, group: Group, cluster: aks.ManagedCluster, parent: pulumi.Resource
) -> None:
    """Every week at `window` (`sun 03:00`, UTC), for both kinds."""
    day, time = window.split()
    for kind, schedule in SCHEDULES.items():
        aks.MaintenanceConfiguration(
            f"{name}-{kind}",
            config_name=schedule,
            resource_group_name=group.name,
            resource_name_=cluster.name,
            maintenance_window=aks.MaintenanceWindowArgs(
                schedule=aks.ScheduleArgs(
                    weekly=aks.WeeklyScheduleArgs(day_of_week=DAYS[day], interval_weeks=1)
                ),
                start_time=time,
                utc_offset="+00:00",
                duration_hours=HOURS,
            ),
            opts=pulumi.ResourceOptions(parent=parent),
        )
