"""The plain server of an existing cluster, started for real with its own script and settings."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from live import free_port

from infra.platforms.existing import certificate, postgres
from infra.platforms.existing.sizes import DATABASES
from infra.platforms.local.binaries import postgres_bin, unprivileged


def _bin() -> Path:
    """Where PostgreSQL is: a system's own can do TLS, the wheel's cannot."""
    system = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    return system[-1].parent if system else postgres_bin()


BIN = _bin()
TLS = "openssl" in subprocess.run(
    [BIN / "pg_config", "--configure"], capture_output=True, text=True, check=True
).stdout  # fmt: skip


class Plain:
    """A server as its pod would run it, in folders of a test."""

    def __init__(self, room: Path) -> None:
        self.room, self.port = room, free_port()
        self.environment = os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
        for folder in ("data", "settings", "certificate", "run"):
            (room / folder).mkdir()
        made = certificate._made(["localhost"], datetime.now(UTC))
        (room / "certificate" / "tls.crt").write_text(made["certificate"])
        key = room / "certificate" / "tls.key"
        key.touch(mode=0o600)
        key.write_text(made["key"])
        for name, text in postgres.files(DATABASES["small"]).items():
            here = text.replace(postgres.CERTIFICATE, str(room / "certificate"))
            here = here.replace(postgres.SETTINGS, str(room / "settings"))
            here = here.replace(postgres.SOCKET, str(room / "run"))
            if not TLS:
                here = here.replace("ssl = 'on'", "ssl = 'off'").replace("hostssl", "host")
            (room / "settings" / name).write_text(here)
        with (room / "settings" / "postgresql.conf").open("a") as settings:
            settings.write(f"port = {self.port}\n")
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, password: str) -> None:
        (self.room / "password").write_text(password)
        words = [str(self.room / "settings" / "start.sh"), str(self.room / "data")]
        words += [str(self.room / "password"), str(self.room / "settings" / "postgresql.conf")]
        self.process = subprocess.Popen([*unprivileged(), "sh", *words], env=self.environment)
        alive = [*unprivileged(), str(BIN / "pg_isready"), f"--host={self.room / 'run'}"]
        for _ in range(120):
            if not subprocess.run([*alive, f"--port={self.port}", "--quiet"], check=False).returncode:
                return
            assert self.process.poll() is None, "the server ended"
            time.sleep(0.25)
        raise AssertionError("the server does not answer")

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            program = str(BIN / "pg_ctl")
            words = ["stop", f"--pgdata={self.room / 'data' / 'server'}", "--mode=fast"]
            subprocess.run([*unprivileged(), program, *words], check=True, capture_output=True)
            self.process.wait(30)

    def url(self, password: str, tls: str = "verify-full" if TLS else "disable") -> str:
        authority = self.room / "certificate" / "tls.crt"
        place = f"localhost:{self.port}/costate"
        return f"postgresql://costate:{password}@{place}?sslmode={tls}&sslrootcert={authority}"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Plain]:
    made = Plain(tmp_path)
    try:
        yield made
    finally:
        made.stop()


@pytest.mark.skipif(not TLS, reason="no PostgreSQL with TLS here: apt-get install postgresql")
def test_a_plain_server_is_spoken_to_over_tls_only(server: Plain) -> None:
    server.start("first")
    with psycopg.connect(server.url("first")) as connection:
        row = connection.execute("SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid()").fetchone()
        assert row == ("TLSv1.3",)
    with pytest.raises(psycopg.OperationalError, match="no encryption"):
        psycopg.connect(server.url("first", tls="disable"))


def test_a_plain_server_lets_its_user_in_with_the_password_only(server: Plain) -> None:
    server.start("first")
    with psycopg.connect(server.url("first")) as connection:
        connection.execute("CREATE TABLE kept (value integer)")
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(server.url("wrong"))


def test_a_plain_server_keeps_its_data_and_takes_a_new_password_when_started_again(server: Plain) -> None:
    server.start("first")
    with psycopg.connect(server.url("first")) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS value")
    server.stop()
    server.start("second")
    with psycopg.connect(server.url("second")) as connection:
        assert connection.execute("SELECT value FROM kept").fetchall() == [(42,)]
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(server.url("first"))


def test_what_an_interrupted_start_leaves_is_not_taken_for_a_database(server: Plain) -> None:
    half = server.room / "data" / "new"
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    server.start("first")
    with psycopg.connect(server.url("first")) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
