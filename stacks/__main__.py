"""Wiring only: read the configuration, build each cell, export outputs. No resource is declared here."""

from __future__ import annotations

import json
import os

import pulumi

from infra import cell, config
from infra.errors import InfraError


def main() -> None:
    """Build the stack."""
    stack = config.load(json.loads(os.environ.get("PULUMI_CONFIG", "{}")))
    cell.check(stack)
    cells = [
        cell.Cell("-".join(filter(None, (pulumi.get_stack(), given.region))), stack=stack, cell=given)
        for given in stack.cells
    ]
    pulumi.export("url", cells[0].workload.url)
    for built in cells:
        for name, value in built.platform.outputs().items():
            pulumi.export(name, value)


try:
    main()
except InfraError as error:
    # A fault of the configuration needs no traceback.
    pulumi.log.error(str(error))
    raise SystemExit(1) from None
