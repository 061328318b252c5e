"""What the engine's command line must know of a stack before Pulumi reads it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import yaml

from infra.engine.environment import ROOT
from infra.engine.errors import EngineError


def stack_in(command: Sequence[str]) -> str | None:
    """The stack that a `pulumi` command names by `-s`, `--stack` or `--stack=`, if it does."""
    for word, following in zip(command, [*command[1:], None], strict=True):
        if word in ("-s", "--stack"):
            return following
        if word.startswith("--stack="):
            return word.removeprefix("--stack=")
    return None


def stack_file(stack: str, root: Path = ROOT) -> Path:
    """The configuration file of a stack; a stack may be named with its organisation and project."""
    return root / f"Pulumi.{stack.rsplit('/', 1)[-1]}.yaml"


def is_local(stack: str, root: Path = ROOT) -> bool:
    """Whether every cell of the stack is on this machine; EngineError where there is no such stack."""
    file = stack_file(stack, root)
    if not file.exists():
        names = sorted(path.name.split(".")[1] for path in root.glob("Pulumi.*.yaml"))
        raise EngineError(
            f"There is no stack {stack!r}: {file.name} is missing. Stacks: {', '.join(names)}.\n"
            f"A second stack on this machine needs its own file with ports of its own (docs/config.md)."
        )
    try:
        values = yaml.safe_load(file.read_text())
    except yaml.YAMLError as error:
        raise EngineError(f"{file.name} is not YAML: {error}") from error
    config = values.get("config") if isinstance(values, dict) else None
    cells = (config.get("costate:cells") if isinstance(config, dict) else None) or []
    # What is no list of cells is refused by the program itself, with its key.
    return not isinstance(cells, list) or all(
        isinstance(cell, dict) and cell.get("platform") == "local" for cell in cells
    )
