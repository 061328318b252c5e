"""An add-on: one chart of a third party, and when a cell has it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from infra.config.cells import PlatformName
from infra.config.stack import StackConfig
from infra.contracts import Account
from infra.versions import CHARTS, AddonName


@dataclass(frozen=True)
class Addon:
    """One chart: where it is, and the values that differ from its own; its version is in `infra/versions.py`."""

    name: AddonName
    chart: str
    repository: str
    """Empty where the chart is an OCI reference."""
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

    @property
    def version(self) -> str:
        """Exact."""
        return CHARTS[self.name].version
