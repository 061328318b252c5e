"""Migrations beside running builds: what they may do, whom they let in, and builds older than the schema."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from live import HOST, PASSWORD, DataStores, Service
from sqlalchemy import text

from app.jobs.connection import engine
from app.jobs.roles import RoleMissingError, Roles, let_in
from app.jobs.schema import migrate, state

MIGRATIONS = ScriptDirectory(str(Path(__file__).parents[2] / "app" / "jobs" / "migrations"))
SCRIPTS = list(MIGRATIONS.walk_revisions())
BREAKS = re.compile(r"\b(DROP|RENAME|SET NOT NULL|ALTER COLUMN \S+ TYPE|TRUNCATE|DELETE|UPDATE)\b")
ADDS_WITHOUT_DEFAULT = re.compile(r"ADD COLUMN (?!.*DEFAULT).*NOT NULL")


def statements(upgrade: Any) -> str:
    """The SQL of a migration."""
    written = io.StringIO()
    options = {"as_sql": True, "output_buffer": written}
    with Operations.context(MigrationContext.configure(dialect_name="postgresql", opts=options)):
        upgrade()
    return written.getvalue()


@pytest.mark.parametrize("script", SCRIPTS, ids=[script.revision for script in SCRIPTS])
def test_a_migration_only_adds_for_the_build_before_it_still_runs(script: Any) -> None:
    said = statements(script.module.upgrade)
    assert "CREATE" in said or "ADD" in said
    assert not BREAKS.search(said)
    assert not ADDS_WITHOUT_DEFAULT.search(said)


def test_a_migration_that_takes_away_would_be_found() -> None:
    from alembic import op

    assert BREAKS.search(statements(lambda: op.drop_column("jobs", "title")))
    assert BREAKS.search(statements(lambda: op.alter_column("jobs", "title", new_column_name="name")))
    assert BREAKS.search(statements(lambda: op.alter_column("jobs", "title", nullable=False)))


def test_a_build_serves_with_a_schema_that_a_newer_one_has_made(bare_service: Service) -> None:
    pool = engine(bare_service.database_url)
    with pool.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert state(pool) == "ahead"
    migrate(pool)  # a release that is taken back begins with this
    assert state(pool) == "ahead"
    assert bare_service.http.get("/ready").json()["checks"]["database"] == "ready"
    with pool.begin() as connection:
        connection.execute(
            text("UPDATE alembic_version SET version_num = :first"), {"first": SCRIPTS[-1].revision}
        )
    assert state(pool) == "behind"
    assert bare_service.http.get("/ready").status_code == 503
    pool.dispose()


@pytest.fixture
def principals(stores: DataStores) -> Iterator[str]:
    """A database whose server makes roles for identities, as Azure's does, from `postgres` alone."""
    with psycopg.connect(stores.database_url("postgres"), autocommit=True) as connection:
        connection.execute(
            """CREATE FUNCTION pgaadauth_create_principal(name text, admin boolean, mfa boolean) RETURNS text
            LANGUAGE plpgsql AS
            $$BEGIN EXECUTE format('CREATE ROLE %I LOGIN PASSWORD ''token''', name); RETURN name; END$$"""
        )
    yield stores.new_database()
    with psycopg.connect(stores.database_url("postgres"), autocommit=True) as connection:
        connection.execute("DROP FUNCTION pgaadauth_create_principal")


def test_migrations_make_the_roles_of_the_other_accounts_and_let_them_in(
    principals: str, stores: DataStores
) -> None:
    pool = engine(principals)
    migrate(pool)
    roles = Roles(writers=["prod-api", "prod-worker"], readers=["prod-backup"])
    let_in(principals, None, roles)
    let_in(principals, None, roles)  # the next release
    with pool.begin() as connection:
        connection.execute(text("CREATE TABLE later (id int)"))
    for name, writes in (("prod-api", True), ("prod-worker", True), ("prod-backup", False)):
        url = principals.replace(f"costate:{PASSWORD}@", f"{name}:token@")
        with psycopg.connect(url, autocommit=True) as connection:
            assert connection.execute("SELECT count(*) FROM jobs").fetchone() == (0,)
            for table, column, value in (("workers", "owner", "'x'"), ("later", "id", "1")):
                statement = f"DELETE FROM {table} WHERE {column} = {value}"  # noqa: S608 - words of this test
                if writes:
                    connection.execute(statement.encode())
                else:
                    with pytest.raises(psycopg.errors.InsufficientPrivilege):
                        connection.execute(statement.encode())
    pool.dispose()
    with psycopg.connect(principals, autocommit=True) as connection:
        for name in (*roles.writers, *roles.readers):
            connection.execute(f'DROP OWNED BY "{name}"'.encode())
            connection.execute(f'DROP ROLE "{name}"'.encode())


def test_a_role_that_is_missing_where_none_is_made_is_named(stores: DataStores) -> None:
    url = stores.new_database()
    with pytest.raises(RoleMissingError, match=f"no role 'nobody@{HOST}'"):
        let_in(url, None, Roles(writers=[f"nobody@{HOST}"]))
