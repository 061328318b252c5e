"""The stacks of the checkout, as they stand in their files: no input at fault, nothing declared twice."""

from __future__ import annotations

import pytest
from estates import TODAY

from infra.engine.environment import ROOT
from infra.plan.__main__ import configuration
from infra.recorder import record

STACKS = sorted(file.name.split(".")[1] for file in ROOT.glob("Pulumi.*.yaml"))


@pytest.mark.parametrize("stack", [name for name in STACKS if name != "local"])
def test_a_stack_of_the_checkout_is_declared_without_fault(stack: str) -> None:
    recording = record(configuration(stack), stack, today=TODAY)
    assert not recording.faults
    assert recording.managed
