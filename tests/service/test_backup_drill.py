"""Backups and drills with the scripts that the CronJobs run, PostgreSQL's own programs and a real database."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from live import DataStores

from app.backups.archive import COUNTS, DUMP, MANIFEST, PREFIX, Archive, BackupError, read
from app.jobs.schema import migrate
from app.jobs.store import JobStore
from infra import kubernetes
from infra.platforms.local.binaries import postgres_bin, unprivileged

SCRIPTS = Path(kubernetes.__path__[0]) / "backup"
NOW = datetime(2026, 11, 21, 1, 30, tzinfo=UTC)


def run(script: str, folder: Path, url: str = "") -> subprocess.CompletedProcess[str]:
    environment = os.environ | {
        "PATH": f"{postgres_bin()}{os.pathsep}{os.environ['PATH']}",
        "COSTATE_DATABASE_URL": url,
    }
    command = [*unprivileged(), "sh", str(SCRIPTS / script), str(SCRIPTS), str(folder)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def database(stores: DataStores) -> str:
    """A database of the service with two tables' worth of rows more."""
    url = stores.new_database()
    store = JobStore(url)
    migrate(store.engine)
    store.engine.dispose()
    with psycopg.connect(url) as connection:
        connection.execute('CREATE TABLE "An odd | name" AS SELECT generate_series(1, 1000) AS value')
        connection.execute("CREATE TABLE empty (value integer PRIMARY KEY)")
    return url


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive((tmp_path / "objects").as_uri())


def room(tmp_path: Path, name: str) -> Path:
    made = tmp_path / name
    made.mkdir()
    return made


def kept(archive: Archive, tmp_path: Path, url: str, when: datetime = NOW) -> Path:
    folder = room(tmp_path, f"dump-{when:%d%H%M}")
    done = run("dump.sh", folder, url)
    assert done.returncode == 0, done.stderr
    archive.keep(folder, when)
    return folder


def test_a_backup_is_restored_with_every_row(database: str, archive: Archive, tmp_path: Path) -> None:
    kept(archive, tmp_path, database)
    folder = room(tmp_path, "drill")
    backup = archive.fetch(folder)
    assert backup.rows["public.An odd | name"] == 1000
    assert backup.rows["public.empty"] == 0
    assert backup.rows["public.alembic_version"] == 1
    done = run("drill.sh", folder)
    assert done.returncode == 0, done.stderr
    assert read(folder) == backup


def test_a_drill_fails_when_a_row_is_missing(database: str, archive: Archive, tmp_path: Path) -> None:
    folder = kept(archive, tmp_path, database)
    counts = (folder / COUNTS).read_text()
    (folder / COUNTS).write_text(counts.replace("name|1000", "name|1001"))
    done = run("drill.sh", folder)
    assert done.returncode != 0
    assert "name|1000" in done.stdout


def test_rows_are_counted_in_the_snapshot_of_the_dump(
    database: str, archive: Archive, tmp_path: Path
) -> None:
    """Rows come and go while a dump is made: counts of another moment would fail every drill."""
    row = "INSERT INTO empty SELECT coalesce(max(value), 0) + 1 FROM empty"
    writing = f'while psql "$COSTATE_DATABASE_URL" --quiet --command="{row}"; do :; done'
    environment = os.environ | {"PATH": f"{postgres_bin()}{os.pathsep}{os.environ['PATH']}"}
    writer = subprocess.Popen(
        ["sh", "-c", f"exec 2>/dev/null; {writing}"],
        env=environment | {"COSTATE_DATABASE_URL": database},
        start_new_session=True,
    )
    try:
        folder = kept(archive, tmp_path, database)
    finally:
        os.killpg(writer.pid, 15)
        writer.wait()
    done = run("drill.sh", folder)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_dump_that_fails_is_no_backup(archive: Archive, tmp_path: Path, stores: DataStores) -> None:
    place = urlsplit(stores.new_database())
    folder = room(tmp_path, "dump")
    done = run("dump.sh", folder, place._replace(path="/nowhere").geturl())
    assert done.returncode != 0
    with pytest.raises(BackupError, match="no dump"):
        archive.keep(folder, NOW)
    with pytest.raises(BackupError, match="no backup"):
        archive.newest()


class TestArchive:
    @staticmethod
    def dump(tmp_path: Path, content: bytes = b"rows") -> Path:
        folder = tmp_path / "made"
        folder.mkdir(exist_ok=True)
        (folder / DUMP).write_bytes(content)
        (folder / COUNTS).write_text("public.jobs|1\n")
        return folder

    def test_what_was_changed_in_the_store_is_not_restored(self, archive: Archive, tmp_path: Path) -> None:
        backup = archive.keep(self.dump(tmp_path), NOW)
        (tmp_path / "objects" / PREFIX / backup.name / DUMP).write_bytes(b"other rows")
        with pytest.raises(BackupError, match="not what was kept"):
            archive.fetch(room(tmp_path, "fetched"))

    def test_an_upload_without_its_end_is_not_taken_for_a_backup(
        self, archive: Archive, tmp_path: Path
    ) -> None:
        whole = archive.keep(self.dump(tmp_path), NOW)
        later = archive.keep(self.dump(tmp_path), NOW + timedelta(hours=1))
        (tmp_path / "objects" / PREFIX / later.name / MANIFEST).unlink()
        assert archive.newest() == whole

    def test_old_backups_go_but_never_the_newest(self, archive: Archive, tmp_path: Path) -> None:
        made = [archive.keep(self.dump(tmp_path), NOW + timedelta(days=day)).name for day in range(4)]
        assert archive.thin(2, NOW + timedelta(days=3, hours=1)) == made[:2]
        assert archive.thin(1, NOW + timedelta(days=365)) == made[2:3]
        assert archive.newest().name == made[3]

    def test_counts_that_cannot_be_read_are_told(self, archive: Archive, tmp_path: Path) -> None:
        folder = self.dump(tmp_path)
        (folder / COUNTS).write_text("public.jobs|many\n")
        with pytest.raises(BackupError, match="cannot be read"):
            archive.keep(folder, NOW)
