"""The platform of this machine, built against mocks that make up passwords."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pytest
from pulumi.runtime import mocks, settings
from pulumi.runtime.stack import wait_for_rpcs

from infra import cell
from infra.config.reading import load

PASSWORD = "a-generated-password"


@dataclass
class Recorder(pulumi.runtime.Mocks):
    """Keeps what is registered."""

    resources: list[mocks.MockResourceArgs] = field(default_factory=list)

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        self.resources.append(args)
        made = {"pid": 1234, "values": dict.fromkeys(args.inputs.get("names", ()), PASSWORD)}
        return f"{args.name}-id", {**args.inputs, **made}

    def call(self, args: mocks.MockCallArgs) -> dict[Any, Any]:
        raise AssertionError(f"a call while planning: {args.token}")


@dataclass(frozen=True)
class Recording:
    resources: list[mocks.MockResourceArgs]
    built: cell.Cell
    facts: dict[str, tuple[Any, bool]]


@pytest.fixture
def recording() -> Recording:
    """A cell of the platform, built to its end before anything is asserted."""
    recorder = Recorder()
    stack = load({"costate:environment": "local"})
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    pulumi.runtime.set_mocks(recorder, project="costate", stack="contract", preview=False)
    settings.set_root_resource(None)

    async def build() -> Recording:
        built = cell.Cell("contract", stack=stack)
        await wait_for_rpcs()
        assert built.workload is not None
        return Recording(recorder.resources, built, {"url": await read(built.workload.url)})

    async def read(output: pulumi.Output[Any]) -> tuple[Any, bool]:
        return await output.future(), await output.is_secret()

    found = loop.run_until_complete(build())
    loop.close()
    return found


def test_components_have_the_platform_in_their_type(recording: Recording) -> None:
    platform = re.compile(r"^costate:(index|[a-z]+):[A-Z][A-Za-z]+$")
    components = [found.typ for found in recording.resources if found.typ.startswith("costate:")]
    assert components
    assert all(platform.match(token) for token in components)


def test_the_workload_has_an_address(recording: Recording) -> None:
    url, _ = recording.facts["url"]
    assert url.startswith("http")


def test_no_password_stands_in_an_input_that_is_not_secret(recording: Recording) -> None:
    assert any(PASSWORD in repr(found.inputs) for found in recording.resources), (
        "the recording sees passwords"
    )
    open_inputs = [
        (found.name, key)
        for found in recording.resources
        for key, value in found.inputs.items()
        if PASSWORD in repr(value) and key not in SECRET_INPUTS
    ]
    assert not open_inputs


SECRET_INPUTS = {"environment", "files", "values"}
