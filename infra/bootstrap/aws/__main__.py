"""Helpers for an AWS account: `state`, `permissions`, `preflight`, `smoke`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import yaml

from infra import checks
from infra.bootstrap.aws import permissions
from infra.bootstrap.aws.finding import Finding, failed
from infra.bootstrap.aws.preflight import preflight
from infra.bootstrap.aws.session import Clients, clients
from infra.bootstrap.aws.smoke import smoke
from infra.bootstrap.aws.state import ensure
from infra.config.reading import load
from infra.config.stack import StackConfig
from infra.errors import InfraError
from infra.place import Place, places

ROOT = Path(__file__).resolve().parents[3]
Look = Callable[[Clients, StackConfig, Place], list[Finding]]
LOOKS: dict[str, Look] = {"preflight": preflight, "smoke": smoke}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status: 1 where something is wrong."""
    options = _parser().parse_args(arguments)
    try:
        if options.action == "state":
            made = ensure(clients(), options.region)
            sys.stdout.write(f"export PULUMI_BACKEND_URL='{made.backend}'\n")
            sys.stdout.write(f"secrets provider: {made.secrets_provider}\n")
            return 0
        stack = _stack(options.stack)
        if options.action == "permissions":
            documents = permissions.documents(stack, options.stack)
            sys.stdout.write(json.dumps(documents, indent=2) + "\n")
            return 0
        return _look(LOOKS[options.action], stack, options.stack)
    except InfraError as error:
        sys.stderr.write(f"{error}\n")
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m infra.bootstrap.aws", description=__doc__)
    actions = parser.add_subparsers(dest="action", required=True)
    state = actions.add_parser("state", help="make the bucket and key that Pulumi keeps its state in")
    state.add_argument("--region", required=True)
    for action, told in (
        ("permissions", "print the policies that whoever runs `pulumi up` needs"),
        ("preflight", "look whether the account has what the stack needs"),
        ("smoke", "look whether what the stack made is there, closed and encrypted"),
    ):
        actions.add_parser(action, help=told).add_argument("--stack", required=True)
    return parser


def _stack(name: str) -> StackConfig:
    """The configuration of a stack, checked as `up` checks it."""
    file = ROOT / f"Pulumi.{name}.yaml"
    if not file.exists():
        raise InfraError(f"there is no {file.name}")
    stack = load((yaml.safe_load(file.read_text()) or {}).get("config", {}))
    checks.check(stack, name, datetime.now(UTC).date())
    return stack


def _look(look: Look, stack: StackConfig, name: str) -> int:
    """One look at each cell on AWS."""
    if any(cell.platform == "local" for cell in stack.cells):
        raise InfraError(f"the stack {name} is on this machine")
    here = clients()
    status = 0
    for place in (place for place in places(stack, name) if place.platform == "aws"):
        findings = look(here, stack, place)
        sys.stdout.write("\n".join([place.name, *(f"  {finding}" for finding in findings), ""]))
        status = status or int(failed(findings))
    return status


if __name__ == "__main__":
    sys.exit(main())
