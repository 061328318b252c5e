"""When Google may upgrade the cluster, as Kubernetes Engine wants it said."""

from __future__ import annotations

from pulumi_gcp import container

DAYS = {"mon": "MO", "tue": "TU", "wed": "WE", "thu": "TH", "fri": "FR", "sat": "SA", "sun": "SU"}

FIRST_WEEK = {"mon": 5, "tue": 6, "wed": 7, "thu": 8, "fri": 9, "sat": 10, "sun": 4}
"""Day of January 2026 on which a window first opens: any week that is over will do, but it must not change."""

PINNED_SINCE = "2026-01-01T00:00:00Z"


def policy(window: str) -> container.ClusterMaintenancePolicyArgs:
    """Patches come in a weekly window (`sun 03:00`, UTC); a minor version only when the configuration says so.

    The window has twelve hours, not the four of other clouds: Kubernetes Engine refuses less than 48 hours in
    32 days.
    """
    day, time = window.split()
    hour, minute = (int(part) for part in time.split(":"))
    begins = f"2026-01-{FIRST_WEEK[day]:02}T{hour:02}:{minute:02}:00Z"
    ends_on, ends_at = divmod(hour + 12, 24)
    ends = f"2026-01-{FIRST_WEEK[day] + ends_on:02}T{ends_at:02}:{minute:02}:00Z"
    return container.ClusterMaintenancePolicyArgs(
        recurring_window=container.ClusterMaintenancePolicyRecurringWindowArgs(
            start_time=begins, end_time=ends, recurrence=f"FREQ=WEEKLY;BYDAY={DAYS[day]}"
        ),
        maintenance_exclusions=[
            container.ClusterMaintenancePolicyMaintenanceExclusionArgs(
                exclusion_name="minor-version-is-configured",
                start_time=PINNED_SINCE,
                exclusion_options=container.ClusterMaintenancePolicyMaintenanceExclusionExclusionOptionsArgs(
                    scope="NO_MINOR_UPGRADES", end_time_behavior="UNTIL_END_OF_SUPPORT"
                ),
            )
        ],
    )
