"""Who may log in to the database, and as what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
from pulumi_gcp import projects, sql

from infra.contracts import Account
from infra.place import Place
from infra.platforms.gcp.identity import Identity

OWNER: Account = "migrations"
"""Owns the tables."""

ROLES: Mapping[Account, Sequence[str]] = {
    OWNER: ("cloudsqlsuperuser",),
    "api": ("pg_read_all_data", "pg_write_all_data"),
    "worker": ("pg_read_all_data", "pg_write_all_data"),
    "backup": ("pg_read_all_data",),
}
"""PostgreSQL's own roles: what they mean needs no statement to be run first."""


class DatabaseUsers(pulumi.ComponentResource):
    """One user for each service account that has to do with data; its password is a token of that account.

    Users are rows of the database, so those of a standby are made on its primary and come with replication.
    """

    names: Mapping[Account, pulumi.Output[str]]

    def __init__(
        self,
        name: str,
        *,
        place: Place,
        instance: sql.DatabaseInstance,
        writable: sql.DatabaseInstance,
        identity: Identity,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("costate:gcp:DatabaseUsers", name, None, opts)
        self.names = {account: identity.emails[account].apply(_user) for account in ROLES}
        for account, roles in ROLES.items():
            sql.User(
                f"{place.name}-{account}",
                instance=writable.name,
                name=self.names[account],
                type="CLOUD_IAM_SERVICE_ACCOUNT",
                database_roles=list(roles),
                # One that owns tables cannot be dropped; all go with the instance.
                deletion_policy="ABANDON",
                opts=pulumi.ResourceOptions(parent=self),
            )
            projects.IAMMember(
                f"{place.name}-{account}-login",
                project=place.account,
                role="roles/cloudsql.instanceUser",
                member=identity.members[account],
                condition=projects.IAMMemberConditionArgs(
                    title="database-of-the-cell",
                    expression=pulumi.Output.format(
                        "resource.type == 'sqladmin.googleapis.com/Instance' && "
                        "resource.name == 'projects/{}/instances/{}'",
                        place.account,
                        instance.name,
                    ),
                ),
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({})


def _user(email: str) -> str:
    """A service account's address as PostgreSQL knows it: too long for a name otherwise."""
    return email.removesuffix(".gserviceaccount.com")
