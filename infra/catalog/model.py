"""The types of the catalogue; each cloud's file has one `CATALOG` of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Size = Literal["small", "medium", "large"]
AcceleratorName = Literal["t4", "l4", "a10g", "a100", "h100", "h200"]


@dataclass(frozen=True)
class Accelerator:
    """A kind of GPU, whatever cloud it is in."""

    memory_gib: int
    fp64_ratio: float
    """float64 operations in the time of one float32 operation (data sheets of the maker)."""


ACCELERATORS: Mapping[AcceleratorName, Accelerator] = {
    "t4": Accelerator(16, 1 / 32),
    "l4": Accelerator(24, 1 / 64),
    "a10g": Accelerator(24, 1 / 32),
    "a100": Accelerator(40, 1 / 2),
    "h100": Accelerator(80, 1 / 2),
    "h200": Accelerator(141, 1 / 2),
}
"""NVIDIA data sheets: T4 (2018), L4 (2023), A10G (2021), A100 (2020), H100 (2022), H200 (2023)."""


@dataclass(frozen=True)
class Machine:
    """A virtual machine type."""

    sku: str
    cpus: int
    memory_gib: int
    accelerators: int = 0
    accelerator_sku: str = ""
    """The cloud's own name of the accelerator, where it has one apart from the machine's."""
    regions: frozenset[str] = frozenset()
    """Regions that have it; empty means all of the catalogue's."""


@dataclass(frozen=True)
class DatabaseTier:
    """A size of managed PostgreSQL."""

    sku: str
    storage_gib: int
    highly_available: bool
    """Whether this size can have a standby in another zone."""
    replicated: bool = True
    """Whether this size can have a replica in another region."""


@dataclass(frozen=True)
class CacheTier:
    """A size of managed Valkey or Redis."""

    sku: str
    memory_gib: float
    highly_available: bool


@dataclass(frozen=True)
class Catalog:
    """All that one cloud offers of what Costate asks for."""

    regions: Mapping[str, tuple[str, str, str]]
    """Region and three of its zones, named as the cloud's API wants them."""
    system: Machine
    nodes: Mapping[Size, Machine]
    accelerators: Mapping[AcceleratorName, tuple[Machine, ...]]
    """Machines by accelerator, the smallest first: later ones are what a pool may fall back to."""
    databases: Mapping[Size, DatabaseTier]
    caches: Mapping[Size, CacheTier]
    kubernetes: Mapping[str, str] = field(default_factory=dict)
    """Exact versions where the cloud asks for one (release of the node image, ...), by what they are of."""
