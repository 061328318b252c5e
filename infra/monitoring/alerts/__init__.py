"""Alerts by what they are about, one area a file; thresholds that were required say so in their `origin`."""

from infra.monitoring.alerts import gpu, jobs, nodes, platform, pods, service, stores
from infra.monitoring.rule import Group

GROUPS: tuple[Group, ...] = tuple(
    Group(name=f"{module.__name__.rpartition('.')[2]}-alerts", rules=module.ALERTS)
    for module in (service, jobs, stores, pods, nodes, gpu, platform)
)
