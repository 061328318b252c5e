"""`python -m infra.engine path` prints the engine's folder; `run [--stack NAME] -- COMMAND` runs with it."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import yaml

from infra.engine.environment import ROOT, environment
from infra.engine.errors import EngineError
from infra.engine.locate import engine


def main() -> int:
    """Run the command line: the exit status, or this process becomes the command."""
    parser = argparse.ArgumentParser(prog="python -m infra.engine", description=__doc__)
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("path", help="print the folder of the engine, getting one where none is")
    run = actions.add_parser("run", help="run a command with the engine on PATH")
    run.add_argument(
        "--stack", help="stack that the command is about: selected first, created where it is not"
    )
    run.add_argument("command", nargs="+")
    options = parser.parse_args()
    try:
        folder = engine()
    except EngineError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if options.action == "path":
        sys.stdout.write(f"{folder}\n")
        return 0
    variables = environment(folder, local=options.stack is None or is_local(options.stack))
    if options.stack:
        select = ["pulumi", "stack", "select", "--create", options.stack]
        if subprocess.run(select, cwd=ROOT, env=variables, stdout=sys.stderr, check=False).returncode:
            return 1
    return subprocess.run(options.command, cwd=ROOT, env=variables, check=False).returncode


def is_local(stack: str) -> bool:
    """Whether every cell of the stack is on this machine, by its `Pulumi.<stack>.yaml`."""
    file = Path(ROOT / f"Pulumi.{stack.rsplit('/', 1)[-1]}.yaml")
    if not file.exists():
        return False
    config = (yaml.safe_load(file.read_text()) or {}).get("config", {})
    cells = config.get("costate:cells") or []
    return all(isinstance(cell, dict) and cell.get("platform") == "local" for cell in cells)


if __name__ == "__main__":
    sys.exit(main())
