"""What Azure offers."""

from __future__ import annotations

from infra.catalog.model import CacheTier, Catalog, DatabaseTier, Machine

CATALOG = Catalog(
    regions={
        "eastus": ("1", "2", "3"),
        "westus3": ("1", "2", "3"),
        "westeurope": ("1", "2", "3"),
    },
    system=Machine("Standard_D2ds_v5", 2, 8),
    nodes={
        "small": Machine("Standard_D2ds_v5", 2, 8),
        "medium": Machine("Standard_F8s_v2", 8, 16),
        "large": Machine("Standard_F16s_v2", 16, 32),
    },
    accelerators={"t4": (Machine("Standard_NC4as_T4_v3", 4, 28, accelerators=1),)},
    databases={
        "small": DatabaseTier("Standard_B2s", 64, highly_available=False),
        "medium": DatabaseTier("Standard_D4ds_v5", 256, highly_available=True),
        "large": DatabaseTier("Standard_D8ds_v5", 512, highly_available=True),
    },
    caches={
        "small": CacheTier("Balanced_B1", 1, highly_available=True),
        "medium": CacheTier("Balanced_B5", 6, highly_available=True),
        "large": CacheTier("Balanced_B20", 24, highly_available=True),
    },
)
