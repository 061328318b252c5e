"""The AWS catalogue against EC2's own answers, as moto has recorded them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any, get_args

import moto
import pytest

from infra.catalog.aws import CATALOG, REGIONS, SPOT_ALTERNATIVES, has, machines
from infra.catalog.model import AcceleratorName, Machine
from infra.versions import Kubernetes

RECORDED = Path(moto.__file__).parent / "ec2" / "resources"
NAMES = {"t4": "T4", "l4": "L4", "a10g": "A10G", "a100": "A100", "h100": "H100", "h200": "H200"}
PLAIN = (CATALOG.system, *CATALOG.nodes.values())
GPUS = [(name, machine) for name, offered in CATALOG.accelerators.items() for machine in offered]


def recorded(path: str) -> Any:
    with gzip.open(RECORDED / path) as file:
        return json.load(file)


@pytest.fixture(scope="module")
def types() -> dict[str, Any]:
    found: dict[str, Any] = recorded("instance_types.json.gz")
    return found


def zones_with(sku: str, region: str) -> set[str]:
    offers = recorded(f"instance_type_offerings/availability-zone-id/{region}.json.gz")
    return {offer["Location"] for offer in offers if offer["InstanceType"] == sku}


@pytest.mark.parametrize("machine", [*PLAIN, *(machine for _, machine in GPUS)], ids=lambda m: m.sku)
def test_a_machine_has_the_cores_and_memory_it_is_listed_with(
    machine: Machine, types: dict[str, Any]
) -> None:
    found = types[machine.sku]
    assert found["VCpuInfo"]["DefaultVCpus"] == machine.cpus
    assert found["MemoryInfo"]["SizeInMiB"] == machine.memory_gib * 1024
    assert found["ProcessorInfo"]["SupportedArchitectures"] == ["x86_64"]


@pytest.mark.parametrize(("name", "machine"), GPUS, ids=lambda value: getattr(value, "sku", value))
def test_a_machine_has_the_accelerators_it_is_listed_with(
    name: str, machine: Machine, types: dict[str, Any]
) -> None:
    (gpu,) = types[machine.sku]["GpuInfo"]["Gpus"]
    assert (gpu["Name"], gpu["Count"]) == (NAMES[name], machine.accelerators)
    assert machine.accelerator_sku == NAMES[name]


@pytest.mark.parametrize("region", REGIONS)
def test_machines_are_offered_just_where_the_catalogue_says(region: str) -> None:
    for machine in [*PLAIN, *(machine for _, machine in GPUS)]:
        listed = not machine.regions or region in machine.regions
        said = {zone for zone in REGIONS[region] if listed and has(zone, machine.sku)}
        assert said == zones_with(machine.sku, region) & set(REGIONS[region]), machine.sku


@pytest.mark.parametrize("region", REGIONS)
def test_what_spot_may_take_instead_is_of_the_same_shape_and_everywhere(
    region: str, types: dict[str, Any]
) -> None:
    for machine in CATALOG.nodes.values():
        for sku in SPOT_ALTERNATIVES[machine.sku]:
            assert types[sku]["VCpuInfo"]["DefaultVCpus"] == machine.cpus
            assert types[sku]["MemoryInfo"]["SizeInMiB"] <= machine.memory_gib * 1024
            assert set(REGIONS[region]) <= zones_with(sku, region)


@pytest.mark.parametrize("accelerator", get_args(AcceleratorName))
@pytest.mark.parametrize("per_worker", [1, 4, 8])
def test_machines_of_one_group_have_equally_many_accelerators(accelerator: str, per_worker: int) -> None:
    found = machines(accelerator, "us-east-1", per_worker)
    assert len({machine.accelerators for machine in found}) <= 1
    assert all(machine.accelerators >= per_worker for machine in found)
    assert found or (accelerator, per_worker) == ("t4", 8)


@pytest.mark.parametrize("version", get_args(Kubernetes))
def test_every_kubernetes_version_has_its_image_and_addons(version: str) -> None:
    kinds = {key.split("/")[1] for key in CATALOG.kubernetes if key.startswith(f"{version}/")}
    assert kinds == {
        "node-image",
        "vpc-cni",
        "kube-proxy",
        "eks-pod-identity-agent",
        "coredns",
        "aws-ebs-csi-driver",
    }
    assert CATALOG.kubernetes[f"{version}/node-image"].startswith(f"{version}.")
    assert CATALOG.kubernetes[f"{version}/kube-proxy"].startswith(f"v{version}.")
