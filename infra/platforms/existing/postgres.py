"""What PostgreSQL is told, whoever keeps the server; and the plain server's start."""

from __future__ import annotations

from pathlib import Path

from infra.platforms.existing.sizes import Allotment

DATA = "/var/lib/postgresql/data"
SETTINGS, CERTIFICATE, LOGIN = "/etc/postgres/settings", "/etc/postgres/certificate", "/etc/postgres/login"
SOCKET = "/var/run/postgresql"

CONNECTIONS = 200
"""Pools of 20 API processes and 20 workers at their largest, and room for whoever looks."""

ACCESS = """\
local all     postgres     peer
hostssl costate costate all scram-sha-256
"""
"""Who is let in: over TLS the product's user into its database, and the server's own user from inside its pod."""


def settings(size: Allotment) -> dict[str, str]:
    """PostgreSQL's parameters that follow from a size."""
    memory = size.memory[0]
    return {
        "max_connections": str(CONNECTIONS),
        "shared_buffers": f"{memory // 4}MB",
        "effective_cache_size": f"{memory // 2}MB",
        "ssl_min_protocol_version": "TLSv1.3",
        "log_min_duration_statement": "1000",
    }


def files(size: Allotment) -> dict[str, str]:
    """Contents of the folder `SETTINGS` of a plain server."""
    parameters = {
        **settings(size),
        "listen_addresses": "*",
        "unix_socket_directories": SOCKET,
        "ssl": "on",
        "ssl_cert_file": f"{CERTIFICATE}/tls.crt",
        "ssl_key_file": f"{CERTIFICATE}/tls.key",
        "hba_file": f"{SETTINGS}/pg_hba.conf",
    }
    return {
        "postgresql.conf": "".join(f"{key} = '{value}'\n" for key, value in parameters.items()),
        "pg_hba.conf": ACCESS,
        "start.sh": (Path(__file__).parent / "start_postgres.sh").read_text(),
    }
