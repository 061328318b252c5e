"""A cell: one platform in one region, with the workload on it."""

from __future__ import annotations

from typing import Any

import pulumi

from infra.cloud import CloudPlatform, ReferredPlatform
from infra.config.stack import StackConfig
from infra.contracts import Platform
from infra.place import Place


def _parts(platform: str) -> type[Any]:
    """The class of a platform's parts, imported only when a cell asks for it: a cloud's SDK is large."""
    match platform:
        case "aws":
            from infra.platforms.aws.parts import AwsParts

            return AwsParts
        case "gcp":
            from infra.platforms.gcp.parts import GcpParts

            return GcpParts
        case "azure":
            from infra.platforms.azure.parts import AzureParts

            return AzureParts
        case "existing":
            from infra.platforms.existing.parts import ExistingParts

            return ExistingParts
    raise LookupError(f"no platform is called {platform}")


class Cell(pulumi.ComponentResource):
    """Stands alone with its own data stores and workload, so that a fault stays in it."""

    def __init__(
        self,
        name: str,
        *,
        stack: StackConfig,
        place: Place | None = None,
        primary: CloudPlatform | None = None,
    ) -> None:
        """Without a `place` it is on this machine; `primary` is the cell that a standby follows."""
        super().__init__("costate:index:Cell", name)
        self.platform = self._platform(stack, place, primary)
        self.workload = self.platform.build()
        self.register_outputs({} if self.workload is None else {"url": self.workload.url})

    def _platform(self, stack: StackConfig, place: Place | None, primary: CloudPlatform | None) -> Platform:
        if place is None:
            from infra.platforms.local.platform import LocalPlatform

            return LocalPlatform(stack, self._name, self)
        if stack.layer == "workload":
            return ReferredPlatform(stack, place, self)
        # `estate` pairs cells of one cloud, so that the primary's parts are of the same class.
        followed = primary.parts if primary is not None else None
        parts = _parts(place.platform)(stack, place, self, followed)
        return CloudPlatform(stack, place, parts, self)
