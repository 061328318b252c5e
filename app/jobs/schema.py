"""Bring the database to the newest schema, and tell where it is.

Migrations only add (a test reads them), so that the builds before and after one run side by side: while a release
is rolled out, and when it is taken back, the older build finds a schema ahead of its own and serves with it.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

LOCK = 0x636F73746174
"""Key of the advisory lock that lets one migration run at a time ("costat" in ASCII)."""


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def migrate(engine: Engine) -> None:
    """Apply what is missing; a second process waits and then finds nothing to do, as does an older build."""
    config = _config()
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": LOCK})
        connection.commit()
        try:
            if _state(connection) != "ahead":
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
                connection.commit()
        finally:
            connection.rollback()  # after a failure nothing else is accepted
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": LOCK})


State = Literal["behind", "current", "ahead"]
"""Of the database, against the schema that this code was written for; `ahead` is one that it does not know."""


def state(engine: Engine) -> State:
    """Where the database is; it can be worked with unless it is behind."""
    with engine.connect() as connection:
        return _state(connection)


def _state(connection: Connection) -> State:
    found = MigrationContext.configure(connection).get_current_revision()
    known = _known()
    if found == known[0]:
        return "current"
    return "behind" if found is None or found in known else "ahead"


@cache
def _known() -> list[str]:
    """The revisions, newest first."""
    return [script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()]
