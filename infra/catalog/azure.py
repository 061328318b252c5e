"""What Azure offers. Checked 2026-11 against Azure's pages of sizes and of products by region."""

from __future__ import annotations

from collections.abc import Mapping

from infra.catalog.model import CacheTier, Catalog, DatabaseTier, Machine

_ZONES = ("1", "2", "3")

_T4 = frozenset(
    {
        "eastus",
        "eastus2",
        "centralus",
        "westus2",
        "westus3",
        "westeurope",
        "northeurope",
        "uksouth",
        "southeastasia",
    }
)
_A100 = frozenset({"eastus", "eastus2", "westus2", "westus3", "westeurope", "uksouth", "southeastasia"})
_H100 = frozenset({"eastus2", "centralus", "westus3", "westeurope", "uksouth"})
_H200 = frozenset({"eastus2", "westus3"})

CATALOG = Catalog(
    # Regions with three zones and a paired region whose vaults anybody may use.
    regions={
        "eastus": _ZONES,
        "eastus2": _ZONES,
        "centralus": _ZONES,
        "westus2": _ZONES,
        "westus3": _ZONES,
        "westeurope": _ZONES,
        "northeurope": _ZONES,
        "uksouth": _ZONES,
        "southeastasia": _ZONES,
    },
    # The smallest that AKS takes for a system pool is four processors where it is alone; two and two nodes do too.
    system=Machine("Standard_D2ds_v5", 2, 8),
    nodes={
        "small": Machine("Standard_D2ds_v5", 2, 8),
        "medium": Machine("Standard_D8ds_v5", 8, 32),
        "large": Machine("Standard_D16ds_v5", 16, 64),
    },
    # Neither L4 nor A10G is here: Azure has no L4, and A10G is a part that NVIDIA makes for AWS.
    accelerators={
        "t4": (
            Machine("Standard_NC4as_T4_v3", 4, 28, accelerators=1, regions=_T4),
            Machine("Standard_NC64as_T4_v3", 64, 440, accelerators=4, regions=_T4),
        ),
        "a100": (
            Machine("Standard_NC24ads_A100_v4", 24, 220, accelerators=1, regions=_A100),
            Machine("Standard_NC48ads_A100_v4", 48, 440, accelerators=2, regions=_A100),
            Machine("Standard_NC96ads_A100_v4", 96, 880, accelerators=4, regions=_A100),
        ),
        "h100": (
            Machine("Standard_NC40ads_H100_v5", 40, 320, accelerators=1, regions=_H100),
            Machine("Standard_NC80adis_H100_v5", 80, 640, accelerators=2, regions=_H100),
        ),
        "h200": (Machine("Standard_ND96isr_H200_v5", 96, 1850, accelerators=8, regions=_H200),),
    },
    databases={
        "small": DatabaseTier("Standard_B2s", 64, highly_available=False, replicated=False),
        "medium": DatabaseTier("Standard_D4ds_v5", 256, highly_available=True),
        "large": DatabaseTier("Standard_D8ds_v5", 512, highly_available=True),
    },
    # At most 24 GB: without clustering, which Celery's many-key transactions need, Azure serves up to 25.
    caches={
        "small": CacheTier("Balanced_B1", 1, highly_available=True),
        "medium": CacheTier("Balanced_B5", 6, highly_available=True),
        "large": CacheTier("Balanced_B20", 24, highly_available=True),
    },
)

PAIRS: Mapping[str, str] = {
    "eastus": "westus",
    "eastus2": "centralus",
    "centralus": "eastus2",
    "westus2": "westcentralus",
    "westus3": "eastus",
    "westeurope": "northeurope",
    "northeurope": "westeurope",
    "uksouth": "ukwest",
    "southeastasia": "eastasia",
}
"""The region that Azure copies a region's geo-redundant backups to: its keys must stand there too."""

DATABASE_TIERS: Mapping[str, str] = {"B": "Burstable", "D": "GeneralPurpose", "E": "MemoryOptimized"}
"""Tier of a PostgreSQL SKU, by the letter of its family."""
