"""What a size means in a cluster where nobody sells sizes: requests, limits and disks of the data stores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from infra.catalog.model import Size
from infra.config.model import Range


@dataclass(frozen=True)
class Allotment:
    """What one server of a data store is given."""

    cpu: Range
    """Thousandths of a core: requested, limit."""
    memory: Range
    """MiB: requested, limit."""
    disk_gib: int = 0


DATABASES: Mapping[Size, Allotment] = {
    "small": Allotment((250, 1000), (512, 1024), 10),
    "medium": Allotment((1000, 2000), (2048, 4096), 50),
    "large": Allotment((4000, 8000), (8192, 16384), 200),
}

CACHES: Mapping[Size, Allotment] = {
    "small": Allotment((50, 500), (96, 192)),
    "medium": Allotment((250, 1000), (512, 1024)),
    "large": Allotment((1000, 2000), (2048, 4096)),
}
