"""The machines of a cell."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from infra.catalog.model import AcceleratorName, Size
from infra.config.model import Cidr, Model
from infra.versions import Kubernetes


class Gpu(Model):
    """Worker nodes with accelerators."""

    accelerator: AcceleratorName = Field(description="By intent, not by SKU.")
    fallbacks: tuple[AcceleratorName, ...] = Field(
        (), description="Accelerators to take where the first cannot be had, in order."
    )
    precision: Literal["float32", "float64"] = Field(
        "float64", description="What the solvers compute in; float64 is slow on T4, L4 and A10G."
    )
    min: int = Field(0, ge=0, le=1000, description="Nodes kept; 0 scales from zero.")
    max: int = Field(1, ge=1, le=1000, description="Nodes at most.")
    per_worker: int = Field(1, ge=1, le=8, description="Accelerators one worker asks for.")
    spot: bool = Field(False, description="Whether interruptible nodes may be used.")
    headroom: int = Field(
        0, ge=0, le=100, description="Workers for which room is kept warm, nodes and image included."
    )

    @property
    def kept(self) -> dict[AcceleratorName, int]:
        """Accelerators in the order they are tried, each with the nodes kept: only the first keeps any."""
        names = dict.fromkeys((self.accelerator, *self.fallbacks))
        return {name: self.min if name == self.accelerator else 0 for name in names}


class Nodes(Model):
    """Worker nodes without accelerators; the API runs on them too."""

    size: Size = "small"
    min: int = Field(1, ge=0, le=1000, description="Nodes kept.")
    max: int = Field(3, ge=1, le=1000, description="Nodes at most.")
    spot: bool = Field(False, description="Whether interruptible nodes may be used.")


class Cluster(Model):
    """Managed Kubernetes."""

    version: Kubernetes = "1.36"
    public_access: tuple[Cidr, ...] = Field(
        (), description="Ranges that may reach the control plane from outside; none keeps it private."
    )
    maintenance: str = Field(
        "sun 03:00",
        pattern=r"^(mon|tue|wed|thu|fri|sat|sun) ([01]\d|2[0-3]):[0-5]\d$",
        description="When upgrades may begin, in UTC; the window has four hours.",
    )
    node_autoscaler: Literal["cluster-autoscaler", "karpenter"] = Field(
        "cluster-autoscaler", description="`karpenter` is for AWS."
    )


class Shutdown(Model):
    """When a development cell sleeps: its nodes and database are stopped."""

    stop: str = Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", description="Time of day.")
    start: str = Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", description="Time of day, Monday to Friday.")
    timezone: str = Field("UTC", description="IANA name of the time zone.")
