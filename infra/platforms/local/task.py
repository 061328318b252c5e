"""A command that runs once to its end, and again when what it depends on changes."""

from __future__ import annotations

import subprocess
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, Resource, ResourceProvider, UpdateResult

from infra.platforms.local.supervision import ProcessFailedError, inherited, tail

LIMIT_S = 120.0
"""Seconds a task may take."""


@dataclass(frozen=True, kw_only=True)
class TaskArgs:
    """What to run; the environment is kept secret.

    `creates` is a file whose existence says that nothing is left to do, `revision` anything whose change asks
    for another run.
    """

    command: Sequence[str]
    environment: Mapping[str, pulumi.Input[str]]
    log: str
    creates: str = ""
    revision: str = ""


class _Provider(ResourceProvider):
    """Pickled by reference, as in `process.py`."""

    serialize_as_secret_always = False

    def create(self, props: dict[str, Any]) -> CreateResult:
        _run(props)
        return CreateResult(f"{Path(props['log']).stem}-{uuid.uuid4().hex[:8]}", _kept(props))

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        undone = bool(_news["creates"]) and not Path(_news["creates"]).exists()
        return DiffResult(changes=undone or _kept(_olds) != _kept(_news))

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        _run(_news)
        return UpdateResult(_kept(_news))


def _kept(props: Mapping[str, Any]) -> dict[str, Any]:
    return {key: props[key] for key in ("command", "log", "creates", "revision")}


def _run(props: Mapping[str, Any]) -> None:
    if props["creates"] and Path(props["creates"]).exists():
        return
    log = Path(props["log"])
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        try:
            code = subprocess.run(
                props["command"],
                env=inherited() | props["environment"],
                cwd=log.parent,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=LIMIT_S,
                check=False,
            ).returncode
        except subprocess.TimeoutExpired as error:
            raise ProcessFailedError(
                f"not done within {LIMIT_S:.0f} s. The end of {log}:\n{tail(log)}"
            ) from error
    if code:
        raise ProcessFailedError(f"it ended with status {code}. The end of {log}:\n{tail(log)}")


class Task(Resource, module="local", name="Task"):
    """A command that has run to its end."""

    def __init__(self, name: str, args: TaskArgs, opts: pulumi.ResourceOptions) -> None:
        inputs: dict[str, Any] = {
            "command": list(args.command),
            "environment": pulumi.Output.secret(dict(args.environment)),
            "log": args.log,
            "creates": args.creates,
            "revision": args.revision,
        }
        super().__init__(_Provider(), name, inputs, opts)
