"""An add-on: one chart of a third party, and when a cell has it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from infra.config import PlatformName, StackConfig
from infra.contracts import Account
from infra.versions import AddonName


@dataclass(frozen=True)
class Addon:
    """One chart: where it is, its exact version, and the values that differ from its own."""

    name: AddonName
    chart: str
    repository: str
    """Empty where the chart is an OCI reference."""
    version: str
    released: str
    """Year and month of the version."""
    namespace: str
    purpose: str
    values: Mapping[str, Any] = field(default_factory=dict)
    configured: Callable[[StackConfig, str], Mapping[str, Any]] = lambda stack, cell: {}
    """Further values that follow from the configuration, by the name of the cell."""
    account: Account | None = None
    """Identity of the cloud that its pods act as."""
    needs: tuple[AddonName, ...] = ()
    built_in: tuple[PlatformName, ...] = ()
    """Platforms that bring it."""
    when: Callable[[StackConfig, str], bool] = lambda stack, platform: True
