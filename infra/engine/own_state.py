"""State that the checkout keeps itself, for stacks on this machine: its passphrase, its salts, its locks."""

from __future__ import annotations

import json
import os
import re
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

SALT = re.compile(r"^encryptionsalt:.*\n?", re.MULTILINE)
ENCRYPTED = re.compile(r"^\s*(- )?secure:", re.MULTILINE)


def passphrase(file: Path) -> Path:
    """A file only its owner can read, with a random passphrase made when it is first asked for."""
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return file
    with os.fdopen(descriptor, "w") as stream:
        stream.write(secrets.token_urlsafe(32))
    return file


@contextmanager
def without_salt(file: Path) -> Iterator[None]:
    """Keep Pulumi's salt out of a stack's configuration file, which belongs to the repository.

    The salt fits the passphrase of one machine only: committed, it would refuse every other clone. Pulumi
    writes it into the file, but also into the state, and makes a new one where the file has none. A file with
    encrypted values needs its salt and keeps it.
    """
    _drop_salt(file)
    try:
        yield
    finally:
        _drop_salt(file)


def _drop_salt(file: Path) -> None:
    text = file.read_text() if file.exists() else ""
    if SALT.search(text) and not ENCRYPTED.search(text):
        file.write_text(SALT.sub("", text))


def release_dead_locks(state: Path, stack: str) -> list[int]:
    """Remove the locks of Pulumi processes that are gone; the ids of these processes.

    A `pulumi` that was killed leaves its lock, and every later one would refuse to work.
    """
    dead: list[int] = []
    for file in state.glob(f".pulumi/locks/*/*/{stack}/*.json"):
        lock = json.loads(file.read_text())
        if lock.get("hostname") == socket.gethostname() and not psutil.pid_exists(int(lock["pid"])):
            for each in (file, file.with_name(f"{file.name}.attrs")):
                each.unlink(missing_ok=True)
            dead.append(int(lock["pid"]))
    return dead
