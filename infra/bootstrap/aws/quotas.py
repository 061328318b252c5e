"""Quotas of an account against what a cell may need at most."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from infra.bootstrap.aws.finding import Finding
from infra.bootstrap.aws.session import Clients
from infra.catalog.aws import CATALOG, machines
from infra.config.stack import StackConfig
from infra.place import Place

# Codes of Service Quotas, which are the same in every region.
VPCS = ("vpc", "L-F678F1CE")
ADDRESSES = ("ec2", "L-0263D0A3")
CORES = {
    ("standard", False): ("ec2", "L-1216C47A"),
    ("standard", True): ("ec2", "L-34B43A08"),
    ("g", False): ("ec2", "L-DB2E81BA"),
    ("g", True): ("ec2", "L-3819A6DF"),
    ("p", False): ("ec2", "L-417A185B"),
    ("p", True): ("ec2", "L-7212CCBC"),
}
"""Cores of running machines by family and whether they are spot."""


@dataclass(frozen=True)
class Need:
    """What a cell may use of one quota, beside what is used already."""

    name: str
    code: tuple[str, str]
    amount: int


def needs(stack: StackConfig, place: Place) -> list[Need]:
    """What the cell's networks and node groups may need at most."""
    nodes = CATALOG.nodes[stack.nodes.size]
    system = CATALOG.system.cpus * (5 if place.production else 3)
    zones = len(place.zones)
    found = [
        Need("VPCs", VPCS, 1),
        Need("elastic addresses", ADDRESSES, zones + (zones if place.production else 1)),
    ]
    cores = {("standard", False): system}
    cores[("standard", stack.nodes.spot)] = (
        cores.get(("standard", stack.nodes.spot), 0) + nodes.cpus * stack.nodes.max
    )
    gpu = stack.gpu
    if gpu is not None:
        for name in gpu.kept:
            first, *_ = machines(name, place.region, gpu.per_worker)
            kind = (first.sku[0], gpu.spot)
            cores[kind] = cores.get(kind, 0) + first.cpus * gpu.max
    return found + [
        Need(f"cores, {family}{', spot' if spot else ''}", CORES[family, spot], amount)
        for (family, spot), amount in cores.items()
    ]


def quotas(clients: Clients, stack: StackConfig, place: Place) -> Iterator[Finding]:
    """Whether each quota holds what the cell adds."""
    service = clients("service-quotas", place.region)
    used = _used(clients, place)
    for need in needs(stack, place):
        code, quota = need.code
        limit = service.get_service_quota(ServiceCode=code, QuotaCode=quota)["Quota"]["Value"]
        total = need.amount + used.get(need.code, 0)
        told = f"{total} needed at most, {limit:g} allowed"
        if total > limit:
            yield Finding("error", need.name, told, f"Ask for more of {code}/{quota} in {place.region}.")
        else:
            yield Finding("ok", need.name, told)


def _used(clients: Clients, place: Place) -> dict[tuple[str, str], int]:
    """What others use already, of what can be counted; what the cell itself has is not counted twice."""
    ec2 = clients("ec2", place.region)
    vpcs = [vpc for page in ec2.get_paginator("describe_vpcs").paginate() for vpc in page["Vpcs"]]
    addresses = ec2.describe_addresses()["Addresses"]

    def others(found: list[dict[str, list[dict[str, str]]]]) -> int:
        own = {"Key": "cell", "Value": place.name}
        return sum(own not in one.get("Tags", []) for one in found)

    return {VPCS: others(vpcs), ADDRESSES: others(addresses)}
