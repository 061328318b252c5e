"""All cells of a stack, standbys after the primaries they follow, and the routing over them."""

from __future__ import annotations

from typing import Any

import pulumi

from infra.cell import Cell
from infra.cloud import CloudPlatform
from infra.config.cells import Cell as CellConfig
from infra.config.stack import StackConfig
from infra.layers import output_prefix
from infra.place import cell_name, places


def build(stack: StackConfig, stack_name: str) -> dict[str, pulumi.Input[Any]]:
    """Declare every cell; the outputs of the stack."""
    clouds = not any(cell.platform == "local" for cell in stack.cells)
    sites = dict(zip(stack.cells, places(stack, stack_name), strict=True)) if clouds else {}
    cells: dict[CellConfig, Cell] = {}
    for given in sorted(stack.cells, key=lambda cell: cell.role):  # "primary" comes before "standby"
        cells[given] = Cell(
            cell_name(stack_name, given) if clouds else stack_name,
            stack=stack,
            place=sites.get(given),
            primary=None if stack.layer == "workload" else _followed(cells, given),
        )
    if stack.domain and stack.layer != "workload":
        _route(stack.domain, [cells[given] for given in stack.cells])
    return _outputs(stack, {given: cells[given] for given in stack.cells})


def _followed(cells: dict[CellConfig, Cell], given: CellConfig) -> CloudPlatform | None:
    """The platform of the primary that a standby follows: the first on the same cloud."""
    if given.role != "standby":
        return None
    return next(
        built.platform
        for cell, built in cells.items()
        if cell.platform == given.platform
        and cell.role == "primary"
        and isinstance(built.platform, CloudPlatform)
    )


def _route(domain: str, cells: list[Cell]) -> None:
    """Records of the domain, kept by the cloud of the first cell."""
    clouds = [cell.platform for cell in cells if isinstance(cell.platform, CloudPlatform)]
    if clouds:
        clouds[0].parts.routing(domain, [cloud.endpoint() for cloud in clouds])


def _outputs(stack: StackConfig, cells: dict[CellConfig, Cell]) -> dict[str, pulumi.Input[Any]]:
    outputs: dict[str, pulumi.Input[Any]] = {}
    for given, built in cells.items():
        prefix = output_prefix(stack, given.platform, given.region)
        outputs |= {f"{prefix}{name}": value for name, value in built.platform.outputs().items()}
    first = next(iter(cells.values()))
    if stack.domain:
        outputs["url"] = f"https://{stack.domain}"
    elif first.workload is not None:
        outputs["url"] = first.workload.url
    return outputs
