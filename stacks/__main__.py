"""Wiring only: read the configuration, build each cell, export outputs. No resource is declared here."""

from __future__ import annotations

import gc
import json
import os
from datetime import UTC, datetime

import pulumi

from infra import checks
from infra.config.reading import load
from infra.errors import InfraError
from infra.estate import build

# Nearly all that the program and the SDKs make is kept to the end: looking for garbage takes half of the time.
gc.disable()


def main() -> None:
    """Build the stack."""
    stack = load(json.loads(os.environ.get("PULUMI_CONFIG", "{}")))
    for warning in checks.check(stack, pulumi.get_stack(), datetime.now(UTC).date()):
        pulumi.log.warn(warning)
    for name, value in build(stack, pulumi.get_stack()).items():
        pulumi.export(name, value)


try:
    main()
except InfraError as error:
    # A fault of the configuration needs no traceback.
    pulumi.log.error(str(error))
    raise SystemExit(1) from None
