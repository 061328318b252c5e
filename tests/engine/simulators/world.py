"""What exists in the simulated clouds: one database file, shared by every plugin process and the test."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TABLES = """
CREATE TABLE IF NOT EXISTS things (
    type TEXT NOT NULL, place TEXT NOT NULL, id TEXT NOT NULL, urn TEXT NOT NULL, seed TEXT NOT NULL,
    inputs TEXT NOT NULL, outputs TEXT NOT NULL, PRIMARY KEY (type, place, id));
CREATE TABLE IF NOT EXISTS calls (number INTEGER PRIMARY KEY, verb TEXT NOT NULL, urn TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS refusals (number INTEGER PRIMARY KEY);
"""


class RefusalError(Exception):
    """The cloud does not do it; the message says why."""


@dataclass(frozen=True)
class Thing:
    """A resource that exists."""

    type: str
    place: str
    """Region, project or subscription that its id is unique in; empty where it is unique everywhere."""
    id: str
    urn: str
    seed: str
    """What its made-up values depend on: another one for each that is made."""
    inputs: dict[str, Any]
    outputs: dict[str, Any]

    @property
    def name(self) -> str:
        return self.urn.rsplit("::", 1)[-1]


class World:
    """Opened anew for each step, so that a killed plugin leaves nothing half done."""

    def __init__(self, file: Path) -> None:
        self.file = file
        with self._open() as database:
            database.executescript(TABLES)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        database = sqlite3.connect(self.file, timeout=60, isolation_level=None)
        try:
            yield database
        finally:
            database.close()

    def call(self, verb: str, urn: str) -> str:
        """Count a call that changes something: a seed of its own. RefusalError where the test has planned so."""
        with self._open() as database:
            number = database.execute("INSERT INTO calls (verb, urn) VALUES (?, ?)", (verb, urn)).lastrowid
            planned = database.execute("DELETE FROM refusals WHERE number = ?", (number,)).rowcount
        if planned:
            raise RefusalError(f"call {number} fails, as planned: {verb} {urn}")
        return f"{urn}#{number}"

    def refuse(self, ahead: int) -> None:
        """Plan that the call so many ahead fails (1 is the next)."""
        with self._open() as database:
            database.execute("INSERT INTO refusals SELECT COALESCE(MAX(number), 0) + ? FROM calls", (ahead,))

    def forgive(self) -> None:
        """Drop failures that are planned and have not come."""
        with self._open() as database:
            database.execute("DELETE FROM refusals")

    def calls(self) -> list[tuple[str, str]]:
        """Every call in order: verb and logical name."""
        with self._open() as database:
            rows = database.execute("SELECT verb, urn FROM calls ORDER BY number").fetchall()
        return [(verb, urn.rsplit("::", 1)[-1]) for verb, urn in rows]

    def things(self) -> list[Thing]:
        """All that exists."""
        with self._open() as database:
            rows = database.execute(
                "SELECT type, place, id, urn, seed, inputs, outputs FROM things"
            ).fetchall()
        return [Thing(*row[:5], json.loads(row[5]), json.loads(row[6])) for row in rows]

    def get(self, kind: str, place: str, thing_id: str) -> Thing | None:
        """The one with this type and id in this place, if it exists."""
        wanted = (kind, place, thing_id)
        return next((t for t in self.things() if (t.type, t.place, t.id) == wanted), None)

    def add(self, thing: Thing) -> None:
        """Make it; RefusalError where one of its id is there."""
        try:
            self._put("INSERT", thing)
        except sqlite3.IntegrityError:
            raise RefusalError(f"{thing.type} {thing.id} already exists") from None

    def change(self, thing: Thing) -> None:
        """Give it other properties."""
        self._put("INSERT OR REPLACE", thing)

    def _put(self, verb: str, thing: Thing) -> None:
        values = (
            thing.type,
            thing.place,
            thing.id,
            thing.urn,
            thing.seed,
            json.dumps(thing.inputs),
            json.dumps(thing.outputs),
        )
        with self._open() as database:
            database.execute(f"{verb} INTO things VALUES (?, ?, ?, ?, ?, ?, ?)", values)

    def remove(self, thing: Thing) -> None:
        """It is gone, however that came."""
        with self._open() as database:
            key = (thing.type, thing.place, thing.id)
            database.execute("DELETE FROM things WHERE type = ? AND place = ? AND id = ?", key)
