"""What AWS offers."""

from __future__ import annotations

from infra.catalog.model import CacheTier, Catalog, DatabaseTier, Machine

CATALOG = Catalog(
    regions={
        "us-east-1": ("us-east-1a", "us-east-1b", "us-east-1c"),
        "us-west-2": ("us-west-2a", "us-west-2b", "us-west-2c"),
        "eu-west-1": ("eu-west-1a", "eu-west-1b", "eu-west-1c"),
    },
    system=Machine("m7i.large", 2, 8),
    nodes={
        "small": Machine("m7i.large", 2, 8),
        "medium": Machine("c7i.2xlarge", 8, 16),
        "large": Machine("c7i.4xlarge", 16, 32),
    },
    accelerators={"l4": (Machine("g6.xlarge", 4, 16, accelerators=1),)},
    databases={
        "small": DatabaseTier("db.t4g.medium", 50, highly_available=True),
        "medium": DatabaseTier("db.m7g.large", 200, highly_available=True),
        "large": DatabaseTier("db.m7g.2xlarge", 500, highly_available=True),
    },
    caches={
        "small": CacheTier("cache.t4g.small", 1.37, highly_available=True),
        "medium": CacheTier("cache.m7g.large", 6.38, highly_available=True),
        "large": CacheTier("cache.m7g.2xlarge", 26.04, highly_available=True),
    },
)
