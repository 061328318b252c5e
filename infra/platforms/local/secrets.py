"""Passwords of this machine's data stores: made once, kept with the data they protect."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, ReadResult, Resource, ResourceProvider

from infra.platforms.local.supervision import write_private


class _Provider(ResourceProvider):
    """Pickled by reference, as in `process.py`."""

    serialize_as_secret_always = False

    def create(self, props: dict[str, Any]) -> CreateResult:
        # The file outlives the stack, as the data do: a new stack on old data needs the old passwords.
        file = Path(props["file"])
        values = json.loads(file.read_text()) if file.exists() else {}
        values |= {name: secrets.token_urlsafe(24) for name in props["names"] if name not in values}
        write_private(file, json.dumps(values))
        return CreateResult(props["file"], {**props, "values": values})

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        replaces = [key for key in ("file", "names") if _olds[key] != _news[key]]
        return DiffResult(changes=bool(replaces), replaces=replaces, delete_before_replace=True)

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        return ReadResult(id_, props) if Path(id_).exists() else ReadResult("", {})


class Secrets(Resource, module="local", name="Secrets"):
    """Random passwords in a file that only its owner can read; `values` is secret."""

    values: pulumi.Output[dict[str, str]]

    def __init__(self, name: str, *, file: Path, names: Sequence[str], opts: pulumi.ResourceOptions) -> None:
        # Dynamic resources lose the secrecy of what their provider returns: say it here.
        opts = pulumi.ResourceOptions.merge(
            opts, pulumi.ResourceOptions(additional_secret_outputs=["values"])
        )
        super().__init__(_Provider(), name, {"file": str(file), "names": list(names), "values": None}, opts)

    def password(self, name: str) -> pulumi.Output[str]:
        """One of the passwords."""
        return self.values.apply(lambda values: values[name])
