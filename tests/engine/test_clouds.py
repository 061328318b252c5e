"""The stacks of the checkout with the real engine, on simulated clouds: from nothing to everything and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from simulated import Simulated

from infra.engine.environment import ROOT

pytestmark = pytest.mark.timeout(1500)

INTERRUPTIONS = 20
"""Failures that one creation of the small stack has to get over."""

Begin = Callable[[str], Simulated]


def configured(name: str) -> dict[str, Any]:
    """The configuration of a stack of the checkout."""
    given = yaml.safe_load((ROOT / f"Pulumi.{name}.yaml").read_text())["config"]
    return {key.removeprefix("costate:"): value for key, value in given.items()}


@pytest.fixture
def begin(state: Path, tmp_path: Path) -> Iterator[Begin]:
    begun: list[Simulated] = []

    def make(name: str) -> Simulated:
        begun.append(Simulated(state, configured(name), tmp_path))
        return begun[-1]

    yield make
    for stack in begun:
        stack.remove()


def test_the_life_of_a_development_stack(begin: Begin) -> None:
    stack = begin("dev")

    # A preview asks the clouds for nothing.
    stack.pulumi("preview")
    assert not stack.world.calls()

    # Up, and nothing is left to do.
    stack.up()
    stack.assert_nothing_is_orphaned()
    assert set(stack.up()) == {"same"}

    # What is scaled is all that changes.
    stack.write({**stack.config, "nodes": {"max": 7}})
    changed = stack.up()
    assert changed.pop("same")
    assert list(changed) == ["update"]
    assert all("pool" in name for name in changed["update"]), changed

    # What somebody deleted by hand is noticed, and made again.
    gone = next(
        thing for thing in stack.world.things() if thing.type == "aws:s3/bucketVersioning:BucketVersioning"
    )
    stack.world.remove(gone)
    stack.pulumi("refresh", "--yes", "--skip-preview")
    assert stack.up()["create"] == [gone.name]
    stack.pulumi("refresh", "--yes", "--skip-preview", "--expect-no-changes")

    # Nothing secret stands in the clear.
    assert_nothing_secret_is_written(stack)

    # Destroy leaves nothing, and takes nothing away under what stands on it.
    before = len(stack.world.calls())
    stack.pulumi("destroy", "--yes", "--skip-preview")
    assert not stack.world.things()
    order = [name for verb, name in stack.world.calls()[before:] if verb == "delete"]
    assert len(order) == len(set(order))


def test_an_interrupted_creation_is_completed_by_the_next_up(begin: Begin) -> None:
    stack = begin("dev")
    failures = 0
    while failures < INTERRUPTIONS:
        # Each time a little further: the next failure comes this many calls after what is done already.
        stack.world.refuse(5)
        done = stack.pulumi("up", "--yes", "--skip-preview", check=False)
        if done.returncode == 0:
            break
        assert "fails, as planned" in done.stdout + done.stderr
        failures += 1
        stack.assert_nothing_is_orphaned()
    assert failures == INTERRUPTIONS
    stack.world.forgive()
    stack.up()
    stack.assert_nothing_is_orphaned()
    assert set(stack.up()) == {"same"}

    # The same on the way down.
    for _ in range(3):
        stack.world.refuse(40)
        assert "fails, as planned" in stack.told("destroy", "--yes", "--skip-preview")
        stack.assert_nothing_is_orphaned()
    stack.pulumi("destroy", "--yes", "--skip-preview")
    assert not stack.world.things()


def test_the_life_of_a_production_stack(begin: Begin) -> None:
    """Four cells on three clouds; what is protected goes only after the one setting has said so."""
    stack = begin("prod")
    stack.pulumi("preview")
    assert not stack.world.calls()
    stack.up()
    stack.assert_nothing_is_orphaned()
    assert_nothing_secret_is_written(stack)
    assert set(stack.up()) == {"same"}

    # A destroy may take what it can have back, and nothing that is protected.
    kept = {resource["id"] for resource in stack.resources() if resource.get("protect")}
    assert kept
    assert "cannot be deleted" in stack.told("destroy", "--yes", "--skip-preview")
    assert kept <= {thing.id for thing in stack.world.things()}

    stack.write({**stack.config, "protect": False})
    assert set(stack.up()) <= {"same", "update", "create"}
    stack.assert_nothing_is_orphaned()
    stack.pulumi("destroy", "--yes", "--skip-preview")
    assert not stack.world.things()


def assert_nothing_secret_is_written(stack: Simulated) -> None:
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
