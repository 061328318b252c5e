"""The stacks of the checkout with the real engine, on simulated clouds: from nothing to everything and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from simulated import AT_THE_END, Simulated

from infra.engine.environment import ROOT

pytestmark = pytest.mark.timeout(1500)

PACK = ROOT / "infra" / "policy" / "pack"

INTERRUPTIONS = 20
"""Failures that one creation of the development stack has to get over."""

Begin = Callable[..., Simulated]


def configured(name: str) -> dict[str, Any]:
    """The configuration of a stack of the checkout."""
    given = yaml.safe_load((ROOT / f"Pulumi.{name}.yaml").read_text())["config"]
    return {key.removeprefix("costate:"): value for key, value in given.items()}


@pytest.fixture
def begin(state: Path, tmp_path: Path) -> Iterator[Begin]:
    begun: list[Simulated] = []

    def make(name: str, variables: Mapping[str, str] | None = None) -> Simulated:
        begun.append(Simulated(state, configured(name), tmp_path, variables=variables))
        return begun[-1]

    yield make
    for stack in begun:
        stack.remove()


def test_the_life_of_a_development_stack(begin: Begin) -> None:
    stack = begin("dev")

    # A preview asks the clouds for nothing, and no rule is broken.
    stack.pulumi("preview", "--policy-pack", str(PACK))
    assert not stack.world.calls()

    # Up, and nothing is left to do.
    stack.up()
    stack.assert_nothing_is_orphaned()
    assert set(stack.up()) == {"same"}

    assert_only_pools_are_scaled(stack)

    # What somebody deleted by hand is noticed, and made again.
    gone = next(
        thing for thing in stack.world.things() if thing.type == "aws:s3/bucketVersioning:BucketVersioning"
    )
    stack.world.remove(gone)
    stack.pulumi("refresh", "--yes", "--skip-preview")
    assert stack.up()["create"] == [gone.name]
    stack.pulumi("refresh", "--yes", "--skip-preview", "--expect-no-changes")

    assert_no_password_is_given(stack)
    stack.assert_nothing_secret_is_told()

    # Destroy leaves nothing and asks once for each; what is in use the clouds would not have let go.
    before = len(stack.world.calls())
    stack.pulumi("destroy", "--yes", "--skip-preview")
    assert not stack.world.things()
    deleted = [urn for verb, urn in stack.world.calls()[before:] if verb == "delete"]
    assert len(deleted) == len(set(deleted))


def test_an_interrupted_creation_is_completed_by_the_next_up(begin: Begin) -> None:
    stack = begin("dev")
    everything = stack.planned()
    failed: list[int] = []
    made: list[int] = []
    while len(failed) < INTERRUPTIONS:
        # The failures are spread over what is still to be made; those beside one that fails are still made.
        left = (everything - len(stack.world.things())) // (INTERRUPTIONS - len(failed))
        failed.append(stack.world.refuse(max(1, left - PARALLEL)))
        told = stack.told("up", "--yes", "--skip-preview", "--parallel", str(PARALLEL))
        assert f"call {failed[-1]} fails, as planned" in told
        stack.assert_nothing_is_orphaned()
        made.append(len(stack.world.things()))
    assert len(set(failed)) == INTERRUPTIONS
    assert made == sorted(made)
    assert made[0] < 0.1 * everything < 0.9 * everything < made[-1]

    stack.up()
    stack.assert_nothing_is_orphaned()
    assert len(stack.world.things()) == everything
    assert set(stack.up()) == {"same"}
    stack.assert_nothing_secret_is_told()

    # The same on the way down.
    for _ in range(3):
        stack.world.refuse(40)
        assert "fails, as planned" in stack.told("destroy", "--yes", "--skip-preview")
        stack.assert_nothing_is_orphaned()
    stack.pulumi("destroy", "--yes", "--skip-preview")
    assert not stack.world.things()


POOLS = {
    "aws:eks/nodeGroup:NodeGroup",
    "gcp:container/nodePool:NodePool",
    "azure-native:containerservice:AgentPool",
}

PARALLEL = 4
"""Calls at once while failures are planned."""


def test_the_life_of_a_production_stack(begin: Begin) -> None:
    """Four cells on three clouds; what is protected goes only after the one setting has said so."""
    stack = begin("prod", variables=AT_THE_END)
    stack.pulumi("preview")
    assert not stack.world.calls()

    # An up that breaks off in its midst is completed by the next.
    stack.world.refuse(400)
    assert "call 400 fails, as planned" in stack.told("up", "--yes", "--skip-preview")
    stack.assert_nothing_is_orphaned()
    stack.up()
    stack.assert_nothing_is_orphaned()
    assert set(stack.up()) == {"same"}
    assert_no_password_is_given(stack)
    stack.assert_nothing_secret_is_told()

    assert_only_pools_are_scaled(stack)
    stack.pulumi("refresh", "--yes", "--skip-preview", "--expect-no-changes")

    # A destroy may take what it can have back, and nothing that is protected.
    kept = {resource["id"] for resource in stack.resources() if resource.get("protect")}
    assert kept
    assert "cannot be deleted" in stack.told("destroy", "--yes", "--skip-preview")
    assert kept <= {thing.id for thing in stack.world.things()}

    stack.write({**stack.config, "protect": False})
    assert set(stack.up()) <= {"same", "update", "create", "delete"}
    stack.assert_nothing_is_orphaned()
    stack.pulumi("destroy", "--yes", "--skip-preview")
    assert not stack.world.things()


def assert_only_pools_are_scaled(stack: Simulated) -> None:
    """With more nodes allowed the pools of nodes change, and nothing else."""
    stack.write({**stack.config, "nodes": {"max": 7}})
    before = len(stack.world.calls())
    assert set(stack.up()) == {"same", "update"}
    changed = {urn.split("::")[2].split("$")[-1] for _, urn in stack.world.calls()[before:]}
    assert changed
    assert changed <= POOLS


def assert_no_password_is_given(stack: Simulated) -> None:
    """Every kubeconfig output is encrypted, and no input of a name like a password's holds a text."""
    state = stack.state()
    root = next(r for r in state["deployment"]["resources"] if r["type"] == "pulumi:pulumi:Stack")
    kubeconfigs = [value for name, value in root["outputs"].items() if name.endswith("kubeconfig")]
    assert kubeconfigs
    assert all("ciphertext" in value for value in kubeconfigs)
    passwords = [
        (resource["urn"], key)
        for resource in state["deployment"]["resources"]
        for key, value in (resource.get("inputs") or {}).items()
        if "password" in key.lower() and isinstance(value, str)
    ]
    assert not passwords
