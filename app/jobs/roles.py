"""Roles in PostgreSQL for processes that log in as identities of their own: who owns the tables lets them in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from app.errors import CostateError
from app.identity.login import LoginSource
from app.jobs.connection import parameters
from app.observability.logs import log

MAINTENANCE = "postgres"
"""Azure makes principals only from this database."""

REMEDY = "Make the role where the cloud makes users, or run this as the administrator in Entra."


class RoleMissingError(CostateError):
    """A role that must be let in is not there and cannot be made here."""


@dataclass(frozen=True)
class Roles:
    """Names of roles: `writers` change the tables, `readers` read them."""

    writers: Sequence[str] = ()
    readers: Sequence[str] = ()


def let_in(url: str, login: LoginSource | None, roles: Roles) -> None:
    """Make the roles that are missing and give them their rights, now and for tables to come."""
    words = parameters(url, login)
    for name in (*roles.writers, *roles.readers):
        _ensure(url, words, name)
    with psycopg.connect(url, **words) as connection:
        for names, rights in (
            (roles.writers, sql.SQL("SELECT, INSERT, UPDATE, DELETE")),
            (roles.readers, sql.SQL("SELECT")),
        ):
            for name in names:
                role = sql.Identifier(name)
                for statement in (
                    "GRANT USAGE ON SCHEMA public TO {role}",
                    "GRANT {rights} ON ALL TABLES IN SCHEMA public TO {role}",
                    "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT {rights} ON TABLES TO {role}",
                ):
                    connection.execute(sql.SQL(statement).format(rights=rights, role=role))


def _ensure(url: str, words: dict[str, Any], name: str) -> None:
    with psycopg.connect(url, **words) as connection:
        if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchone():
            return
    with psycopg.connect(url, **{**words, "dbname": MAINTENANCE}, autocommit=True) as connection:
        try:
            connection.execute("SELECT pgaadauth_create_principal(%s, false, false)", [name])
        except psycopg.errors.UndefinedFunction as error:
            raise RoleMissingError(f"the database has no role {name!r}, and makes none. {REMEDY}") from error
    log("migrate").info("role made", role=name)
