"""Server parameters of PostgreSQL: TLS, what is logged, and insights into queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
from pulumi_azure_native import dbforpostgresql as postgres

from infra.platforms.azure.group import Group

ALWAYS: Mapping[str, str] = {
    "require_secure_transport": "on",
    "ssl_min_protocol_version": "TLSv1.2",
    "log_connections": "on",
    "log_disconnections": "on",
    "log_lock_waits": "on",
    "log_min_duration_statement": "1000",  # milliseconds
    "idle_in_transaction_session_timeout": "300000",  # milliseconds
    "track_io_timing": "on",
}

INSIGHTS: Mapping[str, str] = {
    "pg_qs.query_capture_mode": "top",
    "pgms_wait_sampling.query_capture_mode": "all",
}
"""The query store; Azure advises against it on burstable sizes, whose spare processor time it uses up."""


def settings(
    name: str,
    *,
    group: Group,
    server: postgres.Server,
    insights: bool,
    after: Sequence[pulumi.Resource],
    parent: pulumi.Resource,
) -> None:
    """Set the parameters, one after the other and `after` others: a server takes one change at a time."""
    wanted = {**ALWAYS, **(INSIGHTS if insights else {})}
    last = list(after)
    for parameter, value in wanted.items():
        last = [
            postgres.Configuration(
                f"{name}-{parameter.replace('.', '-').replace('_', '-')}",
                configuration_name=parameter,
                resource_group_name=group.name,
                server_name=server.name,
                source="user-override",
                value=value,
                opts=pulumi.ResourceOptions(parent=parent, depends_on=last),
            )
        ]
