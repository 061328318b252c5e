"""What Google Cloud offers.

Zones of accelerators are those of "GPU regions and zones" in the documentation of Compute Engine;
`gcloud compute accelerator-types list` shows what a project may use today.
"""

from __future__ import annotations

from collections.abc import Mapping

from infra.catalog.model import CacheTier, Catalog, DatabaseTier, Machine

REGIONS: Mapping[str, tuple[str, str, str]] = {
    "us-central1": ("us-central1-a", "us-central1-b", "us-central1-c"),
    "us-east1": ("us-east1-b", "us-east1-c", "us-east1-d"),
    "us-east4": ("us-east4-a", "us-east4-b", "us-east4-c"),
    "us-west1": ("us-west1-a", "us-west1-b", "us-west1-c"),
    "europe-west1": ("europe-west1-b", "europe-west1-c", "europe-west1-d"),
    "europe-west4": ("europe-west4-a", "europe-west4-b", "europe-west4-c"),
    "asia-northeast1": ("asia-northeast1-a", "asia-northeast1-b", "asia-northeast1-c"),
    "asia-southeast1": ("asia-southeast1-a", "asia-southeast1-b", "asia-southeast1-c"),
}

VAULTS: Mapping[str, str] = {
    "us-central1": "us-east4",
    "us-east1": "us-central1",
    "us-east4": "us-central1",
    "us-west1": "us-central1",
    "europe-west1": "europe-west4",
    "europe-west4": "europe-west1",
    "asia-northeast1": "asia-southeast1",
    "asia-southeast1": "asia-northeast1",
}
"""Where the copies of a region's backups are kept: another region of the same part of the world."""

FAMILY_ZONES: Mapping[str, Mapping[str, str]] = {
    "n1": {
        "us-central1": "abcf", "us-east1": "cd", "us-east4": "abc", "us-west1": "ab", "europe-west1": "bcd",
        "europe-west4": "abc", "asia-northeast1": "ac", "asia-southeast1": "abc",
    },
    "g2": {
        "us-central1": "abc", "us-east1": "bcd", "us-east4": "ac", "us-west1": "abc", "europe-west1": "bc",
        "europe-west4": "abc", "asia-northeast1": "abc", "asia-southeast1": "abc",
    },
    "a2-highgpu": {
        "us-central1": "abcf", "us-east1": "b", "us-west1": "b", "europe-west4": "ab",
        "asia-northeast1": "ac", "asia-southeast1": "bc",
    },
    "a2-ultragpu": {"us-central1": "ac", "us-east4": "c", "europe-west4": "a", "asia-southeast1": "c"},
    "a3-highgpu": {
        "us-central1": "ac", "us-east4": "ab", "us-west1": "ab", "europe-west1": "bc",
        "europe-west4": "bc", "asia-northeast1": "b", "asia-southeast1": "bc",
    },
    "a3-ultragpu": {
        "us-central1": "b", "us-east1": "d", "us-east4": "b", "us-west1": "c", "europe-west1": "b",
    },
}  # fmt: skip
"""Zones by region in which a family's accelerators are (for `n1`: its T4)."""

NOT_ON_DEMAND = frozenset({"a3-highgpu-1g", "a3-highgpu-2g", "a3-highgpu-4g", "a3-ultragpu-8g"})
"""Machines that are sold as Spot or by Flex-start only."""

PITR_DAYS = 7
"""Days of point-in-time recovery that Cloud SQL Enterprise has at most; Enterprise Plus has 35."""

LONG_RECOVERY = DatabaseTier("db-perf-optimized-N-2", 50, highly_available=True)
"""What the size `small` becomes where more than `PITR_DAYS` are asked for: the smallest of Enterprise Plus."""


def zones(machine: Machine, region: str) -> tuple[str, ...]:
    """The zones of a region that have an accelerator machine; empty where none has."""
    letters = FAMILY_ZONES[_family(machine.sku)].get(region, "")
    return tuple(f"{region}-{letter}" for letter in letters)


def database_tier(size: DatabaseTier, backup_days: int) -> DatabaseTier:
    """The tier of Cloud SQL that a size of the catalogue takes for so many days of recovery."""
    return LONG_RECOVERY if backup_days > PITR_DAYS and not enterprise_plus(size) else size


def enterprise_plus(tier: DatabaseTier) -> bool:
    """Whether a tier belongs to the edition Enterprise Plus."""
    return tier.sku.startswith("db-perf-optimized-")


def _family(sku: str) -> str:
    series, kind, _ = sku.split("-", 2)
    return f"{series}-{kind}" if series.startswith("a") else series


def _gpu(sku: str, cpus: int, memory_gib: int, accelerators: int, accelerator_sku: str) -> Machine:
    regions = frozenset(FAMILY_ZONES[_family(sku)])
    return Machine(sku, cpus, memory_gib, accelerators, accelerator_sku, regions)


CATALOG = Catalog(
    regions=REGIONS,
    system=Machine("e2-standard-2", 2, 8),
    # N2 is in every zone of these regions; newer families are not.
    nodes={
        "small": Machine("e2-standard-2", 2, 8),
        "medium": Machine("n2-standard-8", 8, 32),
        "large": Machine("n2-standard-16", 16, 64),
    },
    accelerators={
        "t4": (
            _gpu("n1-standard-4", 4, 15, 1, "nvidia-tesla-t4"),
            _gpu("n1-standard-8", 8, 30, 2, "nvidia-tesla-t4"),
            _gpu("n1-standard-16", 16, 60, 4, "nvidia-tesla-t4"),
        ),
        "l4": (
            _gpu("g2-standard-4", 4, 16, 1, "nvidia-l4"),
            _gpu("g2-standard-24", 24, 96, 2, "nvidia-l4"),
            _gpu("g2-standard-48", 48, 192, 4, "nvidia-l4"),
            _gpu("g2-standard-96", 96, 384, 8, "nvidia-l4"),
        ),
        "a100": (
            _gpu("a2-highgpu-1g", 12, 85, 1, "nvidia-tesla-a100"),
            _gpu("a2-ultragpu-1g", 12, 170, 1, "nvidia-a100-80gb"),
            _gpu("a2-highgpu-2g", 24, 170, 2, "nvidia-tesla-a100"),
            _gpu("a2-ultragpu-2g", 24, 340, 2, "nvidia-a100-80gb"),
            _gpu("a2-highgpu-4g", 48, 340, 4, "nvidia-tesla-a100"),
            _gpu("a2-ultragpu-4g", 48, 680, 4, "nvidia-a100-80gb"),
            _gpu("a2-highgpu-8g", 96, 680, 8, "nvidia-tesla-a100"),
            _gpu("a2-ultragpu-8g", 96, 1360, 8, "nvidia-a100-80gb"),
        ),
        "h100": (
            _gpu("a3-highgpu-1g", 26, 234, 1, "nvidia-h100-80gb"),
            _gpu("a3-highgpu-2g", 52, 468, 2, "nvidia-h100-80gb"),
            _gpu("a3-highgpu-4g", 104, 936, 4, "nvidia-h100-80gb"),
            _gpu("a3-highgpu-8g", 208, 1872, 8, "nvidia-h100-80gb"),
        ),
        "h200": (_gpu("a3-ultragpu-8g", 224, 2952, 8, "nvidia-h200-141gb"),),
    },
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
