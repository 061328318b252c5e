"""What Google Cloud offers."""

from __future__ import annotations

from infra.catalog.model import CacheTier, Catalog, DatabaseTier, Machine

CATALOG = Catalog(
    regions={
        "us-central1": ("us-central1-a", "us-central1-b", "us-central1-c"),
        "us-east4": ("us-east4-a", "us-east4-b", "us-east4-c"),
        "europe-west4": ("europe-west4-a", "europe-west4-b", "europe-west4-c"),
    },
    system=Machine("e2-standard-2", 2, 8),
    nodes={
        "small": Machine("e2-standard-2", 2, 8),
        "medium": Machine("c3-standard-8", 8, 32),
        "large": Machine("c3-standard-22", 22, 88),
    },
    accelerators={"l4": (Machine("g2-standard-4", 4, 16, accelerators=1, accelerator_sku="nvidia-l4"),)},
    databases={
        "small": DatabaseTier("db-custom-2-8192", 50, highly_available=True),
        "medium": DatabaseTier("db-perf-optimized-N-4", 200, highly_available=True),
        "large": DatabaseTier("db-perf-optimized-N-8", 500, highly_available=True),
    },
    caches={
        "small": CacheTier("SHARED_CORE_NANO", 1.4, highly_available=False),
        "medium": CacheTier("STANDARD_SMALL", 6.5, highly_available=True),
        "large": CacheTier("HIGHMEM_MEDIUM", 13, highly_available=True),
    },
)
