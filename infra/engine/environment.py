"""The environment in which Pulumi runs: its folders, and a state of its own for stacks on this machine."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
"""The checkout: where `Pulumi.yaml` is."""


def environment(engine: Path, *, local: bool, given: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Variables for `pulumi` and what it starts.

    The environment's own `bin` stands first, because language hosts take `python` from PATH. A stack on this
    machine keeps state and passphrase in `.costate/`, unless the user has chosen a backend; any other stack
    uses the user's own `pulumi login`.
    """
    variables = dict(given)
    variables.pop("PYTHONDONTWRITEBYTECODE", None)  # with it, large SDKs are parsed anew at every import
    path = [str(Path(sys.executable).parent), str(engine), given.get("PATH", os.defpath)]
    variables |= {"PATH": os.pathsep.join(path), "PULUMI_SKIP_UPDATE_CHECK": "true"}
    if local:
        if "PULUMI_BACKEND_URL" not in given:
            state = ROOT / ".costate" / "state"
            state.mkdir(parents=True, exist_ok=True)
            variables["PULUMI_BACKEND_URL"] = state.as_uri()
        if not {"PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"} & given.keys():
            variables["PULUMI_CONFIG_PASSPHRASE_FILE"] = str(passphrase(ROOT / ".costate" / "passphrase"))
    return variables


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
