"""A month of a stack: every charge, what costs by use, and what no price is known of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from infra.costs import aws, azure, gcp
from infra.costs.model import Charge, Line, Table, UnpricedError
from infra.recorder import Recording, Resource

TABLES: dict[str, Table] = {"aws": aws.TABLE, "gcp": gcp.TABLE, "azure-native": azure.TABLE}


INSIDE = ("kubernetes:", "pulumi-python:")
"""Begins the types of what runs on nodes, which are priced."""


@dataclass(frozen=True)
class Estimate:
    """US dollars a month."""

    lines: tuple[Line, ...]
    by_use: dict[str, str] = field(default_factory=dict)
    """Resource by the price of a unit of what it is used for."""
    unpriced: dict[str, str] = field(default_factory=dict)
    """Resource by what is not known."""

    def total(self, cell: str | None = None) -> tuple[float, float]:
        """Least and most, of one cell or of all."""
        lines = [line for line in self.lines if cell in (None, line.cell)]
        return sum(line.charge.low for line in lines), sum(line.charge.high for line in lines)

    def cells(self) -> list[str]:
        """Cells in order of their names."""
        return sorted({line.cell for line in self.lines})


def estimate(recording: Recording) -> Estimate:
    """What the recording would cost."""
    lines: list[Line] = []
    by_use: dict[str, str] = {}
    unpriced: dict[str, str] = {}
    for resource in recording.managed:
        if resource.type.startswith(INSIDE):
            continue
        table = TABLES.get(resource.type.split(":")[0])
        if table is None or not _known(table, resource.type):
            unpriced[resource.name] = f"{resource.type} is in no price table"
        elif resource.type in table.by_use:
            by_use[resource.name] = table.by_use[resource.type]
        else:
            try:
                lines += _lines(table, resource, recording)
            except UnpricedError as error:
                unpriced[resource.name] = str(error)
    return Estimate(tuple(lines), by_use, unpriced)


def _known(table: Table, kind: str) -> bool:
    return kind in table.charges or kind in table.free or kind in table.by_use


def _lines(table: Table, resource: Resource, recording: Recording) -> Iterator[Line]:
    if resource.type not in table.charges:
        return
    factor = _factor(table, resource, recording)
    for charge in table.charges[resource.type](resource, recording):
        dearer = Charge(charge.what, charge.low * factor, charge.high * factor)
        yield Line(recording.cell(resource), resource.name, resource.type, dearer)


def _factor(table: Table, resource: Resource, recording: Recording) -> float:
    """How dear the region is; what is everywhere costs what it does where the prices are of."""
    provider = recording.by_urn.get(resource.provider)
    groups = {
        group.outputs.get("name"): group.plain.get("location")
        for group in recording.of("azure-native:resources:ResourceGroup")
    }
    region = (
        resource.plain.get("location")
        or groups.get(resource.plain.get("resourceGroupName"))
        or (provider.plain.get("region") if provider else None)
    )
    return table.factors.get(str(region), 1)
