"""A process as a Pulumi resource: created when it answers, healed when it is gone, leaving nothing behind."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi
from pulumi.dynamic import (
    CreateResult,
    DiffResult,
    ReadResult,
    Resource,
    ResourceProvider,
    UpdateResult,
)

from infra.platforms.local.supervision import ProcessFailedError, alive, holder, start, stop, wait_healthy

START_S = 90.0
"""Seconds a process may take until it answers."""


@dataclass(frozen=True, kw_only=True)
class ProcessArgs:
    """What to run. `environment` and `files` are kept secret: they hold passwords.

    `port` is the port it listens on and `port_key` the configuration key that sets it; `health` is what must
    answer; `revision` is anything whose change asks for a restart, such as a digest of the code.
    """

    command: Sequence[str]
    environment: Mapping[str, pulumi.Input[str]]
    files: Mapping[str, pulumi.Input[str]]
    log: str
    port: int
    port_key: str
    health: str
    revision: str = ""


class _Provider(ResourceProvider):
    """Pickled by reference (this module is importable), so that its own code is no part of the state."""

    # What Pulumi stores of it is encrypted anyway where it holds a secret; this holds none.
    serialize_as_secret_always = False

    def create(self, props: dict[str, Any]) -> CreateResult:
        return CreateResult(f"{Path(props['log']).stem}-{uuid.uuid4().hex[:8]}", _started(props))

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        changed = _olds.get("fingerprint") != _fingerprint(_news)
        return DiffResult(changes=changed or not _alive(_olds))

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        # In place: a replacement would also replace what depends on it.
        stop(int(_olds["pid"]), _olds["started"])
        return UpdateResult(_started(_news))

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        if not _alive(props):
            return ReadResult("", {})
        return ReadResult(id_, props)

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        stop(int(_props["pid"]), _props["started"])


def _alive(state: Mapping[str, Any]) -> bool:
    # Numbers come back from Pulumi as floats.
    return alive(int(state["pid"]), state["started"])


def _started(props: dict[str, Any]) -> dict[str, Any]:
    """Start the process and wait for its answer; what is kept of it."""
    port, log = int(props["port"]), Path(props["log"])
    if by := holder(port):
        raise ProcessFailedError(
            f"port {port} is taken by {by}; free it, or set {props['port_key']} to another"
        )
    pid, started = start(props["command"], props["environment"], props["files"], log)
    try:
        wait_healthy(pid, started, props["health"], log, START_S)
    except ProcessFailedError:
        stop(pid, started, grace_s=2.0)
        raise
    return {"pid": pid, "started": started, "log": props["log"], "fingerprint": _fingerprint(props)}


def _fingerprint(props: Mapping[str, Any]) -> str:
    """What tells one way of running from another; a hash, for the environment holds passwords."""
    keys = ("command", "environment", "files", "log", "port", "health", "revision")
    text = json.dumps({key: props[key] for key in keys}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


class Process(Resource, module="local", name="Process"):
    """A running process; `pid` tells which."""

    pid: pulumi.Output[int]

    def __init__(self, name: str, args: ProcessArgs, opts: pulumi.ResourceOptions) -> None:
        inputs: dict[str, Any] = {
            "command": list(args.command),
            "environment": pulumi.Output.secret(dict(args.environment)),
            "files": pulumi.Output.secret(dict(args.files)),
            "log": args.log,
            "port": args.port,
            "port_key": args.port_key,
            "health": args.health,
            "revision": args.revision,
        }
        super().__init__(
            _Provider(), name, {**inputs, "pid": None, "started": None, "fingerprint": None}, opts
        )
