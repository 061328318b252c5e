"""`python -m infra.engine path` prints the engine's folder; `run [--stack NAME] -- COMMAND` runs with it."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import IO

from infra.engine.environment import OWN_STATE, ROOT, environment, has_own_passphrase, has_own_state
from infra.engine.errors import EngineError
from infra.engine.locate import engine
from infra.engine.own_state import release_dead_locks, without_salt
from infra.engine.stack_files import is_local, stack_file, stack_in
from infra.gotools.progress import say


def main() -> int:
    """Run the command line and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m infra.engine", description=__doc__)
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("path", help="print the folder of the engine, getting one where none is")
    run = actions.add_parser("run", help="run a command with the engine on PATH")
    run.add_argument(
        "--stack", help="stack that the command is about: selected first, created where it is not"
    )
    run.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    try:
        if options.action == "path":
            sys.stdout.write(f"{engine()}\n")
            return 0
        command = options.command[1:] if options.command[:1] == ["--"] else options.command
        if not command:
            parser.error("no command is given after `--`")
        return with_engine(command, options.stack)
    except EngineError as error:
        sys.stderr.write(f"{error}\n")
        return 1


def with_engine(command: Sequence[str], selected: str | None) -> int:
    """Run a command, having selected a stack if one is given; its exit status."""
    stack = selected or stack_in(command)
    local = is_local(stack) if stack else True
    variables = environment(engine(), local=local)
    with ExitStack() as around:
        if stack and local:
            if has_own_passphrase(os.environ):
                around.enter_context(without_salt(stack_file(stack)))
            if has_own_state(os.environ):
                for pid in release_dead_locks(OWN_STATE, stack.rsplit("/", 1)[-1]):
                    say(f"The stack {stack} was locked by process {pid}, which is gone: unlocked")
        if selected and (
            status := call(["pulumi", "stack", "select", "--create", selected], variables, sys.stderr)
        ):
            return status
        return call(command, variables)


def call(command: Sequence[str], variables: Mapping[str, str], output: IO[str] | None = None) -> int:
    """Run a command to its end.

    An interrupt from the terminal reaches the command too, and a request to stop is handed on: Pulumi then
    ends in good order, writes its state and unlocks the stack, so it must not be killed meanwhile.
    """
    # Before the command starts: an interrupt may come as soon as it has said its first word.
    before = {signal.SIGINT: signal.signal(signal.SIGINT, lambda *_: None)}
    try:
        process = subprocess.Popen(command, cwd=ROOT, env=variables, stdout=output)
        before[signal.SIGTERM] = signal.signal(signal.SIGTERM, lambda *_: process.send_signal(signal.SIGINT))
        return process.wait()
    except OSError as error:
        raise EngineError(f"{command[0]} could not be run: {error.strerror}") from error
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


if __name__ == "__main__":
    sys.exit(main())
