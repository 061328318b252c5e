"""A stack on simulated clouds: the real engine, the real program, plugins of `simulators`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any

from simulators.plugins import Plugins
from simulators.world import World
from stacks_under_test import Stack

from infra.engine.environment import ROOT
from infra.recorder.values import leaves

AT_THE_END = {"PULUMI_SKIP_CHECKPOINTS": "true"}
"""The engine writes its state, some megabytes, once a command instead of twice a step."""


class Project:
    """A program of its own, beside the checkout."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "Pulumi.yaml").write_text("name: simulated\nruntime: python\n")

    def program(self, *texts: str) -> None:
        (self.folder / "__main__.py").write_text("\n".join(dedent(text) for text in texts))


class Simulated(Stack):
    """One stack and the world it acts in, which is that of another stack where it stands `beside` one."""

    def __init__(
        self,
        state: Path,
        config: dict[str, Any],
        folder: Path,
        *,
        project: Path = ROOT,
        variables: Mapping[str, str] | None = None,
        beside: Simulated | None = None,
    ) -> None:
        self.world = beside.world if beside else World()
        home = folder / "pulumi"
        self.plugins = None if beside else Plugins(home, self.world)
        super().__init__(
            state, config, project=project, variables={"PULUMI_HOME": str(home), **(variables or {})}
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
        try:
            super().remove()
        finally:
            if self.plugins is not None:
                self.plugins.close()

    def assert_nothing_is_orphaned(self) -> None:
        """What exists in the world is what the engine knows of, neither more nor less."""
        known = {(resource["type"], resource["id"]) for resource in self.resources()}
        assert {(thing.type, thing.id) for thing in self.world.things()} == known

    def planned(self) -> int:
        """How many things a preview says will be made."""
        steps = json.loads(self.pulumi("preview", "--json").stdout)["steps"]
        made = [step["newState"] for step in steps if step["op"] == "create"]
        return len([one for one in made if one.get("custom") and not one["type"].startswith("pulumi:")])

    def assert_nothing_secret_is_told(self) -> None:
        """What the engine keeps encrypted is in the clear in no file of its own and nothing that it has printed."""
        open_state = json.loads(self.pulumi("stack", "export", "--show-secrets", "--stack", self.name).stdout)
        secrets = set(_secrets(open_state))
        assert secrets
        # The last command has shown them because it was asked to.
        told = [*self.log[:-2], *(file.read_text() for file in self.files())]
        assert len(told) > len(self.log)
        for secret in secrets:
            once = json.dumps(secret)[1:-1]
            twice = json.dumps(once)[1:-1]
            for text in told:
                assert not any(form in text for form in (secret, once, twice)), secret

    def files(self) -> list[Path]:
        """What the engine keeps of this stack: its state, the one before, and its history."""
        return [file for file in self.folder.rglob(f"*{self.name}*") if file.is_file()]


SIGNATURE = "4dabf18193072939515e22adb298388d"
"""Key of the mark that the engine puts on what is no plain value (`sdk/go/common/resource/sig`)."""

SHORT = 8
"""Texts below this length may stand anywhere by chance."""

PUBLIC = ("effectiveLabels", "pulumiLabels", "serverCaCerts")
"""Google's SDK marks them as secret: what `labels` says, and the certificate that every client is shown."""


def _secrets(value: Any, key: str = "") -> Iterator[str]:
    """Texts inside what the engine keeps encrypted, from a state that shows them."""
    if key in PUBLIC:
        return
    if isinstance(value, dict) and SIGNATURE in value and "plaintext" in value:
        for _, text in leaves(json.loads(value["plaintext"])):
            if isinstance(text, str) and len(text) >= SHORT:
                yield text
    elif isinstance(value, dict):
        for name, part in value.items():
            yield from _secrets(part, name)
    elif isinstance(value, list):
        for part in value:
            yield from _secrets(part)
