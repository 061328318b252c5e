"""The environment in which Pulumi runs: its folders, and a state of its own for stacks on this machine."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from infra.engine.own_state import passphrase

ROOT = Path(__file__).resolve().parents[2]
"""The checkout: where `Pulumi.yaml` is."""

OWN_STATE = ROOT / ".costate" / "state"
"""State of the stacks on this machine, unless the user has chosen a backend."""


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
        if has_own_state(given):
            OWN_STATE.mkdir(parents=True, exist_ok=True)
            variables["PULUMI_BACKEND_URL"] = OWN_STATE.as_uri()
        if has_own_passphrase(given):
            variables["PULUMI_CONFIG_PASSPHRASE_FILE"] = str(passphrase(ROOT / ".costate" / "passphrase"))
    return variables


def has_own_state(given: Mapping[str, str]) -> bool:
    """Whether a local stack's state is the checkout's."""
    return "PULUMI_BACKEND_URL" not in given


def has_own_passphrase(given: Mapping[str, str]) -> bool:
    """Whether a local stack's passphrase is the checkout's."""
    return not {"PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"} & given.keys()
