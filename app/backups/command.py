"""The commands `costate backup`: what the CronJobs `backup` and `drill` run beside PostgreSQL's own programs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from app.backups.archive import Archive, Backup

commands = typer.Typer(no_args_is_help=True, help="Backups of a database that runs in the cluster.")
Folder = Annotated[Path, typer.Argument(help="Where the dump is, or shall be.")]


@commands.command()
def keep(
    folder: Folder,
    days: Annotated[int, typer.Option(help="Older backups are deleted, but never the newest.")] = 7,
) -> None:
    """Put a dump into the object store, and thin out old ones."""
    archive, now = _archive(), datetime.now(UTC)
    backup = archive.keep(folder, now)
    _tell("the database is backed up", backup, deleted=archive.thin(days, now))


@commands.command()
def fetch(folder: Folder) -> None:
    """Get the newest backup out of the object store."""
    _tell("a backup is fetched", _archive().fetch(folder))


@commands.command()
def restored(
    folder: Folder,
    oldest_h: Annotated[float, typer.Option(help="Hours that the newest backup may be old.")] = 26.0,
) -> None:
    """Report a backup that has been restored with every row; an error where it is too old to be of use."""
    from app.backups.archive import BackupError, read

    backup = read(folder)
    _tell("the backup was restored, with every row", backup)
    if backup.age(datetime.now(UTC)) > timedelta(hours=oldest_h):
        raise BackupError(f"the newest backup is of {backup.made}, older than {oldest_h:g} hours")


def _archive() -> Archive:
    from app.backups.archive import Archive
    from app.settings import settings

    return Archive(settings().storage_url)


def _tell(event: str, backup: Backup, **more: object) -> None:
    from app.observability.logs import configure, log
    from app.settings import settings

    configure(settings(), "backup")
    log("backup").info(
        event,
        backup=backup.name,
        age_s=round(backup.age(datetime.now(UTC)).total_seconds()),
        bytes=backup.size,
        tables=len(backup.rows),
        rows=sum(backup.rows.values()),
        **more,
    )
