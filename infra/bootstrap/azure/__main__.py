"""What is asked for before the first `up` in a subscription: `role`, `condition`, `providers`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence

from infra.bootstrap.azure.resource_types import PROVIDERS
from infra.bootstrap.azure.role import condition, role


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what is asked for."""
    options = _parser().parse_args(arguments)
    if options.action == "role":
        sys.stdout.write(json.dumps(role(options.subscription), indent=2) + "\n")
    elif options.action == "condition":
        sys.stdout.write(condition() + "\n")
    else:
        sys.stdout.write("\n".join(PROVIDERS) + "\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m infra.bootstrap.azure", description=__doc__)
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("role", help="the role of whoever runs `pulumi up`").add_argument(
        "--subscription", required=True
    )
    actions.add_parser("condition", help="the condition that goes with it")
    actions.add_parser("providers", help="resource providers to register")
    return parser


if __name__ == "__main__":
    sys.exit(main())
