"""Where a cell is and what all its resources have in common: plain values, handed to every component."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from infra.catalog import CATALOGS
from infra.cidr import NetworkPlan, plan
from infra.config.cells import Cell, PlatformName, Role
from infra.config.stack import StackConfig
from infra.tags import tags


@dataclass(frozen=True)
class Place:
    """A cell's place in its cloud."""

    name: str
    """Of the cell, such as `prod-aws-us-east-1`: first part of every name."""
    platform: PlatformName
    stack: str
    environment: str
    region: str
    zones: tuple[str, str, str]
    """Empty on an existing cluster, whose nodes say where they are."""
    role: Role
    account: str
    """AWS account, GCP project or Azure subscription; AWS and Azure may leave it to the credentials."""
    network: NetworkPlan
    protect: bool
    """Whether data stores, keys and clusters are protected from deletion."""
    production: bool
    tags: Mapping[str, str]
    """On every resource that can carry tags or labels (`infra/tags.py`)."""

    @property
    def standby(self) -> bool:
        """Whether the cell follows a primary."""
        return self.role == "standby"


def places(stack: StackConfig, stack_name: str) -> tuple[Place, ...]:
    """The places of a stack's cells on clouds, in their order; the configuration has been checked before."""
    plans = plan([cell.cidr for cell in stack.cells])
    return tuple(
        Place(
            name=cell_name(stack_name, cell),
            platform=cell.platform,
            stack=stack_name,
            environment=stack.environment,
            region=cell.region,
            zones=CATALOGS[cell.platform].regions[cell.region] if cell.platform in CATALOGS else ("", "", ""),
            role=cell.role,
            account=cell.account or cell.project or cell.subscription,
            network=network,
            protect=stack.protected,
            production=stack.production,
            tags=tags(
                environment=stack.environment,
                stack=stack_name,
                cell=cell_name(stack_name, cell),
                role=cell.role,
                owner=stack.owner,
            ),
        )
        for cell, network in zip(stack.cells, plans, strict=True)
    )


def cell_name(stack_name: str, cell: Cell) -> str:
    """Name of a cell: its stack, platform and region."""
    return "-".join(part for part in (stack_name, cell.platform, cell.region) if part)
