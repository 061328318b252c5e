"""Make a PostgreSQL data folder with one database: `python -m infra.platforms.local.initdb FOLDER NAME`.

The owner's password is taken from PGPASSWORD. The folder appears whole or not at all.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from infra.platforms.local.binaries import postgres_bin, unprivileged


def main(folder: Path, name: str) -> None:
    """Initialise next to the folder, then move into place."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    programs = postgres_bin()
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="initdb-") as room:
        data, password = Path(room) / "data", Path(room) / "password"
        password.touch(mode=0o600)
        password.write_text(os.environ["PGPASSWORD"])
        subprocess.run(
            [
                *unprivileged(),
                str(programs / "initdb"),
                *("--pgdata", str(data), "--username", name, "--pwfile", str(password)),
                *("--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C", "--no-instructions"),
            ],
            check=True,
        )
        # A server in single-user mode makes the database without listening anywhere.
        subprocess.run(
            [*unprivileged(), str(programs / "postgres"), "--single", "-D", str(data), "postgres"],
            input=f"CREATE DATABASE {name};\n",
            text=True,
            check=True,
        )
        shutil.rmtree(folder, ignore_errors=True)
        data.rename(folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
