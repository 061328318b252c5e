"""The catalogue of Google Cloud agrees with itself: zones, regions and machines."""

from __future__ import annotations

import pytest

from infra.catalog import aws, azure, gcp
from infra.catalog.model import DatabaseTier, Machine
from infra.platforms.gcp.geography import location

GPUS = [machine for machines in gcp.CATALOG.accelerators.values() for machine in machines]


@pytest.mark.parametrize("machine", GPUS, ids=lambda machine: machine.sku)
def test_a_machine_is_in_some_zone_of_each_region_that_it_is_listed_in(machine: Machine) -> None:
    assert machine.regions <= set(gcp.REGIONS)
    for region in gcp.REGIONS:
        found = gcp.zones(machine, region)
        assert bool(found) == (region in machine.regions)
        assert all(zone.startswith(f"{region}-") for zone in found)


def test_machines_of_an_accelerator_are_listed_the_smallest_first() -> None:
    for machines in gcp.CATALOG.accelerators.values():
        assert [machine.accelerators for machine in machines] == sorted(m.accelerators for m in machines)


def test_every_region_has_its_vault_elsewhere_in_the_same_part_of_the_world() -> None:
    assert set(gcp.VAULTS) == set(gcp.REGIONS)
    for region, vault in gcp.VAULTS.items():
        assert vault in gcp.REGIONS
        assert vault != region
        assert vault.split("-")[0] == region.split("-")[0]


def test_what_is_not_sold_on_demand_is_in_the_catalogue() -> None:
    assert {machine.sku for machine in GPUS} >= gcp.NOT_ON_DEMAND


@pytest.mark.parametrize("size", gcp.CATALOG.databases.values(), ids=lambda size: size.sku)
def test_more_days_of_recovery_than_enterprise_has_ask_for_enterprise_plus(size: DatabaseTier) -> None:
    assert gcp.enterprise_plus(gcp.database_tier(size, gcp.PITR_DAYS + 1))
    assert gcp.database_tier(size, gcp.PITR_DAYS) == size


@pytest.mark.parametrize("region", [*gcp.REGIONS, *aws.CATALOG.regions, *azure.CATALOG.regions])
def test_every_clouds_region_is_near_one_that_dns_answers_by(region: str) -> None:
    assert location(region) in gcp.REGIONS
