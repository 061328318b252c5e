"""A stack on simulated clouds: the real engine, the real program, plugins of `simulators`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from simulators.install import install
from simulators.plugin import WORLD
from simulators.world import World
from stacks_under_test import Stack

from infra.engine.environment import ROOT


class Simulated(Stack):
    """One stack and the world it acts in."""

    def __init__(self, state: Path, config: dict[str, Any], folder: Path, project: Path = ROOT) -> None:
        home, file = folder / "pulumi", folder / "world.sqlite"
        install(home)
        self.world = World(file)
        super().__init__(
            state, config, project=project, variables={"PULUMI_HOME": str(home), WORLD: str(file)}
        )

    def resources(self) -> list[dict[str, Any]]:
        """What the engine holds, providers and components left out."""
        found = self.state()["deployment"].get("resources", [])
        return [r for r in found if r.get("custom") and not r["type"].startswith("pulumi:")]

    def told(self, *words: str) -> str:
        """Output of a command that has to fail."""
        done = self.pulumi(*words, check=False)
        assert done.returncode != 0
        return done.stdout + done.stderr

    def remove(self) -> None:
        self.world.forgive()
        super().remove()

    def assert_nothing_is_orphaned(self) -> None:
        """What exists in the world is what the engine knows of, neither more nor less."""
        known = {(resource["type"], resource["id"]) for resource in self.resources()}
        assert {(thing.type, thing.id) for thing in self.world.things()} == known

    def written(self) -> str:
        """All that the engine has written down, as text."""
        return json.dumps(self.state())
