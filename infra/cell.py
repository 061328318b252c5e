"""A cell: one platform in one region, with the workload on it."""

from __future__ import annotations

from collections.abc import Callable

import pulumi

from infra import config
from infra.contracts import Capabilities, DataFacts, Platform, WorkloadFacts, beyond
from infra.errors import ConfigError, ConfigFault


def _local(stack: config.StackConfig, name: str, parent: pulumi.Resource) -> Platform:
    from infra.platforms.local.platform import LocalPlatform

    return LocalPlatform(stack, name, parent)


def _local_capabilities() -> Capabilities:
    from infra.platforms.local.platform import LocalPlatform

    return LocalPlatform.capabilities


# A platform is imported only when a cell asks for it: a cloud's SDK is large.
PLATFORMS: dict[str, Callable[[config.StackConfig, str, pulumi.Resource], Platform]] = {"local": _local}
CAPABILITIES: dict[str, Callable[[], Capabilities]] = {"local": _local_capabilities}


def check(stack: config.StackConfig) -> None:
    """ConfigError, before any resource, where a cell asks for what its platform has not."""
    faults: list[ConfigFault] = []
    for index, cell in enumerate(stack.cells):
        if cell.platform not in PLATFORMS:
            allowed = f"available: {', '.join(PLATFORMS)}; `make up` runs the stack `local`"
            key = f"costate:cells.{index}.platform"
            faults.append(ConfigFault(key, "the platform is not built yet", cell.platform, allowed))
            continue
        for key, remedy in beyond(stack, CAPABILITIES[cell.platform]()):
            faults.append(
                ConfigFault(key, f"is beyond the platform {cell.platform!r}", None, f"allowed: {remedy}")
            )
    if faults:
        raise ConfigError(faults)


class Cell(pulumi.ComponentResource):
    """Stands alone with its own data stores and workload, so that a fault stays in it."""

    def __init__(self, name: str, *, stack: config.StackConfig, cell: config.Cell) -> None:
        super().__init__("costate:index:Cell", name)
        self.platform = PLATFORMS[cell.platform](stack, name, self)
        data = DataFacts(
            database=self.platform.database(stack.database, self),
            cache=self.platform.cache(stack.cache, self),
            store=self.platform.object_store(self),
        )
        self.workload: WorkloadFacts = self.platform.workload(stack.api, stack.workers, data, self)
        self.register_outputs({"url": self.workload.url})
