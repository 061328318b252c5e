"""The archive of dumps: kept whole or not at all, read back with their digest checked, thinned out by age."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import obstore
from pydantic import AwareDatetime, BaseModel, ConfigDict

from app.errors import CostateError
from app.storage import StorageUnreachable, open_store

if TYPE_CHECKING:
    from obstore.store import ClientConfig

DUMP, COUNTS, MANIFEST = "database.dump", "counts", "manifest.json"
"""Files of a backup: what `pg_dump` wrote, rows by table (`name|rows` a line), and what tells of both."""

PREFIX = "backups/database/"
NAME = "%Y%m%dT%H%M%SZ"
PATIENT: ClientConfig = {"connect_timeout": "10s", "timeout": "3600s"}
"""One request carries a whole dump."""

CHUNK = 8 * 1024 * 1024


class BackupError(CostateError):
    """A backup that is not there, not whole, or too old."""


class Backup(BaseModel):
    """What is known of one backup; written last, so that without it there is none."""

    model_config = ConfigDict(frozen=True)

    name: str
    made: AwareDatetime
    size: int
    """Bytes of the dump."""
    digest: str
    """SHA-256 of the dump."""
    rows: dict[str, int]
    """By table, counted in the same snapshot."""

    def age(self, now: datetime) -> timedelta:
        """Since it was made."""
        return now - self.made


class Archive:
    """Backups below the URL of the object store."""

    def __init__(self, url: str) -> None:
        self._store = open_store(url, PATIENT)

    def keep(self, folder: Path, now: datetime) -> Backup:
        """Upload the dump and counts of a folder; BackupError where these are not whole."""
        dump, counts = folder / DUMP, folder / COUNTS
        if not dump.is_file() or not dump.stat().st_size:
            raise BackupError(f"there is no dump in {dump}")
        backup = Backup(
            name=now.astimezone(UTC).strftime(NAME),
            made=now,
            size=dump.stat().st_size,
            digest=_digest(dump),
            rows=_rows(counts),
        )
        with _reached():
            for file in (dump, counts):
                obstore.put(self._store, f"{PREFIX}{backup.name}/{file.name}", file)
            manifest = backup.model_dump_json().encode()
            obstore.put(self._store, f"{PREFIX}{backup.name}/{MANIFEST}", manifest, mode="create")
        return backup

    def newest(self) -> Backup:
        """The newest whole backup; BackupError where there is none."""
        names = sorted({name for name, file in self._files() if file == MANIFEST})
        if not names:
            raise BackupError("no backup of the database is in the object store")
        with _reached():
            found = obstore.get(self._store, f"{PREFIX}{names[-1]}/{MANIFEST}").bytes()
        return Backup.model_validate_json(bytes(found))

    def fetch(self, folder: Path) -> Backup:
        """Download the newest backup into a folder; BackupError where it is not what was kept."""
        backup = self.newest()
        with _reached():
            for name in (DUMP, COUNTS):
                with (folder / name).open("wb") as file:
                    found = obstore.get(self._store, f"{PREFIX}{backup.name}/{name}")
                    file.writelines(found.stream(min_chunk_size=CHUNK))
        if (digest := _digest(folder / DUMP)) != backup.digest:
            raise BackupError(f"the dump {backup.name} is not what was kept: {digest}, not {backup.digest}")
        (folder / MANIFEST).write_text(backup.model_dump_json())
        return backup

    def thin(self, days: int, now: datetime) -> list[str]:
        """Delete backups older than `days`, but never the newest whole one; the names of those deleted."""
        newest = self.newest().name
        oldest = (now - timedelta(days=days)).astimezone(UTC).strftime(NAME)
        files = [(name, file) for name, file in self._files() if name < oldest and name != newest]
        # The manifest first: what is left after an interruption is no backup any more.
        with _reached():
            for name, file in sorted(files, key=lambda one: one[1] != MANIFEST):
                obstore.delete(self._store, f"{PREFIX}{name}/{file}")
        return sorted({name for name, _ in files})

    def _files(self) -> Iterator[tuple[str, str]]:
        """Every backup's name with each of its files."""
        with _reached():
            for batch in obstore.list(self._store, prefix=PREFIX):
                for found in batch:
                    name, _, file = found["path"].removeprefix(PREFIX).partition("/")
                    yield name, file


class _reached:  # noqa: N801 - reads as a phrase
    """Tells of a store that does not answer as the rest of the service does."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, obstore.exceptions.BaseError | OSError):
            raise StorageUnreachable(str(error)) from error


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _rows(file: Path) -> dict[str, int]:
    """Rows by table, as `counts.sql` writes them."""
    try:
        lines = [line.rsplit("|", 1) for line in file.read_text().splitlines() if line]
        return {table: int(rows) for table, rows in lines}
    except (OSError, ValueError) as error:
        raise BackupError(f"the rows by table in {file} cannot be read: {error}") from error


def read(folder: Path) -> Backup:
    """What `fetch` left in a folder."""
    try:
        return Backup.model_validate(json.loads((folder / MANIFEST).read_text()))
    except (OSError, ValueError) as error:
        raise BackupError(f"{folder} holds no backup: {error}") from error
