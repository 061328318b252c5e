"""A cell: one platform in one region, with the workload on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pulumi

from infra import config
from infra.cloud import CloudPlatform, ReferredPlatform
from infra.contracts import Platform
from infra.place import Place


@dataclass(frozen=True)
class Site:
    """What a platform is told of the cell it shall build."""

    stack: config.StackConfig
    name: str
    place: Place | None
    """None for a cell on this machine."""
    parent: pulumi.Resource
    primary: CloudPlatform | None
    """The cell that a standby follows."""


def _local(site: Site) -> Platform:
    from infra.platforms.local.platform import LocalPlatform

    return LocalPlatform(site.stack, site.name, site.parent)


def _aws(site: Site) -> Platform:
    from infra.platforms.aws.parts import AwsParts

    place = _placed(site)
    followed = site.primary.parts if site.primary is not None else None
    primary = followed if isinstance(followed, AwsParts) else None  # `estate` pairs cells of one cloud
    return CloudPlatform(site.stack, place, AwsParts(site.stack, place, site.parent, primary), site.parent)


def _gcp(site: Site) -> Platform:
    from infra.platforms.gcp.parts import GcpParts

    place = _placed(site)
    followed = site.primary.parts if site.primary is not None else None
    primary = followed if isinstance(followed, GcpParts) else None  # `estate` pairs cells of one cloud
    return CloudPlatform(site.stack, place, GcpParts(site.stack, place, site.parent, primary), site.parent)


def _azure(site: Site) -> Platform:
    from infra.platforms.azure.parts import AzureParts

    place = _placed(site)
    followed = site.primary.parts if site.primary is not None else None
    primary = followed if isinstance(followed, AzureParts) else None  # `estate` pairs cells of one cloud
    return CloudPlatform(site.stack, place, AzureParts(site.stack, place, site.parent, primary), site.parent)


def _placed(site: Site) -> Place:
    if site.place is None:
        raise TypeError(f"the cell {site.name} is on a cloud and has no place")
    return site.place


# A platform is imported only when a cell asks for it: a cloud's SDK is large.
PLATFORMS: dict[str, Callable[[Site], Platform]] = {
    "local": _local,
    "aws": _aws,
    "gcp": _gcp,
    "azure": _azure,
}


class Cell(pulumi.ComponentResource):
    """Stands alone with its own data stores and workload, so that a fault stays in it."""

    def __init__(
        self,
        name: str,
        *,
        stack: config.StackConfig,
        cell: config.Cell,
        place: Place | None = None,
        primary: CloudPlatform | None = None,
    ) -> None:
        super().__init__("costate:index:Cell", name)
        self.platform: Platform = (
            ReferredPlatform(stack, place, self)
            if place is not None and stack.layer == "workload"
            else PLATFORMS[cell.platform](Site(stack, name, place, self, primary))
        )
        self.workload = self.platform.build()
        self.register_outputs({} if self.workload is None else {"url": self.workload.url})
